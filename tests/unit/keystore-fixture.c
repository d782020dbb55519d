/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keystore in a temporary directory, and what tests do to it. */
#include "keystore-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void
fixture_init (Fixture *self)
{
  *self = (Fixture){ .top = g_dir_make_tmp ("kms-keystore-XXXXXX", NULL), .passphrase = "correct horse" };
  g_assert_nonnull (self->top);
  g_assert_cmpint (chmod (self->top, 0755), ==, 0);
  self->directory = g_build_filename (self->top, "keys", NULL);
}

static void
remove_tree (const char *path)
{
  GDir *directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_clear_pointer (&directory, g_dir_close);
  g_rmdir (path);
}

void
fixture_clear (Fixture *self)
{
  /* A test that was skipped made nothing. */
  if (self->top != NULL)
    remove_tree (self->top);
  g_free (self->top);
  g_free (self->directory);
}

static KmsSecret *
answer (const char *prompt, gboolean confirm, gpointer data, GCancellable *cancellable, GError **error)
{
  Fixture *self = data;

  self->n_asked++;
  if (self->passphrase != NULL)
    return kms_secret_new ((const guint8 *) self->passphrase, strlen (self->passphrase));
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody answers");
  return NULL;
}

Keystore *
fixture_open_with (Fixture *self, const char *root, const char *root_file, const char *passphrase_file)
{
  KeystoreSettings settings = {
    .label = "local",
    .directory = self->directory,
    .root = root,
    .root_file = root_file,
    .passphrase_file = passphrase_file,
    .ask = answer,
    .ask_data = self,
  };
  g_autoptr (GError) error = NULL;
  Keystore *keystore = keystore_new (&settings, &error);

  g_assert_no_error (error);
  return keystore;
}

Keystore *
fixture_open (Fixture *self, const char *root)
{
  return fixture_open_with (self, root, NULL, NULL);
}

char *
fixture_path (Fixture *self, const char *name)
{
  return g_build_filename (self->directory, name, NULL);
}

char *
fixture_read (Fixture *self, const char *name, gsize *length)
{
  g_autofree char *path = fixture_path (self, name);
  g_autoptr (GError) error = NULL;
  char *data;

  g_file_get_contents (path, &data, length, &error);
  g_assert_no_error (error);
  return data;
}

void
fixture_write (Fixture *self, const char *name, const char *data, gsize length)
{
  g_autofree char *path = fixture_path (self, name);
  int fd;

  /* Truncating would make some file systems write to the disk at once. */
  unlink (path);
  fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, length), ==, (gssize) length);
  g_assert_cmpint (close (fd), ==, 0);
}

void
fixture_write_with_sum (Fixture *self, const char *name, const char *text_without_sum)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text_without_sum, -1);
  g_autofree char *text = g_strdup_printf ("%ssum: %.32s\n", text_without_sum, sum);

  fixture_write (self, name, text, strlen (text));
}

void
assert_fails (gboolean ok, GError **error, KmsError code, const char *part_of_message)
{
  g_assert_false (ok);
  g_assert_error (*error, KMS_ERROR, (int) code);
  if (strstr ((*error)->message, part_of_message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", (*error)->message, part_of_message);
  g_clear_error (error);
}

void
assert_same_versions (LocalKey *a, LocalKey *b, guint n_versions)
{
  g_assert_cmpmem (a->uid, sizeof a->uid, b->uid, sizeof b->uid);
  g_assert_cmpuint (a->versions->len, >=, n_versions);
  g_assert_cmpuint (b->versions->len, >=, n_versions);
  for (guint i = 0; i < n_versions; i++)
    {
      const LocalKeyVersion *first = &g_array_index (a->versions, LocalKeyVersion, i);
      const LocalKeyVersion *second = &g_array_index (b->versions, LocalKeyVersion, i);

      g_assert_cmpuint (first->number, ==, second->number);
      g_assert_true (kms_secret_equal (first->secret, second->secret));
    }
}

int
run_child (Fixture *fixture, uid_t uid, ChildFunc func, gpointer data)
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      if (uid != 0 && (setresgid (uid, uid, uid) < 0 || setresuid (uid, uid, uid) < 0))
        _exit (99);
      _exit (func (fixture, data));
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

gboolean
rotate_change (LocalKey *key, gpointer data, GError **error)
{
  return local_key_add_random_version (key, error);
}
