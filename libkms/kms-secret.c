/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets: immutable, reference-counted bytes in locked memory, wiped when the last reference goes. */
#include "kms-secret.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <unistd.h>

#include "kms-error.h"
#include "kms-secret-slab-private.h"

/**
 * KmsSecret:
 *
 * Bytes that nobody else is to see: a plaintext, or a key. They stand in memory that is locked, left out of core dumps, and
 * wiped when the last reference goes; a forked child does not have them. kms_secret_get_memory() tells whether locking
 * works, kms_secret_set_memory_policy() what to do if not.
 *
 * A secret does not change, and may be used by several threads.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsSecret, kms_secret, kms_secret_ref, kms_secret_unref)

#define FIRST_READ 4096

/* What poll() promises that a pipe takes without waiting: PIPE_BUF of Linux. */
#define WRITE_SIZE 4096

/**
 * kms_secret_reserve: (skip)
 * @capacity: how many bytes there may be
 * @bytes: (out): where to write them
 *
 * Makes room for a secret, to be filled in place and then kms_secret_commit()ted.
 *
 * Returns: (transfer full) (nullable): a secret, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsSecret *
kms_secret_reserve (gsize capacity, guint8 **bytes)
{
  KmsSecret *self = _kms_slab_take (capacity);

  if (G_UNLIKELY (self == NULL))
    return NULL;
  g_atomic_int_set (&self->refs, 1);
  self->capacity = capacity;
  self->length = 0;
  *bytes = self->data;
  return self;
}

/**
 * kms_secret_commit: (skip)
 * @self: a secret that was reserved
 * @length: how many of the bytes are used
 *
 * Ends the filling: from now on the secret does not change.
 *
 * Since: 1.0
 */
void
kms_secret_commit (KmsSecret *self, gsize length)
{
  g_return_if_fail (self != NULL && length <= self->capacity);

  self->length = length;
}

/**
 * kms_secret_new:
 * @data: (array length=length) (nullable): bytes, which the caller wipes
 * @length: how many
 *
 * Copies bytes into locked memory.
 *
 * Returns: (transfer full) (nullable): a secret, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsSecret *
kms_secret_new (const guint8 *data, gsize length)
{
  g_return_val_if_fail (data != NULL || length == 0, NULL);
  guint8 *bytes;
  KmsSecret *self = kms_secret_reserve (length, &bytes);

  if (self == NULL)
    return NULL;
  if (length > 0)
    memcpy (bytes, data, length);
  self->length = length;
  return self;
}

static void
set_memory_error (GError **error)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA,
                       "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
}

/**
 * kms_secret_new_random:
 * @length: how many bytes
 * @error: return location for an error
 *
 * Makes a secret of random bytes that are fit for keys.
 *
 * Returns: (transfer full): a secret, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsSecret *
kms_secret_new_random (gsize length, GError **error)
{
  guint8 *bytes;
  KmsSecret *self = kms_secret_reserve (length, &bytes);

  if (self == NULL)
    {
      set_memory_error (error);
      return NULL;
    }
  int status = gnutls_rnd (GNUTLS_RND_KEY, bytes, length);
  if (status == 0)
    {
      self->length = length;
      return self;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "no random numbers: %s", gnutls_strerror (status));
  kms_secret_unref (self);
  return NULL;
}

/**
 * kms_secret_ref:
 * @self: a secret
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the secret
 *
 * Since: 1.0
 */
KmsSecret *
kms_secret_ref (KmsSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);
  return self;
}

/**
 * kms_secret_unref:
 * @self: (transfer full): a secret
 *
 * Drops a reference; the last one wipes the bytes.
 *
 * Since: 1.0
 */
void
kms_secret_unref (KmsSecret *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  gnutls_memset (self->data, 0, self->capacity);
  _kms_slab_give_back (self);
}

/**
 * kms_secret_get_data:
 * @self: a secret
 * @length: (out) (optional): the number of bytes
 *
 * Gets the bytes. They are not NUL-terminated.
 *
 * Returns: (transfer none) (nullable) (array length=length) (element-type guint8): the bytes, valid as long as the
 *   secret; %NULL in a forked child, where the parent's secrets are gone
 *
 * Since: 1.0
 */
const guint8 *
kms_secret_get_data (KmsSecret *self, gsize *length)
{
  g_return_val_if_fail (self != NULL, NULL);

  gboolean is_intact = _kms_slab_is_intact (self);
  if (length != NULL)
    *length = is_intact ? self->length : 0;
  if (G_LIKELY (is_intact))
    return self->data;
  g_critical ("a secret was used in a child that was forked after it was made: it is gone there");
  return NULL;
}

/**
 * kms_secret_get_length:
 * @self: a secret
 *
 * Gets the number of bytes.
 *
 * Returns: the length
 *
 * Since: 1.0
 */
gsize
kms_secret_get_length (KmsSecret *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->length;
}

/**
 * kms_secret_equal:
 * @a: a secret
 * @b: a secret
 *
 * Compares two secrets in a time that does not depend on their bytes, only on their lengths.
 *
 * Returns: whether they are the same bytes
 *
 * Since: 1.0
 */
gboolean
kms_secret_equal (KmsSecret *a, KmsSecret *b)
{
  gsize a_length, b_length;
  const guint8 *a_data = kms_secret_get_data (a, &a_length);
  const guint8 *b_data = kms_secret_get_data (b, &b_length);

  return a_data != NULL && b_data != NULL && a_length == b_length && gnutls_memcmp (a_data, b_data, a_length) == 0;
}

/* Waits for the descriptor, or for the caller to give up. */
static gboolean
wait_for (int fd, short events, GCancellable *cancellable, GError **error)
{
  GPollFD cancelled = { .fd = -1 };
  gboolean watches = g_cancellable_make_pollfd (cancellable, &cancelled);
  struct pollfd fds[2] = { { fd, events, 0 }, { watches ? cancelled.fd : -1, POLLIN, 0 } };

  while (poll (fds, 2, -1) < 0 && errno == EINTR)
    ;
  if (watches)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* -1 with an error; 0 at the end. */
static gssize
read_some (int fd, guint8 *bytes, gsize n, GCancellable *cancellable, GError **error)
{
  for (;;)
    {
      if (!wait_for (fd, POLLIN, cancellable, error))
        return -1;
      gssize got = read (fd, bytes, n);
      if (got >= 0)
        return got;
      if (errno == EINTR || errno == EAGAIN)
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't read from descriptor %d: %s", fd, g_strerror (errno));
      return -1;
    }
}

static KmsSecret *
grow (KmsSecret *old, gsize capacity, guint8 **bytes, GError **error)
{
  KmsSecret *grown = kms_secret_reserve (capacity, bytes);

  if (grown == NULL)
    set_memory_error (error);
  else if (old != NULL)
    {
      memcpy (*bytes, old->data, old->length);
      grown->length = old->length;
    }
  if (old != NULL)
    kms_secret_unref (old);
  return grown;
}

/**
 * kms_secret_new_from_fd:
 * @fd: a file descriptor to read from
 * @max_length: how many bytes there may be
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Reads to the end of a file or pipe, straight into locked memory. No more than @max_length + 1 bytes are read.
 *
 * Returns: (transfer full): a secret, or %NULL with @error set: %KMS_ERROR_TOO_LARGE for more than @max_length bytes
 *
 * Since: 1.0
 */
KmsSecret *
kms_secret_new_from_fd (int fd, gsize max_length, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (fd >= 0 && max_length < G_MAXSSIZE, NULL);
  guint8 *bytes;
  g_autoptr (KmsSecret) self = grow (NULL, MIN (max_length + 1, FIRST_READ), &bytes, error);

  while (self != NULL)
    {
      gssize got = read_some (fd, bytes + self->length, self->capacity - self->length, cancellable, error);
      if (got < 0)
        return NULL;
      if (got == 0)
        return g_steal_pointer (&self);
      self->length += (gsize) got;
      if (self->length > max_length)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                       "the input is larger than the limit of %" G_GSIZE_FORMAT
                       " bytes; encrypt large data with a data key",
                       max_length);
          return NULL;
        }
      if (self->length == self->capacity)
        {
          gsize capacity = MIN (2 * self->capacity, max_length + 1);
          self = grow (g_steal_pointer (&self), capacity, &bytes, error);
        }
    }
  return NULL;
}

/**
 * kms_secret_write_to_fd:
 * @self: a secret
 * @fd: a file descriptor to write to
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Writes all bytes, straight from locked memory.
 *
 * Returns: %TRUE if all were written
 *
 * Since: 1.0
 */
gboolean
kms_secret_write_to_fd (KmsSecret *self, int fd, GCancellable *cancellable, GError **error)
{
  gsize length;
  const guint8 *bytes = kms_secret_get_data (self, &length);

  if (bytes == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FORKED, "the secret is gone in this forked child");
      return FALSE;
    }
  while (length > 0)
    {
      if (!wait_for (fd, POLLOUT, cancellable, error))
        return FALSE;
      gssize put = write (fd, bytes, MIN (length, WRITE_SIZE));
      if (put < 0 && errno != EINTR && errno != EAGAIN)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't write to descriptor %d: %s", fd, g_strerror (errno));
          return FALSE;
        }
      bytes += MAX (put, 0);
      length -= (gsize) MAX (put, 0);
    }
  return TRUE;
}
