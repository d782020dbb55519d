/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a model out of what its files say, group by group. */
#pragma once

#include "kms-config-info-private.h"
#include "kms-model-private.h"

G_BEGIN_DECLS

typedef struct
{
  KmsModel *model;
  KmsConfigInfo *info;
} KmsModelReader;

/* Each puts what is wrong into words with the place in front: "FILE, line 3: [Key kms_key] Eager: …". */
const char *_kms_model_reader_get (KmsModelReader *self, const char *group, const char *key);
gboolean _kms_model_reader_get_boolean (KmsModelReader *self, const char *group, const char *key, gboolean *value,
                                        GError **error);
gboolean _kms_model_reader_get_choice (KmsModelReader *self, const char *group, const char *key, const char *choices,
                                       int *value, GError **error);
gboolean _kms_model_reader_refuse (KmsModelReader *self, const char *group, const char *key, GError **error,
                                   const char *format, ...) G_GNUC_PRINTF (5, 6);

/* Of a group "Key NAME", and of the groups "Key NAME/VERSION" that belong to it. */
KmsModelKey *_kms_model_reader_read_key (KmsModelReader *self, const char *group, GError **error);

/* Of a group "Attribute NAME". The keys are read before. */
KmsModelAttribute *_kms_model_reader_read_attribute (KmsModelReader *self, const char *group, GError **error);

G_END_DECLS
