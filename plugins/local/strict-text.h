/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text that keystore files are made of: a first line with kind and format, "name: value" lines in a fixed order,
 * and a checksum that tells a damaged file from a forged one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Borrows the text that it reads. */
typedef struct
{
  const char *text;
  const char *at;
  const char *end; /* where the checksum's line begins */
} StrictText;

gboolean strict_text_begin (StrictText *self, const char *kind, const char *text, gsize length, GError **error);
gboolean strict_text_next_is (StrictText *self, const char *name);
gboolean strict_text_read (StrictText *self, const char *name, const char **value, gsize *length, GError **error);
char *strict_text_dup (StrictText *self, const char *name, gsize max_length, GError **error);
gboolean strict_text_read_number (StrictText *self, const char *name, gint64 min, gint64 max, gint64 *number,
                                  GError **error);
gboolean strict_text_read_hex (StrictText *self, const char *name, guint8 *out, gsize length, GError **error);
gboolean strict_text_read_base64 (StrictText *self, const char *name, guint8 *out, gsize length, GError **error);
gboolean strict_text_end (StrictText *self, GError **error);
gboolean strict_text_fail (const char *name, GError **error);

/* Values in the middle of a line: exactly `length` bytes, of exactly `text_length` characters. */
gboolean strict_text_parse_base64 (const char *text, gsize text_length, guint8 *out, gsize length);
gboolean strict_text_parse_number (const char *text, gsize text_length, gint64 min, gint64 max, gint64 *number);

GString *strict_text_new (const char *kind);
void strict_text_add (GString *text, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);
void strict_text_add_hex (GString *text, const char *name, const guint8 *data, gsize length);
void strict_text_add_base64 (GString *text, const char *name, const guint8 *data, gsize length);
void strict_text_add_sum (GString *text);

G_END_DECLS
