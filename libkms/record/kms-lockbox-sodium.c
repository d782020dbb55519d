/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* XSalsa20-Poly1305 and X25519 with it ("hybrid"). GnuTLS has neither, and few tables have them: so libsodium is not
 * linked, and its place in memory costs only who meets such a value. */
#include "kms-lockbox-aead-private.h"

#include <gmodule.h>
#include <gnutls/gnutls.h>

#include "kms-error.h"

#define LIBRARY "libsodium.so.23"
#define PART_SIZE 32 /* of a hybrid key, which has two */

/* As libsodium's manual has them: 0 is success, and lengths do not count the tag when sealing. */
typedef struct
{
  int (*init) (void);
  int (*secretbox_easy) (guint8 *out, const guint8 *text, guint64 length, const guint8 *nonce, const guint8 *key);
  int (*secretbox_open_easy) (guint8 *out, const guint8 *sealed, guint64 length, const guint8 *nonce,
                              const guint8 *key);
  int (*box_easy) (guint8 *out, const guint8 *text, guint64 length, const guint8 *nonce, const guint8 *public_key,
                   const guint8 *private_key);
  int (*box_open_easy) (guint8 *out, const guint8 *sealed, guint64 length, const guint8 *nonce,
                        const guint8 *public_key, const guint8 *private_key);
} Sodium;

static gboolean
load (Sodium *self, char **problem)
{
  GModule *module = g_module_open (LIBRARY, G_MODULE_BIND_LOCAL);

  if (module == NULL)
    {
      *problem = g_strdup (g_module_error ());
      return FALSE;
    }
  g_module_make_resident (module);
  if (g_module_symbol (module, "sodium_init", (gpointer *) &self->init)
      && g_module_symbol (module, "crypto_secretbox_easy", (gpointer *) &self->secretbox_easy)
      && g_module_symbol (module, "crypto_secretbox_open_easy", (gpointer *) &self->secretbox_open_easy)
      && g_module_symbol (module, "crypto_box_easy", (gpointer *) &self->box_easy)
      && g_module_symbol (module, "crypto_box_open_easy", (gpointer *) &self->box_open_easy) && self->init () >= 0)
    return TRUE;
  *problem = g_strdup (LIBRARY " lacks what is needed of it");
  return FALSE;
}

static const Sodium *
get_sodium (GError **error)
{
  static gsize tried = 0;
  static gboolean loaded;
  static Sodium sodium;
  static char *problem;

  if (g_once_init_enter (&tried))
    {
      loaded = load (&sodium, &problem);
      g_once_init_leave (&tried, 1);
    }
  if (loaded)
    return &sodium;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "XSalsa20 and hybrid values need libsodium; install it (Debian: libsodium23): %s", problem);
  return NULL;
}

/* What libsodium refuses to seal is a key on a weak point of the curve. */
static gboolean
sealed (int code, GError **error)
{
  if (code == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "libsodium does not take this key");
  return FALSE;
}

gboolean
_kms_lockbox_seal_xsalsa20 (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                            GError **error)
{
  const Sodium *sodium = get_sodium (error);
  return sodium != NULL && sealed (sodium->secretbox_easy (out, plaintext, length, piece->nonce, piece->key), error);
}

gboolean
_kms_lockbox_open_xsalsa20 (const KmsLockboxPiece *piece, const guint8 *bytes, gsize length, guint8 *out,
                            GError **error)
{
  const Sodium *sodium = get_sodium (error);
  return sodium != NULL && sodium->secretbox_open_easy (out, bytes, length, piece->nonce, piece->key) == 0;
}

/* The key that encrypts is the reader's public part and the writer's private one. */
gboolean
_kms_lockbox_seal_hybrid (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                          GError **error)
{
  const Sodium *sodium = get_sodium (error);
  return sodium != NULL
         && sealed (sodium->box_easy (out, plaintext, length, piece->nonce, piece->key, piece->key + PART_SIZE), error);
}

/* The key that decrypts is the reader's private part and the writer's public one. */
gboolean
_kms_lockbox_open_hybrid (const KmsLockboxPiece *piece, const guint8 *bytes, gsize length, guint8 *out, GError **error)
{
  const Sodium *sodium = get_sodium (error);
  return sodium != NULL
         && sodium->box_open_easy (out, bytes, length, piece->nonce, piece->key + PART_SIZE, piece->key) == 0;
}
