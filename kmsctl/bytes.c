/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading input to its end and writing output, cancelled at any time. */
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "result.h"
#include "terminal.h"

KmsSecret *
kmsctl_read_file (Kmsctl *self, const char *path, gsize limit, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    {
      g_set_error (error, KMS_ERROR, errno == ENOENT ? KMS_ERROR_NOT_FOUND : KMS_ERROR_FAILED, _ ("can't open %s: %s"),
                   path, g_strerror (errno));
      return NULL;
    }
  KmsSecret *secret = kms_secret_new_from_fd (fd, limit, self->cancellable, error);
  if (secret == NULL)
    g_prefix_error (error, "%s: ", path);
  close (fd);
  return secret;
}

KmsSecret *
kmsctl_read_input (Kmsctl *self, gsize limit, const char *prompt, GError **error)
{
  const char *path = kmsctl_text (self, "in");

  if (path == NULL && isatty (STDIN_FILENO))
    {
      if (self->no_ask || self->json)
        {
          kmsctl_usage_error (error, _ ("stdin is a terminal; use a pipe or --in"));
          return NULL;
        }
      if (prompt != NULL)
        return kmsctl_ask_secret (self, prompt, FALSE, error);
      kmsctl_note (self, _ ("reading from the terminal; ^D ends"));
    }
  if (path != NULL)
    return kmsctl_read_file (self, path, limit, error);
  KmsSecret *secret = kms_secret_new_from_fd (STDIN_FILENO, limit, self->cancellable, error);
  if (secret == NULL)
    g_prefix_error (error, "%s: ", _ ("stdin"));
  return secret;
}

/* FALSE once the cancellable is cancelled. */
static gboolean
wait_until_writable (int fd, GCancellable *cancellable)
{
  GPollFD fds[2] = { { .fd = fd, .events = G_IO_OUT }, { .fd = -1 } };
  gboolean both = g_cancellable_make_pollfd (cancellable, &fds[1]);

  g_poll (fds, both ? 2 : 1, -1);
  if (both)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_is_cancelled (cancellable);
}

gboolean
kmsctl_write_all (Kmsctl *self, int fd, const char *name, const void *data, gsize length, GError **error)
{
  const guint8 *bytes = data;

  while (length > 0)
    {
      /* A pipe takes PIPE_BUF bytes without blocking once poll says that it is writable (pipe(7)). */
      if (self->cancellable != NULL && !wait_until_writable (fd, self->cancellable))
        return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
      gssize written = write (fd, bytes, MIN (length, 4096));
      if (written < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (written < 0)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, _ ("can't write to %s: %s"), name, g_strerror (errno));
          return FALSE;
        }
      bytes += written;
      length -= (gsize) written;
    }
  return TRUE;
}

gboolean
kmsctl_is_text (const guint8 *data, gsize length)
{
  if (!g_utf8_validate_len ((const char *) data, length, NULL))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if ((data[i] < 0x20 && data[i] != '\n' && data[i] != '\t' && data[i] != '\r') || data[i] == 0x7f)
      return FALSE;
  return TRUE;
}

gboolean
kmsctl_write_output (Kmsctl *self, const guint8 *data, gsize length, GError **error)
{
  const char *path = kmsctl_text (self, "out");

  if (path != NULL)
    return kmsctl_write_file (self, path, data, length, error);
  if (isatty (STDOUT_FILENO) && !kmsctl_is_text (data, length))
    return kmsctl_usage_error (error, _ ("the output is binary and stdout is a terminal; use --out=FILE or a pipe"));
  return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), data, length, error);
}

char *
kmsctl_make_printable (const char *text)
{
  char *clean = g_utf8_make_valid (text, -1);

  for (char *p = clean; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      /* U+0080 … U+009F are two bytes, of which the second one is replaced by a harmless neighbour. */
      if (c < 0x20 || c == 0x7f)
        *p = c == '\n' || c == '\t' ? ' ' : '?';
      else if (c >= 0x80 && c <= 0x9f)
        p[1] = (char) 0xbf;
    }
  return clean;
}
