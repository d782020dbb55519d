/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of kmsd on GIO alone: copy this file and kmsd-box.c. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SECRET_MAX 4096 /* bytes; larger data is encrypted with a key that is one */

/* Has one place, and is wiped there. Use mlock() besides, where it must not get into swap. */
typedef struct
{
  guint8 bytes[SECRET_MAX];
  gsize length;
} Secret;

void secret_wipe (Secret *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Secret, secret_wipe)

typedef struct _KmsdBox KmsdBox;

/* @where is "system", "session" or the path of a private socket. */
KmsdBox *kmsd_box_new (const char *where, const char *name, GError **error);
void kmsd_box_free (KmsdBox *self);

/* The context (a{ss}) is consumed if it is floating. The stored string may hold any byte. */
GBytes *kmsd_box_encrypt (KmsdBox *self, const Secret *secret, GVariant *context, GError **error);

/* @secret is the caller's, and is empty after an error. */
gboolean kmsd_box_decrypt (KmsdBox *self, GBytes *stored, GVariant *context, Secret *secret, GError **error);

/* Whether kmsd refused with this name, such as "InvalidCiphertext". Programs decide by it, people read the message. */
gboolean kmsd_error_is (const GError *error, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsdBox, kmsd_box_free)

G_END_DECLS
