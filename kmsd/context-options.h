/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts as they come over D-Bus: a map of strings, and options for what such a map can't say. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* `context-form` and `context-bytes`. */
typedef struct
{
  KmsContextForm form;
  GVariant *bytes; /* ay, aay in a batch, or NULL */
} ContextOptions;

/* Prefix is "" or "new-". INVALID_ARGUMENT for forms that there are not, and for bytes that are missing. */
gboolean context_options_read (GVariant *options, const char *prefix, ContextOptions *self, GError **error);
void context_options_clear (ContextOptions *self);

/* How many texts the bytes are: 1, or as many as a batch has sent. */
gsize context_options_count (const ContextOptions *self);

/* An a{ss} and what the options say of it; in a batch, of the context at that index. Where the form is not a map, the map
 * must be empty: the bytes are all there is. Else the bytes must be what the map becomes, with names as strings or as
 * symbols in Ruby, in one of the dialects. Those dialects are told, a bit for each (1 << KmsJsonDialect); none where there
 * are no bytes. kms_context_new_none() for no context; NULL with INVALID_ARGUMENT. */
KmsContext *context_options_make (const ContextOptions *self, GVariant *map, gsize index, guint *dialects,
                                  GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ContextOptions, context_options_clear)

G_END_DECLS
