/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Things of the library as results. All return floating a{sv} or aa{sv}. */
#pragma once

#include "result.h"

G_BEGIN_DECLS

GVariant *kmsctl_describe_provider (KmsConfigInfo *info);
GVariant *kmsctl_describe_key (KmsKey *key, gboolean with_versions);
GVariant *kmsctl_describe_box (KmsConfigInfo *info, KmsBox *box);
GVariant *kmsctl_describe_report (KmsReport *report, KmsSeverity least);
GVariant *kmsctl_describe_values (KmsConfigInfo *info);
GVariant *kmsctl_describe_settings (KmsConfigInfo *info);

const char *kmsctl_kind_to_string (KmsConfigKind kind);
const char *kmsctl_nick (GType type, int value);

/* An array of dictionaries; each element takes a floating reference. */
GVariantBuilder *kmsctl_list_new (void);

G_END_DECLS
