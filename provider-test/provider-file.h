/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration of the provider that is tested. */
#pragma once

#include "options.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;          /* the provider's, which is the file's stem */
  char *path;          /* of the file that was found; NULL if there was none and one was made */
  GKeyFile *given;     /* as it was found; NULL if there was none */
  GKeyFile *values;    /* what the provider gets */
  char *prefix;        /* NULL if it names its key ids otherwise */
  char *key_id;        /* whole */
  char *second_key_id; /* nullable */
} ProviderFile;

ProviderFile *provider_file_load (const Options *options, GError **error);
void provider_file_free (ProviderFile *self);

/* Writes it below a configuration root under a name, perhaps with one more setting, and with key ids of its own if the
 * name is not the provider's. */
gboolean provider_file_install (const ProviderFile *self, const char *root, const char *name, const char *setting,
                                const char *value, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProviderFile, provider_file_free)

G_END_DECLS
