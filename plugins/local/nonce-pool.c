/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands each nonce out once, and none of those that a forked child has in common with its parent. */
#include "nonce-pool.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <string.h>

#include <libkms/kms.h>

/* Not the core's count of forks: two processes with one nonce would be fatal, so this does not rest on being told. */
static guint generation = 1;

static void
in_child (void)
{
  generation++;
}

__attribute__ ((constructor)) static void
watch_forks (void)
{
  pthread_atfork (NULL, NULL, in_child);
}

static gboolean
refill (NoncePool *self, GError **error)
{
  int code = gnutls_rnd (GNUTLS_RND_NONCE, self->nonces, sizeof self->nonces);

  if (code < 0)
    {
      self->n_left = 0;
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no random numbers: %s", gnutls_strerror (code));
      return FALSE;
    }
  self->n_left = NONCE_POOL_SIZE;
  self->generation = generation;
  return TRUE;
}

gboolean
nonce_pool_take (NoncePool *self, guint8 *nonce, GError **error)
{
  if (G_UNLIKELY (self->n_left == 0 || self->generation != generation) && !refill (self, error))
    return FALSE;
  self->n_left--;
  memcpy (nonce, self->nonces + self->n_left * XAES_NONCE_SIZE, XAES_NONCE_SIZE);
  return TRUE;
}
