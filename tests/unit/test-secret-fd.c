/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets read from and written to descriptors: whole, within limits, in spite of signals, until cancelled. */
#include <libkms/kms.h>

#include <fcntl.h>
#include <glib-unix.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LARGE 200000

static void
open_pipe (int *fds)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, &error));
  g_assert_no_error (error);
}

typedef struct
{
  int fd;
  gsize length;
  pthread_t reader; /* gets a signal before every piece, if it is set */
  gboolean signals;
} Writer;

/* In pieces, as a pipe brings them; byte i is i % 251. */
static gpointer
write_pieces (gpointer data)
{
  Writer *writer = data;
  guint8 piece[777];

  for (gsize at = 0; at < writer->length;)
    {
      gsize n = MIN (sizeof piece, writer->length - at);
      for (gsize i = 0; i < n; i++)
        piece[i] = (guint8) ((at + i) % 251);
      if (writer->signals)
        pthread_kill (writer->reader, SIGUSR1);
      g_assert_cmpint (write (writer->fd, piece, n), ==, n);
      at += n;
    }
  close (writer->fd);
  return NULL;
}

static void
assert_pattern (KmsSecret *secret, gsize length)
{
  gsize actual;
  const guint8 *bytes = kms_secret_get_data (secret, &actual);

  g_assert_cmpuint (actual, ==, length);
  for (gsize i = 0; i < length; i++)
    if (bytes[i] != i % 251)
      g_assert_cmpuint (bytes[i], ==, i % 251);
}

static void
read_back (gsize length, gsize max_length, gboolean signals, int flags)
{
  int fds[2];
  g_autoptr (GError) error = NULL;

  open_pipe (fds);
  g_assert_cmpint (fcntl (fds[0], F_SETFL, flags), ==, 0);
  Writer writer = { fds[1], length, pthread_self (), signals };
  GThread *thread = g_thread_new ("write", write_pieces, &writer);
  g_autoptr (KmsSecret) secret = kms_secret_new_from_fd (fds[0], max_length, NULL, &error);
  g_thread_join (thread);
  close (fds[0]);
  g_assert_no_error (error);
  assert_pattern (secret, length);
}

static void
test_read (void)
{
  static const gsize lengths[] = { 0, 1, 32, 4095, 4096, 4097, 8192, LARGE };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      read_back (lengths[i], lengths[i], FALSE, 0);
      read_back (lengths[i], 1024 * 1024, FALSE, 0);
      read_back (lengths[i], 1024 * 1024, FALSE, O_NONBLOCK);
    }
}

static void
ignore_signal (int number)
{
}

static void
test_read_signals (void)
{
  struct sigaction action = { .sa_handler = ignore_signal };

  /* Without SA_RESTART. */
  g_assert_cmpint (sigaction (SIGUSR1, &action, NULL), ==, 0);
  read_back (LARGE, LARGE, TRUE, 0);
}

/* One byte too many is an error that names the limit, and no more than that byte is taken. */
static void
test_read_too_large (void)
{
  static const gsize limits[] = { 0, 1, 100, 4095, 4096, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autofree char *limit = g_strdup_printf ("%" G_GSIZE_FORMAT, limits[i]);
      g_autofree char *name = NULL;
      g_autoptr (GError) error = NULL;
      int fd = g_file_open_tmp ("kms-test-XXXXXX", &name, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ftruncate (fd, (off_t) limits[i] + 5000), ==, 0);

      g_assert_null (kms_secret_new_from_fd (fd, limits[i], NULL, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
      g_assert_nonnull (strstr (error->message, limit));
      g_assert_cmpint (lseek (fd, 0, SEEK_CUR), ==, limits[i] + 1);
      close (fd);
      unlink (name);
    }
}

static void
test_read_endless (void)
{
  g_autoptr (GError) error = NULL;
  int fd = open ("/dev/zero", O_RDONLY | O_CLOEXEC);

  g_assert_null (kms_secret_new_from_fd (fd, LARGE, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
  close (fd);
}

static void
test_read_fails (void)
{
  g_autoptr (GError) error = NULL;
  int fd = open ("/", O_RDONLY | O_CLOEXEC);

  g_assert_null (kms_secret_new_from_fd (fd, 10, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  close (fd);
}

static gpointer
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* A pipe that nobody writes to. */
static void
test_read_cancelled (void)
{
  int fds[2];
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  open_pipe (fds);
  GThread *thread = g_thread_new ("cancel", cancel, cancellable);
  g_assert_null (kms_secret_new_from_fd (fds[0], 100, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  close (fds[0]);
  close (fds[1]);
}

static KmsSecret *
make_pattern (gsize length)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (length, &bytes);

  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (i % 251);
  kms_secret_commit (secret, length);
  return secret;
}

static gpointer
write_secret (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);
  g_autoptr (KmsSecret) secret = make_pattern (LARGE);
  g_autoptr (GError) error = NULL;
  gboolean written = kms_secret_write_to_fd (secret, fd, NULL, &error);

  close (fd);
  return GINT_TO_POINTER (written && error == NULL);
}

/* More than a pipe holds. */
static void
test_write (void)
{
  int fds[2];
  g_autoptr (GError) error = NULL;

  open_pipe (fds);
  GThread *thread = g_thread_new ("write", write_secret, GINT_TO_POINTER (fds[1]));
  g_autoptr (KmsSecret) secret = kms_secret_new_from_fd (fds[0], LARGE, NULL, &error);
  g_assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
  g_assert_no_error (error);
  assert_pattern (secret, LARGE);
  close (fds[0]);
}

/* A pipe that nobody reads from. */
static void
test_write_cancelled (void)
{
  int fds[2];
  g_autoptr (KmsSecret) secret = make_pattern (LARGE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  open_pipe (fds);
  GThread *thread = g_thread_new ("cancel", cancel, cancellable);
  g_assert_false (kms_secret_write_to_fd (secret, fds[1], cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  close (fds[0]);
  close (fds[1]);
}

static void
test_write_fails (void)
{
  g_autoptr (KmsSecret) secret = make_pattern (100);
  g_autoptr (GError) error = NULL;
  int fd = open ("/dev/full", O_WRONLY | O_CLOEXEC);

  g_assert_false (kms_secret_write_to_fd (secret, fd, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/fd/read", test_read);
  g_test_add_func ("/secret/fd/read-signals", test_read_signals);
  g_test_add_func ("/secret/fd/read-too-large", test_read_too_large);
  g_test_add_func ("/secret/fd/read-endless", test_read_endless);
  g_test_add_func ("/secret/fd/read-fails", test_read_fails);
  g_test_add_func ("/secret/fd/read-cancelled", test_read_cancelled);
  g_test_add_func ("/secret/fd/write", test_write);
  g_test_add_func ("/secret/fd/write-cancelled", test_write_cancelled);
  g_test_add_func ("/secret/fd/write-fails", test_write_fails);
  return g_test_run ();
}
