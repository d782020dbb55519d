/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Written from where the plaintexts stand, so that there is no copy but in the pipe. The reading end stays open here
 * until the end: a library must not be sent SIGPIPE by a daemon that went away. */
#include "secret-pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

#define HEADER_SIZE 4
#define DEFAULT_SIZE 65536
#define MAX_SIZE (1024 * 1024) /* /proc/sys/fs/pipe-max-size, as it is by default */

struct _SecretPipe
{
  GPtrArray *items; /* of KmsItem */
  gboolean framed;
  int reading, writing;
  guint index; /* of the item that is written */
  gsize at;    /* in its frame */
  GSource *writable;
};

static gsize
get_header_size (const SecretPipe *self)
{
  return self->framed ? HEADER_SIZE : 0;
}

/* What comes next of the frame. */
static const guint8 *
find_next (const SecretPipe *self, guint8 *header, gsize *length)
{
  gsize n, n_header = get_header_size (self);
  const guint8 *input = kms_item_get_input (g_ptr_array_index (self->items, self->index), &n);

  if (self->at >= n_header)
    {
      *length = n - (self->at - n_header);
      return input + (self->at - n_header);
    }
  for (guint i = 0; i < HEADER_SIZE; i++)
    header[i] = (guint8) (n >> (24 - 8 * i));
  *length = n_header - self->at;
  return header + self->at;
}

static void
close_writing (SecretPipe *self)
{
  if (self->writable != NULL)
    g_source_destroy (self->writable);
  g_clear_pointer (&self->writable, g_source_unref);
  if (self->writing >= 0)
    close (self->writing);
  self->writing = -1;
}

static gsize
get_frame_size (const SecretPipe *self)
{
  gsize n;

  kms_item_get_input (g_ptr_array_index (self->items, self->index), &n);
  return get_header_size (self) + n;
}

/* TRUE when there is no more to do: all is written, or nothing can be. */
static gboolean
write_on (SecretPipe *self)
{
  guint8 header[HEADER_SIZE];

  while (self->index < self->items->len)
    {
      if (self->at == get_frame_size (self))
        {
          self->index++;
          self->at = 0;
          continue;
        }
      gsize length;
      const guint8 *bytes = find_next (self, header, &length);
      gssize n = write (self->writing, bytes, length);
      if (n < 0 && errno != EINTR)
        return errno != EAGAIN;
      self->at += n < 0 ? 0 : (gsize) n;
    }
  return TRUE;
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  SecretPipe *self = data;

  if (!write_on (self))
    return G_SOURCE_CONTINUE;
  close_writing (self);
  return G_SOURCE_REMOVE;
}

static gsize
count_bytes (const SecretPipe *self)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < self->items->len; i++)
    {
      gsize length;
      kms_item_get_input (g_ptr_array_index (self->items, i), &length);
      n_bytes += length + get_header_size (self);
    }
  return n_bytes;
}

SecretPipe *
secret_pipe_new (GPtrArray *items, gboolean framed, GError **error)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "there is no pipe for the plaintext: %s", g_strerror (errno));
      return NULL;
    }
  SecretPipe *self = g_new0 (SecretPipe, 1);
  *self = (SecretPipe){ g_ptr_array_ref (items), framed, ends[0], ends[1], 0, 0, NULL };
  (void) fcntl (self->writing, F_SETFL, O_WRONLY | O_NONBLOCK);
  /* Where that is not allowed, more turns are taken. */
  gsize n_bytes = count_bytes (self);
  if (n_bytes > DEFAULT_SIZE)
    (void) fcntl (self->writing, F_SETPIPE_SZ, (int) MIN (n_bytes, MAX_SIZE));
  if (write_on (self))
    {
      close_writing (self);
      return self;
    }
  self->writable = g_unix_fd_source_new (self->writing, G_IO_OUT | G_IO_ERR);
  g_source_set_callback (self->writable, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->writable, g_main_context_get_thread_default ());
  return self;
}

void
secret_pipe_free (SecretPipe *self)
{
  close_writing (self);
  close (self->reading);
  g_ptr_array_unref (self->items);
  g_free (self);
}

int
secret_pipe_get_fd (SecretPipe *self)
{
  return self->reading;
}
