/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of a caller's pipe. O_NONBLOCK belongs to both ends' file description that the caller holds, too, and can
 * take back between a poll and a read: so nothing is read from it. splice(2) moves its buffers into a pipe of our own,
 * which has a flag for not waiting that is the call's. */
#include "pipe-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota.h"

typedef struct
{
  int fd;
  GPtrArray *chunks; /* of KmsSecret */
  guint8 *bytes;     /* of the last one, which is filled */
  gsize filled, chunk_size;
  gsize length, max_length; /* of all */
  GCancellable *cancellable;
  GSource *readable, *timeout, *cancelled;
  PipeRoomFunc room; /* or NULL */
  PipeReadFunc func;
  gpointer user_data;
} PipeRead;

/* One for all: it is empty again before anybody else comes. */
static int own_pipe[2] = { -1, -1 };

static void
drop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
end (PipeRead *self, GError *error)
{
  g_autoptr (GError) owned = error;

  drop_source (&self->readable);
  drop_source (&self->timeout);
  drop_source (&self->cancelled);
  close (self->fd);
  if (self->chunks->len > 0)
    kms_secret_commit (g_ptr_array_index (self->chunks, self->chunks->len - 1), self->filled);
  self->func (error == NULL ? self->chunks : NULL, error, self->user_data);
  g_ptr_array_unref (self->chunks);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static GError *
too_large (PipeRead *self)
{
  return g_error_new (KMS_ERROR, KMS_ERROR_TOO_LARGE,
                      "the pipe holds more than %" G_GSIZE_FORMAT
                      " bytes; encrypt larger data with a data key, and many secrets in several calls",
                      self->max_length);
}

/* What is read so far stays where it is: growing would leave copies behind. */
static gboolean
add_chunk (PipeRead *self, GError **error)
{
  if (self->room != NULL && !self->room (self->chunk_size, self->user_data, error))
    return FALSE;
  KmsSecret *chunk = kms_secret_reserve (self->chunk_size, &self->bytes);

  if (chunk == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA,
                   "kmsd has no locked memory left; raise LimitMEMLOCK= of its unit, or send less at a time");
      return FALSE;
    }
  if (self->chunks->len > 0)
    kms_secret_commit (g_ptr_array_index (self->chunks, self->chunks->len - 1), self->filled);
  g_ptr_array_add (self->chunks, chunk);
  self->filled = 0;
  return TRUE;
}

static gboolean
make_own_pipe (GError **error)
{
  if (own_pipe[0] >= 0 || pipe2 (own_pipe, O_CLOEXEC | O_NONBLOCK) == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "kmsd has no descriptors left: %s", g_strerror (errno));
  return FALSE;
}

/* What is left in it is somebody's secret, and nobody else's. */
static void
drop_own_pipe (void)
{
  close (g_steal_fd (&own_pipe[0]));
  close (g_steal_fd (&own_pipe[1]));
}

/* All that splice() moved, so that the pipe is empty again. Pages of a file that the caller spliced in may fail. */
static gboolean
take_moved (guint8 *to, gsize n)
{
  for (gsize done = 0; done < n;)
    {
      gssize got = read (own_pipe[0], to + done, n - done);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      done += (gsize) got;
    }
  return TRUE;
}

typedef enum {
  READ_MORE,
  READ_WAIT,
  READ_END,
  READ_FAILED,
} ReadResult;

static GError *
not_a_pipe (void)
{
  return g_error_new_literal (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                              "the descriptor is not the reading end of a pipe; send secrets through a pipe (or a "
                              "memfd that is sealed against writing, shrinking and growing)");
}

static ReadResult
move (PipeRead *self, guint8 *to, gsize n, gsize *n_moved, GError **error)
{
  *n_moved = 0;
  if (!make_own_pipe (error))
    return READ_FAILED;
  gssize moved = splice (self->fd, NULL, own_pipe[1], NULL, n, SPLICE_F_NONBLOCK);

  if (moved == 0)
    return READ_END;
  if (moved < 0 && errno == EAGAIN)
    return READ_WAIT;
  if (moved < 0 && errno == EINTR)
    return READ_MORE;
  if (moved > 0 && take_moved (to, (gsize) moved))
    {
      *n_moved = (gsize) moved;
      return READ_MORE;
    }
  if (moved < 0 && errno == EBADF)
    g_propagate_error (error, not_a_pipe ());
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the pipe can't be read: %s", g_strerror (errno));
  if (moved > 0)
    drop_own_pipe ();
  return READ_FAILED;
}

/* The byte that is too much. */
static ReadResult
expect_end (PipeRead *self, GError **error)
{
  guint8 byte = 0;
  gsize n;
  ReadResult result = move (self, &byte, 1, &n, error);

  explicit_bzero (&byte, 1);
  if (n == 0)
    return result;
  *error = too_large (self);
  return READ_FAILED;
}

static ReadResult
read_some (PipeRead *self, GError **error)
{
  gsize n;

  if (self->length == self->max_length)
    return expect_end (self, error);
  if (self->filled == self->chunk_size && !add_chunk (self, error))
    return READ_FAILED;
  gsize room = MIN (self->chunk_size - self->filled, self->max_length - self->length);
  ReadResult result = move (self, self->bytes + self->filled, room, &n, error);
  self->filled += n;
  self->length += n;
  return result;
}

/* TRUE if it has ended. */
static gboolean
read_on (PipeRead *self)
{
  GError *error = NULL;
  ReadResult result = READ_MORE;

  while (result == READ_MORE)
    result = read_some (self, &error);
  if (result != READ_WAIT)
    end (self, error);
  return result != READ_WAIT;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  return read_on (data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
on_timeout (gpointer data)
{
  PipeRead *self = data;

  end (self, g_error_new (KMS_ERROR, KMS_ERROR_TIMED_OUT,
                          "the pipe with the secret was not closed within %d seconds; write all of it, and close its "
                          "writing end before the call",
                          PIPE_TIMEOUT_MS / 1000));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  end (data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the caller left"));
  return G_SOURCE_REMOVE;
}

static GSource *
attach (GSource *source, GSourceFunc func, PipeRead *self)
{
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static void
read_pipe (PipeRead *self)
{
  if (read_on (self))
    return;
  self->readable =
    attach (g_unix_fd_source_new (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR), G_SOURCE_FUNC (on_readable), self);
  self->timeout = attach (g_timeout_source_new (PIPE_TIMEOUT_MS), on_timeout, self);
  if (self->cancellable != NULL)
    self->cancelled = attach (g_cancellable_source_new (self->cancellable), G_SOURCE_FUNC (on_cancelled), self);
}

/* Sealed, it neither changes nor ends early while it is read. */
static void
read_memory (PipeRead *self, gsize size)
{
  GError *error = size > self->max_length ? too_large (self) : NULL;

  while (error == NULL && self->length < size)
    {
      if (self->filled == self->chunk_size && !add_chunk (self, &error))
        break;
      gsize room = MIN (self->chunk_size - self->filled, size - self->length);
      gssize got = pread (self->fd, self->bytes + self->filled, room, (off_t) self->length);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        {
          error =
            g_error_new (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the memfd can't be read: %s", g_strerror (errno));
          break;
        }
      self->filled += (gsize) got;
      self->length += (gsize) got;
    }
  end (self, error);
}

static gboolean
is_sealed (int fd)
{
  const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  int seals = fcntl (fd, F_GET_SEALS);

  return seals >= 0 && (seals & wanted) == wanted;
}

static gboolean
is_readable (int fd)
{
  int flags = fcntl (fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
}

static void
start (PipeRead *self)
{
  GError *error = NULL;
  struct stat status = { 0 };

  if (!add_chunk (self, &error))
    end (self, error);
  else if (fstat (self->fd, &status) == 0 && S_ISFIFO (status.st_mode))
    read_pipe (self); /* which finds out whether this is the end to read */
  else if (is_readable (self->fd) && is_sealed (self->fd))
    read_memory (self, (gsize) status.st_size);
  else
    end (self, not_a_pipe ());
}

void
pipe_read (int fd, gsize max_length, gsize chunk_size, GCancellable *cancellable, PipeRoomFunc room, PipeReadFunc func,
           gpointer user_data)
{
  PipeRead *self = g_new0 (PipeRead, 1);

  self->fd = fd;
  self->max_length = max_length;
  self->chunk_size = chunk_size;
  self->chunks = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);
  self->cancellable = cancellable == NULL ? NULL : g_object_ref (cancellable);
  self->room = room;
  self->func = func;
  self->user_data = user_data;
  start (self);
}
