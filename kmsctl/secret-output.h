/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long output with secrets in it: a room of locked memory is filled and written, again and again. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* On the stack, and on stdout. The first failure is kept until the end; nothing is written behind it. */
typedef struct
{
  Kmsctl *kmsctl;
  KmsSecret *room;
  guint8 *bytes;
  gsize used;
  GError *error;
} KmsctlSecretOutput;

gboolean kmsctl_secret_output_init (KmsctlSecretOutput *self, Kmsctl *kmsctl, GError **error);
void kmsctl_secret_output_clear (KmsctlSecretOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlSecretOutput, kmsctl_secret_output_clear)

void kmsctl_secret_output_add (KmsctlSecretOutput *self, const void *bytes, gsize length);
void kmsctl_secret_output_add_text (KmsctlSecretOutput *self, const char *text);

/* Between quotes, as JSON wants it; what is no UTF-8 becomes U+FFFD. */
void kmsctl_secret_output_add_json (KmsctlSecretOutput *self, const char *text, gsize length);

/* A field of CSV (RFC 4180), in quotes where it needs them; so is what is empty, as nothing at all is NULL. */
void kmsctl_secret_output_add_csv (KmsctlSecretOutput *self, const char *text, gsize length);

/* For a line on a terminal, without control characters. */
void kmsctl_secret_output_add_printable (KmsctlSecretOutput *self, const char *text, gsize length);

void kmsctl_secret_output_add_base64 (KmsctlSecretOutput *self, const guint8 *bytes, gsize length);

/* Writes what is left. */
gboolean kmsctl_secret_output_end (KmsctlSecretOutput *self, GError **error);

G_END_DECLS
