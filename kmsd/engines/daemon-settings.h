/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Daemon], [Audit] and [Alert] of kms.conf, typed. */
#pragma once

#include "alert.h"
#include "audit-log.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean allow_insecure; /* insecure-test-key may be used */
  guint idle_timeout;      /* seconds, of the session daemon; 0: it stays */
  char *audit_directory;   /* NULL: where the caller keeps its logs */
  guint64 audit_max_size;  /* bytes */
  AuditContextPolicy audit_context;
  AlertLimit alert; /* over all boxes */
} DaemonSettings;

/* FALSE with CONFIG, naming file and key: a daemon that is running keeps the old ones. */
gboolean daemon_settings_read (KmsConfigInfo *kms_conf, DaemonSettings *settings, GError **error);
void daemon_settings_clear (DaemonSettings *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DaemonSettings, daemon_settings_clear)

G_END_DECLS
