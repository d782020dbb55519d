/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipes for plaintexts: made, filled and closed. What nobody reads vanishes with the last end. */
#include "pipe-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

#include "quota.h"

typedef struct
{
  int fd;
  KmsSecret *secret;
  gsize written;
  GSource *writable, *timeout;
  GDestroyNotify done;
  gpointer user_data;
} PipeWrite;

static void
pipe_write_free (PipeWrite *self)
{
  if (self->writable != NULL)
    {
      g_source_destroy (self->writable);
      g_source_unref (self->writable);
      g_source_destroy (self->timeout);
      g_source_unref (self->timeout);
    }
  close (self->fd);
  kms_secret_unref (self->secret);
  if (self->done != NULL)
    self->done (self->user_data);
  g_free (self);
}

/* TRUE when there is no more to do. A reader that is gone wanted no more; SIGPIPE is ignored. */
static gboolean
write_on (PipeWrite *self)
{
  gsize length;
  const guint8 *bytes = kms_secret_get_data (self->secret, &length);

  while (bytes != NULL && self->written < length)
    {
      gssize n = write (self->fd, bytes + self->written, length - self->written);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno != EAGAIN;
      self->written += (gsize) n;
    }
  return TRUE;
}

static gboolean
on_timeout (gpointer data)
{
  pipe_write_free (data);
  return G_SOURCE_REMOVE;
}

static void
start_timeout (PipeWrite *self)
{
  self->timeout = g_timeout_source_new (PIPE_TIMEOUT_MS);
  g_source_set_callback (self->timeout, on_timeout, self, NULL);
  g_source_attach (self->timeout, g_main_context_get_thread_default ());
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  PipeWrite *self = data;

  if ((condition & G_IO_ERR) == 0 && !write_on (self))
    {
      g_source_set_ready_time (self->timeout, g_get_monotonic_time () + PIPE_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND);
      return G_SOURCE_CONTINUE;
    }
  pipe_write_free (self);
  return G_SOURCE_REMOVE;
}

/* The caller's end blocks, as pipes do; only ours must not. */
static gboolean
make_pipe (gsize length, int ends[2], GError **error)
{
  if (pipe2 (ends, O_CLOEXEC) != 0 || fcntl (ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "kmsd has no descriptors left: %s", g_strerror (errno));
      return FALSE;
    }
  /* Where that is not allowed (/proc/sys/fs/pipe-max-size) it stays as it is. */
  if (length > 65536)
    (void) fcntl (ends[1], F_SETPIPE_SZ, (int) MIN (length, 1024 * 1024));
  return TRUE;
}

int
pipe_write_on (KmsSecret *secret, GDestroyNotify done, gpointer user_data, GError **error)
{
  int ends[2];

  if (!make_pipe (kms_secret_get_length (secret), ends, error))
    {
      if (done != NULL)
        done (user_data);
      return -1;
    }
  PipeWrite *self = g_new0 (PipeWrite, 1);
  self->fd = ends[1];
  self->secret = kms_secret_ref (secret);
  self->done = done;
  self->user_data = user_data;
  if (write_on (self))
    {
      pipe_write_free (self);
      return ends[0];
    }
  self->writable = g_unix_fd_source_new (self->fd, G_IO_OUT | G_IO_ERR);
  g_source_set_callback (self->writable, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->writable, g_main_context_get_thread_default ());
  start_timeout (self);
  return ends[0];
}

int
pipe_write (KmsSecret *secret, GError **error)
{
  if (kms_secret_get_length (secret) > MAX_SECRET)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the plaintext has %" G_GSIZE_FORMAT " bytes, and one call gives %d at most; decrypt it in a batch",
                   kms_secret_get_length (secret), MAX_SECRET);
      return -1;
    }
  return pipe_write_on (secret, NULL, NULL, error);
}
