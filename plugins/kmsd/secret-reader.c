/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lengths are known before there is room made, so that nothing grows and leaves copies behind. */
#include "secret-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HEADER_SIZE 4
#define MAX_PLAINTEXT (1024 * 1024)

/* As long as kmsd itself waits for who does not read on. */
#define TIMEOUT_MS 5000

/* -1 with errno. */
static gssize
read_again (int fd, guint8 *to, gsize n)
{
  gssize got;

  do
    got = read (fd, to, n);
  while (got < 0 && errno == EINTR);
  return got;
}

static gboolean
read_whole (int fd, guint8 *to, gsize n)
{
  guint8 more;

  for (gsize done = 0; done < n;)
    {
      gssize got = read_again (fd, to + done, n - done);
      if (got <= 0)
        return FALSE;
      done += (gsize) got;
    }
  return read_again (fd, &more, 1) == 0;
}

void
secret_read_single (int fd, KmsItem *item)
{
  int n = 0;

  (void) fcntl (fd, F_SETFL, O_RDONLY | O_NONBLOCK);
  if (ioctl (fd, FIONREAD, &n) != 0 || n < 0 || n > MAX_PLAINTEXT)
    kms_item_fail (item, KMS_ERROR_INTEGRITY, "kmsd sent no pipe with the plaintext");
  else
    {
      guint8 *room = kms_item_reserve (item, (gsize) n);
      if (room != NULL && read_whole (fd, room, (gsize) n))
        kms_item_commit (item, (gsize) n);
      else if (room != NULL)
        kms_item_fail (item, KMS_ERROR_INTEGRITY, "the pipe with the plaintext was not written to its end");
    }
  close (fd);
}

typedef struct
{
  int fd;
  GPtrArray *items; /* of KmsItem */
  guint index;
  guint8 header[HEADER_SIZE];
  gsize n_header; /* bytes of it that are there */
  guint8 *room;   /* of the item that is read */
  gsize length, filled;
  GSource *readable, *timeout;
  SecretReadFunc func;
  gpointer user_data;
} Frames;

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
end_frames (Frames *self, KmsError code, const char *why)
{
  for (guint i = self->index; i < self->items->len; i++)
    if (!kms_item_is_settled (g_ptr_array_index (self->items, i)))
      kms_item_fail (g_ptr_array_index (self->items, i), code, "%s", why);
  drop_source (&self->readable);
  drop_source (&self->timeout);
  close (self->fd);
  self->func (self->user_data);
  g_ptr_array_unref (self->items);
  g_free (self);
}

static void
next_item (Frames *self)
{
  self->index++;
  self->n_header = self->filled = self->length = 0;
  self->room = NULL;
}

/* FALSE where the frame is no plaintext of this item. */
static gboolean
begin_item (Frames *self)
{
  const guint8 *h = self->header;
  KmsItem *item = g_ptr_array_index (self->items, self->index);

  self->length = (gsize) h[0] << 24 | (gsize) h[1] << 16 | (gsize) h[2] << 8 | h[3];
  if (kms_item_is_settled (item))
    {
      if (self->length > 0)
        return FALSE;
      next_item (self);
      return TRUE;
    }
  if (self->length > MAX_PLAINTEXT)
    return FALSE;
  self->room = kms_item_reserve (item, self->length);
  if (self->room == NULL)
    return FALSE;
  if (self->length == 0)
    {
      kms_item_commit (item, 0);
      next_item (self);
    }
  return TRUE;
}

/* Moves on by what came; FALSE where that makes no sense. */
static gboolean
take (Frames *self, gsize n)
{
  if (self->room == NULL)
    {
      self->n_header += n;
      return self->n_header < HEADER_SIZE || begin_item (self);
    }
  self->filled += n;
  if (self->filled == self->length)
    {
      kms_item_commit (g_ptr_array_index (self->items, self->index), self->length);
      next_item (self);
    }
  return TRUE;
}

/* TRUE when it has ended. */
static gboolean
read_on (Frames *self)
{
  while (self->index < self->items->len)
    {
      gboolean in_header = self->room == NULL;
      gssize n = in_header ? read_again (self->fd, self->header + self->n_header, HEADER_SIZE - self->n_header)
                           : read_again (self->fd, self->room + self->filled, self->length - self->filled);
      if (n < 0 && errno == EAGAIN)
        return FALSE;
      if (n <= 0 || !take (self, (gsize) n))
        {
          end_frames (self, KMS_ERROR_INTEGRITY, "the pipe with the plaintexts was not written to its end");
          return TRUE;
        }
    }
  end_frames (self, KMS_ERROR_FAILED, "");
  return TRUE;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  return read_on (data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
on_timeout (gpointer data)
{
  end_frames (data, KMS_ERROR_TIMED_OUT, "kmsd did not write the plaintexts on");
  return G_SOURCE_REMOVE;
}

void
secret_read_frames (int fd, GPtrArray *items, SecretReadFunc func, gpointer user_data)
{
  Frames *self = g_new0 (Frames, 1);

  self->fd = fd;
  self->items = g_ptr_array_ref (items);
  self->func = func;
  self->user_data = user_data;
  (void) fcntl (fd, F_SETFL, O_RDONLY | O_NONBLOCK);
  if (read_on (self))
    return;
  self->readable = g_unix_fd_source_new (fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (self->readable, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->readable, g_main_context_get_thread_default ());
  self->timeout = g_timeout_source_new (TIMEOUT_MS);
  g_source_set_callback (self->timeout, on_timeout, self, NULL);
  g_source_attach (self->timeout, g_main_context_get_thread_default ());
}
