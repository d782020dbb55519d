/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each command runs. */
#pragma once

#include "command.h"

G_BEGIN_DECLS

typedef gboolean KmsctlRun (Kmsctl *self, GError **error);

KmsctlRun kmsctl_run_status;
KmsctlRun kmsctl_run_doctor;

KmsctlRun kmsctl_run_provider_list;
KmsctlRun kmsctl_run_provider_show;
KmsctlRun kmsctl_run_provider_check;

KmsctlRun kmsctl_run_key_list;
KmsctlRun kmsctl_run_key_show;
KmsctlRun kmsctl_run_key_configure;
KmsctlRun kmsctl_run_key_create;
KmsctlRun kmsctl_run_key_rotate;
KmsctlRun kmsctl_run_key_enable;
KmsctlRun kmsctl_run_key_disable;
KmsctlRun kmsctl_run_key_delete;
KmsctlRun kmsctl_run_key_restore;
KmsctlRun kmsctl_run_key_export;
KmsctlRun kmsctl_run_key_import;
KmsctlRun kmsctl_run_key_root;

KmsctlRun kmsctl_run_box_list;
KmsctlRun kmsctl_run_box_show;
KmsctlRun kmsctl_run_box_create;
KmsctlRun kmsctl_run_box_edit;
KmsctlRun kmsctl_run_box_new_version;
KmsctlRun kmsctl_run_box_retire;
KmsctlRun kmsctl_run_box_enable;
KmsctlRun kmsctl_run_box_disable;
KmsctlRun kmsctl_run_box_test;

KmsctlRun kmsctl_run_encrypt;
KmsctlRun kmsctl_run_decrypt;
KmsctlRun kmsctl_run_inspect;
KmsctlRun kmsctl_run_rewrap;
KmsctlRun kmsctl_run_lockdown_status;
KmsctlRun kmsctl_run_lockdown_engage;
KmsctlRun kmsctl_run_lockdown_release;
KmsctlRun kmsctl_run_audit_tail;
KmsctlRun kmsctl_run_audit_query;
KmsctlRun kmsctl_run_audit_verify;
KmsctlRun kmsctl_run_audit_context_hash;
KmsctlRun kmsctl_run_access_check;
KmsctlRun kmsctl_run_datakey_generate;
KmsctlRun kmsctl_run_datakey_unwrap;

KmsctlRun kmsctl_run_record_get;
KmsctlRun kmsctl_run_record_set;
KmsctlRun kmsctl_run_record_create;
KmsctlRun kmsctl_run_record_list;
KmsctlRun kmsctl_run_record_status;
KmsctlRun kmsctl_run_record_rewrap;
KmsctlRun kmsctl_run_record_rekey;
KmsctlRun kmsctl_run_record_verify;

KmsctlRun kmsctl_run_config_show;
KmsctlRun kmsctl_run_config_check;
KmsctlRun kmsctl_run_module_new;
KmsctlRun kmsctl_run_completion;
KmsctlRun kmsctl_run_help;
KmsctlRun kmsctl_run_dump_commands;
KmsctlRun kmsctl_run_probe_provider;

G_END_DECLS
