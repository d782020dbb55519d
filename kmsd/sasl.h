/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines that a D-Bus connection begins with, seen from the server. EXTERNAL is the one way to agree: the kernel has
 * said who it is, and the client says the same or nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint32 uid; /* the client's, as the kernel says */
  guint n_lines;
  gboolean has_zero; /* the byte in front of the first line */
  gboolean awaits_data, is_agreed;
  GString *line; /* that is not whole yet */
} Sasl;

typedef enum {
  SASL_GO_ON,
  SASL_BEGUN,
  SASL_FAILED,
} SaslResult;

void sasl_init (Sasl *self, guint32 uid);
void sasl_clear (Sasl *self);

/* How many of these bytes may be taken: never more than up to the end of a line, since messages follow the last one. */
gsize sasl_count (const Sasl *self, const char *bytes, gsize n);

/* Takes so many bytes, and appends what is to be answered. */
SaslResult sasl_take (Sasl *self, const char *bytes, gsize n, const char *guid, GString *answer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sasl, sasl_clear)

G_END_DECLS
