/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller on the bus, for kmsd and for what it is measured by. Whatever fails ends the benchmark. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define KMSD_NAME "org.libkms.Kms1"
#define BOX_INTERFACE "org.libkms.Kms1.Box"
#define BOX_PATH "/org/libkms/Kms1/boxes/bench"
#define LATE_PATH "/org/libkms/Kms1/boxes/late"
#define BARE_NAME "org.libkms.Bench"
#define BARE_PATH "/org/libkms/Bench"

#define PLAINTEXT_SIZE 32
/* The stored string of one, with a key of the local provider. */
#define CIPHERTEXT_SIZE 119
/* What a pipe holds: the secrets of a batch. */
#define MAX_FRAMES 65536

typedef struct
{
  GDBusConnection *connection;
  const char *name, *path;
  GVariant *ciphertext; /* ay */
  GVariant *batch;      /* aay, of so many */
} BusCaller;

GDBusConnection *bus_connect (void);

/* Encrypts once, so that there is something to decrypt. */
void bus_caller_init (BusCaller *self, GDBusConnection *connection, const char *name, const char *path);
void bus_caller_clear (BusCaller *self);

/* n calls, one after the other. Each sends or gets a pipe, and the plaintext is written or read. */
void bus_caller_encrypt (BusCaller *self, guint n);
void bus_caller_decrypt (BusCaller *self, guint n);

/* One call for n items, which have one context. What is decrypted is what was encrypted last. */
void bus_caller_encrypt_batch (BusCaller *self, guint n);
void bus_caller_decrypt_batch (BusCaller *self, guint n);

/* The same for the rows of a table, each of which has its own. */
void bus_caller_encrypt_rows (BusCaller *self, guint n);
void bus_caller_decrypt_rows (BusCaller *self, guint n);

/* The parameters of Decrypt. */
GVariant *bus_caller_new_decryption (BusCaller *self);

/* Reads what an answer to Decrypt brought. */
void bus_caller_read_plaintext (GUnixFDList *list, gsize expected);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BusCaller, bus_caller_clear)

G_END_DECLS
