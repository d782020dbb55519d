/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions on /dev/tty, which is there even where stdin and stdout are pipes. Answers go straight into locked memory. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bytes.h"

/* A line in canonical mode: the kernel's own limit, N_TTY_BUF_SIZE. */
#define MAX_ANSWER 4096

static GMutex lock;
static int silent_tty = -1;
static struct termios loud;

void
kmsctl_terminal_restore (void)
{
  g_mutex_lock (&lock);
  if (silent_tty >= 0)
    tcsetattr (silent_tty, TCSAFLUSH, &loud);
  silent_tty = -1;
  g_mutex_unlock (&lock);
}

static gboolean
silence (int tty)
{
  struct termios silent;
  gboolean ok = FALSE;

  g_mutex_lock (&lock);
  if (tcgetattr (tty, &loud) == 0)
    {
      silent = loud;
      silent.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK | ECHONL);
      silent.c_lflag |= ICANON | ISIG;
      /* ^Z would leave the shell without echo. */
      silent.c_cc[VSUSP] = _POSIX_VDISABLE;
      silent_tty = tty;
      ok = tcsetattr (tty, TCSAFLUSH, &silent) == 0;
    }
  g_mutex_unlock (&lock);
  return ok;
}

static int
open_terminal (void)
{
  return open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

gboolean
kmsctl_can_ask (Kmsctl *self)
{
  if (self->no_ask || self->json)
    return FALSE;
  int tty = open_terminal ();
  if (tty < 0)
    return FALSE;
  close (tty);
  return TRUE;
}

static gboolean
read_byte (int tty, guint8 *byte, GCancellable *cancellable, GError **error)
{
  GPollFD fds[2] = { { .fd = tty, .events = G_IO_IN }, { .fd = -1 } };
  gboolean both = g_cancellable_make_pollfd (cancellable, &fds[1]);
  gssize count = -1;

  do
    {
      if (g_poll (fds, both ? 2 : 1, -1) < 0 && errno != EINTR)
        break;
      if (g_cancellable_is_cancelled (cancellable))
        break;
      if (fds[0].revents != 0)
        count = read (tty, byte, 1);
    }
  while (count < 0 && (errno == EINTR || fds[0].revents == 0));
  int saved = errno;
  if (both)
    g_cancellable_release_fd (cancellable);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (count == 1)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, _ ("can't read from the terminal: %s"),
               count == 0 ? _ ("it was closed") : g_strerror (saved));
  return FALSE;
}

/* Up to and without the newline. */
static KmsSecret *
read_line (int fd, GCancellable *cancellable, GError **error)
{
  guint8 *bytes = NULL;
  gsize length = 0;
  g_autoptr (KmsSecret) secret = kms_secret_reserve (MAX_ANSWER, &bytes);

  while (length < MAX_ANSWER)
    {
      if (!read_byte (fd, bytes + length, cancellable, error))
        return NULL;
      if (bytes[length] == '\n' || bytes[length] == '\r')
        {
          kms_secret_commit (secret, length);
          return g_steal_pointer (&secret);
        }
      length++;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, _ ("the answer is longer than the limit of %d bytes"),
               MAX_ANSWER);
  return NULL;
}

static void
show (int tty, const char *prompt, const char *end)
{
  g_autofree char *clean = kmsctl_make_printable (prompt);
  g_autofree char *text = g_strconcat (clean, end, NULL);

  if (write (tty, text, strlen (text)) < 0)
    g_debug ("can't write to the terminal: %s", g_strerror (errno));
}

static KmsSecret *
ask_once (int tty, const char *prompt, GCancellable *cancellable, GError **error)
{
  if (!silence (tty))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, _ ("can't turn off the terminal's echo: %s"),
                   g_strerror (errno));
      kmsctl_terminal_restore ();
      return NULL;
    }
  show (tty, prompt, ": ");
  KmsSecret *secret = read_line (tty, cancellable, error);
  kmsctl_terminal_restore ();
  show (tty, "", "\n");
  return secret;
}

static KmsSecret *
ask_on_terminal (const char *prompt, gboolean confirm, GCancellable *cancellable, GError **error)
{
  int tty = open_terminal ();
  g_autoptr (KmsSecret) secret = NULL;

  if (tty < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
                   _ ("%s: there is no terminal to ask on; use --passphrase-fd, or stdin for a plaintext"), prompt);
      return NULL;
    }
  secret = ask_once (tty, prompt, cancellable, error);
  if (secret != NULL && confirm)
    {
      g_autoptr (KmsSecret) again = ask_once (tty, _ ("The same again"), cancellable, error);
      if (again == NULL)
        g_clear_pointer (&secret, kms_secret_unref);
      else if (!kms_secret_equal (secret, again))
        {
          g_clear_pointer (&secret, kms_secret_unref);
          g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                               _ ("the two answers differ; nothing was changed"));
        }
    }
  close (tty);
  return g_steal_pointer (&secret);
}

KmsSecret *
kmsctl_ask_secret (Kmsctl *self, const char *prompt, gboolean confirm, GError **error)
{
  if (self->no_ask || self->json)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   _ ("%s: nobody is asked because of --%s; use --passphrase-fd, or stdin for a plaintext"), prompt,
                   self->json ? "json" : "no-ask");
      return NULL;
    }
  return ask_on_terminal (prompt, confirm, self->cancellable, error);
}

/* A line for each question; the last line answers all that follow. */
static KmsSecret *
next_passphrase (int fd, GCancellable *cancellable, GError **error)
{
  static KmsSecret *all;
  static gsize start;
  gsize length;

  if (all == NULL)
    all = kms_secret_new_from_fd (fd, MAX_ANSWER, cancellable, error);
  if (all == NULL)
    {
      g_prefix_error (error, _ ("--passphrase-fd=%d: "), fd);
      return NULL;
    }
  const guint8 *bytes = kms_secret_get_data (all, &length);
  const guint8 *newline = memchr (bytes + start, '\n', length - start);
  gsize end = newline == NULL ? length : (gsize) (newline - bytes);
  KmsSecret *passphrase = kms_secret_new (bytes + start, end - start);
  if (end + 1 < length)
    start = end + 1;
  return passphrase;
}

KmsSecret *
kmsctl_ask_passphrase (Kmsctl *self, const char *prompt, gboolean confirm, GError **error)
{
  if (!kmsctl_flag (self, "passphrase-fd"))
    return kmsctl_ask_secret (self, prompt, confirm, error);
  g_mutex_lock (&lock);
  KmsSecret *passphrase = next_passphrase ((int) kmsctl_number (self, "passphrase-fd", 0), self->cancellable, error);
  g_mutex_unlock (&lock);
  return passphrase;
}

KmsSecret *
kmsctl_ask_for_provider (KmsProvider *provider, const char *prompt, gboolean confirm, GCancellable *cancellable,
                         gpointer kmsctl, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%s: %s", kms_provider_get_name (provider), prompt);

  return kmsctl_ask_passphrase (kmsctl, text, confirm, error);
}

gboolean
kmsctl_confirm (Kmsctl *self, const char *question, gboolean default_answer, GError **error)
{
  if (!kmsctl_can_ask (self))
    return default_answer
           || kmsctl_usage_error (error, _ ("%s There is no terminal to ask on: say --yes if you are sure"), question);
  int tty = open_terminal ();
  show (tty, question, " [y/N] ");
  g_autoptr (KmsSecret) answer = read_line (tty, self->cancellable, error);
  close (tty);
  if (answer == NULL)
    return FALSE;
  gsize length;
  const guint8 *bytes = kms_secret_get_data (answer, &length);
  if (length > 0 && (bytes[0] == 'y' || bytes[0] == 'Y'))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FAILED, _ ("not confirmed; nothing was changed"));
  return FALSE;
}
