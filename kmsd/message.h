/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages as bytes, looked at before GDBus takes them: what it can't read it prints as a whole, in the thread that
 * all connections share, and what has very many values keeps that thread busy. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MESSAGE_HEAD 16     /* bytes that say how long it is */
#define MESSAGE_FLAGS_AT 2  /* where its flags stand */
#define MESSAGE_NO_REPLY 1u /* the flag of who wants no answer */

typedef struct
{
  gboolean is_call;
  guint32 serial;
  gsize n_fields; /* bytes of the header's fields */
  gsize length;   /* of all */
} MessageHead;

/* FALSE: that begins no message, so nobody can tell where the next one begins. */
gboolean message_read_head (const guint8 bytes[MESSAGE_HEAD], MessageHead *head);

typedef enum {
  MESSAGE_GOOD,
  MESSAGE_TOO_MANY_VALUES,
  MESSAGE_BROKEN,
} MessageVerdict;

/* Of a whole message. The bytes stay as they are. */
MessageVerdict message_check (guint8 *bytes, gsize length, guint max_values);

/* A call's answer that says why it was not taken. Free with g_free(). */
guint8 *message_new_error (guint32 reply_serial, const char *name, const char *text, gsize *length);

G_END_DECLS
