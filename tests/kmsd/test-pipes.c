/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets in pipes: what is read is what was written, nothing waits in the main thread, and no descriptor stays. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <pipe-reader.h>
#include <pipe-writer.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 64

typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  GByteArray *bytes; /* of all chunks; NULL with an error */
  GError *error;
  guint n_calls;
} Read;

static void
set_up (Read *self, gconstpointer data)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->cancellable = g_cancellable_new ();
}

static void
tear_down (Read *self, gconstpointer data)
{
  g_main_loop_unref (self->loop);
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  g_clear_error (&self->error);
}

static void
on_read (GPtrArray *chunks, const GError *error, gpointer data)
{
  Read *self = data;

  self->n_calls++;
  self->error = error == NULL ? NULL : g_error_copy (error);
  self->bytes = chunks == NULL ? NULL : g_byte_array_new ();
  for (guint i = 0; chunks != NULL && i < chunks->len; i++)
    {
      gsize length;
      const guint8 *bytes = kms_secret_get_data (g_ptr_array_index (chunks, i), &length);
      g_assert_true (i + 1 == chunks->len || length == CHUNK);
      g_byte_array_append (self->bytes, bytes, (guint) length);
    }
  g_main_loop_quit (self->loop);
}

/* Descriptors are the lowest free ones: the next is the same again unless one stayed open. */
static int
next_descriptor (void)
{
  int fd = dup (STDIN_FILENO);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  return fd;
}

static void
start_reading (Read *self, int fd, gsize max_length)
{
  pipe_read (fd, max_length, CHUNK, self->cancellable, NULL, on_read, self);
}

static void
finish (Read *self)
{
  if (self->n_calls == 0)
    g_main_loop_run (self->loop);
  g_assert_cmpuint (self->n_calls, ==, 1);
  g_assert_true ((self->bytes == NULL) == (self->error != NULL));
}

static void
assert_fails (Read *self, int fd, int code)
{
  start_reading (self, fd, 1000);
  finish (self);
  g_assert_error (self->error, KMS_ERROR, code);
  g_assert_cmpint (fcntl (fd, F_GETFD), <, 0);
  g_clear_error (&self->error);
  self->n_calls = 0;
}

static void
write_bytes (int fd, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint8 byte = (guint8) i;
      g_assert_cmpint (write (fd, &byte, 1), ==, 1);
    }
}

static void
assert_bytes (Read *self, gsize n)
{
  g_assert_no_error (self->error);
  g_assert_cmpuint (self->bytes->len, ==, n);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpuint (self->bytes->data[i], ==, (guint8) i);
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  self->n_calls = 0;
}

/* Around the ends of chunks, and up to the limit; each byte is a write of its own, so also in many buffers. */
static void
test_read (Read *self, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 999, 1000 };
  int ends[2];

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
      write_bytes (ends[1], sizes[i]);
      close (ends[1]);
      start_reading (self, ends[0], 1000);
      finish (self);
      assert_bytes (self, sizes[i]);
      g_assert_cmpint (fcntl (ends[0], F_GETFD), <, 0);
    }
}

static void
test_too_large (Read *self, gconstpointer data)
{
  int ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  write_bytes (ends[1], 1001);
  close (ends[1]);
  assert_fails (self, ends[0], KMS_ERROR_TOO_LARGE);
  /* Nor is the end waited for. */
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  write_bytes (ends[1], 1001);
  assert_fails (self, ends[0], KMS_ERROR_TOO_LARGE);
  close (ends[1]);
}

/* Also if the caller sets its end, which is the same file description, to wait. */
static void
test_writer_is_late (Read *self, gconstpointer data)
{
  int ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  write_bytes (ends[1], 3);
  g_assert_no_errno (fcntl (ends[0], F_SETFL, 0));
  start_reading (self, ends[0], 1000);
  g_assert_cmpuint (self->n_calls, ==, 0);
  g_assert_cmpint (write (ends[1], "\3\4", 2), ==, 2);
  close (ends[1]);
  finish (self);
  assert_bytes (self, 5);
}

static void
test_cancelled (Read *self, gconstpointer data)
{
  int before = next_descriptor (), ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  start_reading (self, ends[0], 1000);
  g_assert_cmpuint (self->n_calls, ==, 0);
  g_cancellable_cancel (self->cancellable);
  finish (self);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fcntl (ends[0], F_GETFD), <, 0);
  close (ends[1]);
  g_assert_cmpint (next_descriptor (), ==, before);
}

static int
new_memory (gsize length, int seals)
{
  int fd = memfd_create ("secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (fd, >=, 0);
  write_bytes (fd, length);
  g_assert_no_errno (fcntl (fd, F_ADD_SEALS, seals));
  return fd;
}

static void
test_memory (Read *self, gconstpointer data)
{
  const int whole = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

  start_reading (self, new_memory (1000, whole), 1000);
  finish (self);
  assert_bytes (self, 1000);
  assert_fails (self, new_memory (1001, whole), KMS_ERROR_TOO_LARGE);
  for (int seal = 1; seal <= whole; seal <<= 1)
    if ((whole & seal) != 0)
      assert_fails (self, new_memory (10, whole & ~seal), KMS_ERROR_INVALID_ARGUMENT);
}

static void
test_no_pipe (Read *self, gconstpointer data)
{
  static const char *const paths[] = { "/dev/zero", "/dev/null", "/etc/passwd", "/", "/proc/self/mem" };
  int ends[2];

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    assert_fails (self, open (paths[i], O_RDONLY | O_CLOEXEC), KMS_ERROR_INVALID_ARGUMENT);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  assert_fails (self, ends[0], KMS_ERROR_INVALID_ARGUMENT);
  close (ends[1]);
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  assert_fails (self, ends[1], KMS_ERROR_INVALID_ARGUMENT);
  close (ends[0]);
}

static void
on_done (gpointer data)
{
  (*(guint *) data)++;
}

static KmsSecret *
new_secret (gsize n)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (n, &bytes);

  g_assert_nonnull (secret);
  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) i;
  kms_secret_commit (secret, n);
  return secret;
}

static void
test_write (Read *self, gconstpointer data)
{
  g_autoptr (KmsSecret) secret = new_secret (4096);
  g_autoptr (KmsSecret) longer = new_secret (4097);
  g_autoptr (GError) error = NULL;
  guint8 byte;
  int fd = pipe_write (secret, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 4096; i++)
    g_assert_true (read (fd, &byte, 1) == 1 && byte == (guint8) i);
  g_assert_cmpint (read (fd, &byte, 1), ==, 0);
  close (fd);
  g_assert_cmpint (pipe_write (longer, &error), <, 0);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
}

/* More than a pipe ever holds: it is written while it is read. */
static void
test_write_on (Read *self, gconstpointer data)
{
  int before = next_descriptor ();
  g_autoptr (KmsSecret) secret = new_secret (1024 * 1024 + 4096);
  g_autoptr (GError) error = NULL;
  guint8 bytes[4096];
  gsize n_read = 0;
  guint n_done = 0;
  int fd = pipe_write_on (secret, on_done, &n_done, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (n_done, ==, 0);
  g_assert_no_errno (fcntl (fd, F_SETFL, O_NONBLOCK));
  for (gssize got = -1; got != 0;)
    {
      got = read (fd, bytes, sizeof bytes);
      g_assert_true (got >= 0 || errno == EAGAIN);
      for (gssize i = 0; i < got; i++, n_read++)
        g_assert_cmpuint (bytes[i], ==, (guint8) n_read);
      if (got < 0)
        g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpuint (n_read, ==, 1024 * 1024 + 4096);
  g_assert_cmpuint (n_done, ==, 1);
  close (fd);
  g_assert_cmpint (next_descriptor (), ==, before);
}

static void
test_reader_leaves (Read *self, gconstpointer data)
{
  int before = next_descriptor ();
  g_autoptr (KmsSecret) secret = new_secret (2 * 1024 * 1024);
  g_autoptr (GError) error = NULL;
  guint n_done = 0;
  int fd = pipe_write_on (secret, on_done, &n_done, &error);

  g_assert_no_error (error);
  close (fd);
  while (n_done == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (next_descriptor (), ==, before);
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/pipes/" name, Read, NULL, set_up, function, tear_down)
  ADD ("read", test_read);
  ADD ("too-large", test_too_large);
  ADD ("writer-is-late", test_writer_is_late);
  ADD ("cancelled", test_cancelled);
  ADD ("memory", test_memory);
  ADD ("no-pipe", test_no_pipe);
  ADD ("write", test_write);
  ADD ("write-on", test_write_on);
  ADD ("reader-leaves", test_reader_leaves);
  return g_test_run ();
}
