/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keystores: what is kept, and what is refused. */
#include "keystore-fixture.h"

#include "key-file.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static LocalKey *
create (Keystore *keystore, const char *name)
{
  g_autoptr (GError) error = NULL;
  LocalKey *key = keystore_create_key (keystore, name, "Rows of the shop", NULL, &error);

  g_assert_no_error (error);
  return key;
}

static LocalKey *
try_read (Fixture *fixture, const char *name, GError **error)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  FileStamp stamp;

  return keystore_read_key (keystore, name, &stamp, NULL, error);
}

static void
assert_read_fails (Fixture *fixture, const char *name, KmsError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  LocalKey *key = try_read (fixture, name, &error);

  assert_fails (key != NULL, &error, code, part);
}

static void
assert_list_fails (Fixture *fixture, KmsError code)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  g_autoptr (GError) error = NULL;
  GPtrArray *keys = keystore_list_keys (keystore, NULL, NULL, &error);

  assert_fails (keys != NULL, &error, code, "");
}

static guint
mode_of (Fixture *fixture, const char *name)
{
  g_autofree char *path = fixture_path (fixture, name);
  struct stat info;

  g_assert_cmpint (stat (path, &info), ==, 0);
  return info.st_mode & 07777;
}

static void
test_create (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) key = NULL;
  g_autoptr (LocalKey) again = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  key = create (keystore, "orders");
  again = try_read (&fixture, "orders", &error);
  g_assert_no_error (error);
  assert_same_versions (key, again, 1);
  g_assert_cmpstr (again->description, ==, "Rows of the shop");
  g_assert_cmpint (again->created, >, 1700000000);
  g_assert_cmpint (again->deletion, ==, 0);
  g_assert_cmpuint (mode_of (&fixture, "."), ==, 0700);
  g_assert_cmpuint (mode_of (&fixture, "root"), ==, 0600);
  g_assert_cmpuint (mode_of (&fixture, "root.key"), ==, 0600);
  g_assert_cmpuint (mode_of (&fixture, "orders.kmskey"), ==, 0600);

  key = (local_key_unref (key), keystore_create_key (keystore, "orders", NULL, NULL, &error));
  assert_fails (key != NULL, &error, KMS_ERROR_ALREADY_EXISTS, "kmsctl key rotate local/orders");
}

static void
test_missing (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;
  LocalKey *key;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  keys = keystore_list_keys (keystore, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_NOT_FOUND, "kmsctl key create local/orders");
  key = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  assert_fails (key != NULL, &error, KMS_ERROR_NOT_FOUND, "kmsctl key create local/orders");
  g_assert_false (g_file_test (fixture.directory, G_FILE_TEST_EXISTS));

  key = create (keystore, "other");
  local_key_unref (key);
  assert_read_fails (&fixture, "orders", KMS_ERROR_NOT_FOUND, "kmsctl key create local/orders");
}

static void
test_names (void)
{
  const char *const bad[] = { "", ".", "..", ".lock", "-x", "a/b", "../x", "a b", "a\n", "\xc3\xa9", "\xff", "a:b" };
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *longest = g_strnfill (127, 'a');
  g_autofree char *too_long = g_strnfill (128, 'a');
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      LocalKey *key = keystore_create_key (keystore, bad[i], NULL, NULL, &error);

      assert_fails (key != NULL, &error, KMS_ERROR_INVALID_ARGUMENT, "can't be the name of a local key");
      assert_read_fails (&fixture, bad[i], KMS_ERROR_INVALID_ARGUMENT, "can't be the name");
    }
  assert_read_fails (&fixture, too_long, KMS_ERROR_INVALID_ARGUMENT, "127");
  local_key_unref (create (keystore, longest));
  local_key_unref (create (keystore, "root"));
  local_key_unref (create (keystore, "Ab.c_d-9"));
}

static void
test_rotate (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) first = NULL;
  g_autoptr (LocalKey) second = NULL;
  g_autoptr (LocalKey) read = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  first = create (keystore, "orders");
  second = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  g_assert_no_error (error);
  read = try_read (&fixture, "orders", &error);
  g_assert_no_error (error);
  assert_same_versions (first, read, 1);
  assert_same_versions (second, read, 2);
  g_assert_cmpuint (local_key_get_newest (read)->number, ==, 2);
}

static gboolean
expire (LocalKey *key, gpointer data, GError **error)
{
  key->deletion = 1;
  return TRUE;
}

static void
test_expired (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LocalKey) first = NULL;
  g_autoptr (LocalKey) second = NULL;
  g_autofree char *path = NULL;

  fixture_init (&fixture);
  path = fixture_path (&fixture, "orders.kmskey");
  keystore = fixture_open (&fixture, NULL);
  first = create (keystore, "orders");
  local_key_unref (keystore_change_key (keystore, "orders", expire, NULL, NULL, &error));
  g_assert_no_error (error);
  assert_read_fails (&fixture, "orders", KMS_ERROR_NOT_FOUND, "no key \"orders\"");

  /* Who lists or changes keys sweeps it away. */
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  keys = keystore_list_keys (keystore, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  second = create (keystore, "orders");
  g_assert_cmpint (memcmp (first->uid, second->uid, sizeof first->uid), !=, 0);
}

static void
damage_every_byte (Fixture *fixture, const char *file)
{
  gsize length;
  g_autofree char *good = fixture_read (fixture, file, &length);

  for (gsize i = 0; i < length; i++)
    {
      g_autofree char *bad = g_memdup2 (good, length);
      g_autoptr (GError) error = NULL;
      LocalKey *key;

      fixture_write (fixture, file, good, i);
      key = try_read (fixture, "orders", &error);
      g_assert_null (key);
      g_assert_nonnull (error);
      g_clear_error (&error);

      bad[i] ^= 1;
      fixture_write (fixture, file, bad, length);
      key = try_read (fixture, "orders", &error);
      g_assert_null (key);
      g_assert_nonnull (error);
    }
  fixture_write (fixture, file, good, length);
}

/* It can end anywhere. */
static void
cut_at_every_length (Fixture *fixture, const char *name)
{
  gsize length;
  g_autofree char *good = fixture_read (fixture, name, &length);

  for (gsize i = 0; i < length; i++)
    {
      fixture_write (fixture, name, good, i);
      assert_read_fails (fixture, "orders", KMS_ERROR_INTEGRITY, "a backup");
    }
  fixture_write (fixture, name, good, length);
}

static void
test_damaged (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *big = g_strnfill (KEY_FILE_MAX_SIZE + 1, 'x');
  g_autofree char *good = NULL;
  gsize length;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  damage_every_byte (&fixture, "orders.kmskey");
  damage_every_byte (&fixture, "root");
  cut_at_every_length (&fixture, "orders.kmskey");
  cut_at_every_length (&fixture, "root");
  cut_at_every_length (&fixture, "root.key");

  good = fixture_read (&fixture, "orders.kmskey", &length);
  fixture_write (&fixture, "orders.kmskey", good, length / 2);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "orders.kmskey: it is cut short");
  fixture_write (&fixture, "orders.kmskey", "", 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "does not begin with \"libkms-key\"");
  fixture_write (&fixture, "orders.kmskey", big, KEY_FILE_MAX_SIZE + 1);
  assert_read_fails (&fixture, "orders", KMS_ERROR_TOO_LARGE, "1048577 bytes");
  fixture_write (&fixture, "orders.kmskey", "libkms-key 2\n", 13);
  assert_read_fails (&fixture, "orders", KMS_ERROR_NOT_SUPPORTED, "update libkms");
}

static char *
replace_in (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, 2);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  return g_strjoinv (to, parts);
}

static gboolean
disable (LocalKey *key, gpointer data, GError **error)
{
  key->disabled = TRUE;
  return TRUE;
}

/* Somebody who can write the file, and knows how a checksum is made, but has no root. */
static void
test_forged (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *enabled = NULL, *other = NULL;
  gsize length;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  local_key_unref (create (keystore, "users"));
  local_key_unref (keystore_change_key (keystore, "orders", disable, NULL, NULL, &error));
  g_assert_no_error (error);

  text = fixture_read (&fixture, "orders.kmskey", &length);
  *strstr (text, "sum: ") = '\0';
  fixture_write_with_sum (&fixture, "orders.kmskey", text);
  local_key_unref (try_read (&fixture, "orders", &error));
  g_assert_no_error (error);

  enabled = replace_in (text, "state: disabled", "state: enabled");
  fixture_write_with_sum (&fixture, "orders.kmskey", enabled);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "somebody edited it");

  other = fixture_read (&fixture, "users.kmskey", &length);
  fixture_write (&fixture, "orders.kmskey", other, length);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "holds the key \"users\"");
  *strstr (other, "sum: ") = '\0';
  text = (g_free (text), replace_in (other, "name: users", "name: orders"));
  fixture_write_with_sum (&fixture, "orders.kmskey", text);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "somebody edited it");
}

static void
test_other_root (void)
{
  g_auto (Fixture) fixture = { 0 }, stranger = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (Keystore) strange = NULL;
  g_autofree char *key = NULL, *root = NULL, *path = NULL;
  g_autoptr (GError) error = NULL;
  LocalKey *created;
  gsize length;

  fixture_init (&fixture);
  fixture_init (&stranger);
  keystore = fixture_open (&fixture, NULL);
  strange = fixture_open (&stranger, NULL);
  local_key_unref (create (keystore, "orders"));
  local_key_unref (create (strange, "foreign"));

  key = fixture_read (&stranger, "foreign.kmskey", &length);
  fixture_write (&fixture, "foreign.kmskey", key, length);
  assert_read_fails (&fixture, "foreign", KMS_ERROR_CREDENTIALS, "another root");
  root = fixture_read (&stranger, "root.key", &length);
  fixture_write (&fixture, "root.key", root, length);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CREDENTIALS, "another keystore");
  fixture_write (&fixture, "root.key", root, 20);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "cut short");
  path = fixture_path (&fixture, "root.key");
  g_assert_cmpint (unlink (path), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CREDENTIALS, "root.key: there is no such file");
  assert_list_fails (&fixture, KMS_ERROR_CREDENTIALS);

  g_free (path);
  path = fixture_path (&fixture, "root");
  g_assert_cmpint (unlink (path), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_INTEGRITY, "has no file \"root\"");
  assert_list_fails (&fixture, KMS_ERROR_INTEGRITY);
  keystore_free (g_steal_pointer (&keystore));
  keystore = fixture_open (&fixture, NULL);
  created = keystore_create_key (keystore, "new", NULL, NULL, &error);
  assert_fails (created != NULL, &error, KMS_ERROR_INTEGRITY, "\"root\" is missing");
}

static void
test_permissions (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *key = NULL, *root_key = NULL, *target = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  key = fixture_path (&fixture, "orders.kmskey");
  root_key = fixture_path (&fixture, "root.key");
  target = fixture_path (&fixture, "target");

  g_assert_cmpint (chmod (fixture.directory, 0777), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CONFIG, "chmod go-w");
  g_assert_cmpint (chmod (fixture.directory, 0700), ==, 0);
  g_assert_cmpint (chmod (key, 0666), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CONFIG, "orders.kmskey has mode 0666, so others could change it");
  g_assert_cmpint (chmod (key, 0600), ==, 0);
  g_assert_cmpint (chmod (root_key, 0644), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CREDENTIALS, "chmod go-rwx");
  g_assert_cmpint (chmod (root_key, 0600), ==, 0);
  g_assert_cmpint (rename (key, target), ==, 0);
  g_assert_cmpint (symlink (target, key), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CONFIG, "symbolic link");
  g_assert_cmpint (rename (target, key), ==, 0);
  if (geteuid () != 0)
    return;
  g_assert_cmpint (chown (key, NOBODY, NOBODY), ==, 0);
  assert_read_fails (&fixture, "orders", KMS_ERROR_CONFIG, "belongs to user 65534");
}

static int
read_as_other (Fixture *fixture, gpointer data)
{
  g_autoptr (GError) error = NULL;
  LocalKey *key = try_read (fixture, "orders", &error);

  return key == NULL && g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED)
             && strstr (error->message, "run as the keystore's owner") != NULL
           ? 0
           : 1;
}

static int
use_read_only (Fixture *fixture, gpointer data)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  g_autoptr (LocalKey) key = keystore_read_key (keystore, "orders", data, NULL, NULL);
  g_autoptr (GError) error = NULL;
  LocalKey *rotated;

  if (key == NULL)
    return 1;
  rotated = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  return rotated == NULL && g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED)
             && strstr (error->message, "read-only") != NULL
           ? 0
           : 2;
}

static void
test_other_user (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  FileStamp stamp;
  const char *const files[] = { "root", "root.key", "orders.kmskey" };

  if (geteuid () != 0)
    {
      g_test_skip ("only root can become another user");
      return;
    }
  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  g_assert_cmpint (run_child (&fixture, NOBODY, read_as_other, NULL), ==, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = fixture_path (&fixture, files[i]);

      g_assert_cmpint (chown (path, NOBODY, NOBODY), ==, 0);
    }
  g_assert_cmpint (chmod (fixture.directory, 0755), ==, 0);
  g_assert_cmpint (run_child (&fixture, NOBODY, use_read_only, &stamp), ==, 0);
}

static int
rotate_with_full_disk (Fixture *fixture, gpointer data)
{
  const struct rlimit tiny = { 100, 100 };
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  g_autoptr (GError) error = NULL;
  LocalKey *key;

  signal (SIGXFSZ, SIG_IGN);
  if (setrlimit (RLIMIT_FSIZE, &tiny) < 0)
    return 1;
  key = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  return key == NULL && error != NULL && strstr (error->message, "nothing was changed") != NULL ? 0 : 2;
}

static void
test_full_disk (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) key = NULL;
  g_autoptr (LocalKey) read = NULL;
  g_autofree char *leftover = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  key = create (keystore, "orders");
  g_assert_cmpint (run_child (&fixture, 0, rotate_with_full_disk, NULL), ==, 0);
  leftover = fixture_path (&fixture, ".new");
  g_assert_false (g_file_test (leftover, G_FILE_TEST_EXISTS));
  read = try_read (&fixture, "orders", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read->versions->len, ==, 1);
  assert_same_versions (key, read, 1);
}

static int
read_in_child (Fixture *fixture, gpointer data)
{
  FileStamp stamp;
  LocalKey *key;

  keystore_after_fork (data);
  key = keystore_read_key (data, "orders", &stamp, NULL, NULL);
  return key != NULL && kms_secret_get_data (local_key_get_newest (key)->secret, NULL) != NULL ? 0 : 1;
}

static void
test_fork (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  g_assert_cmpint (run_child (&fixture, 0, read_in_child, keystore), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keystore/create", test_create);
  g_test_add_func ("/keystore/missing", test_missing);
  g_test_add_func ("/keystore/names", test_names);
  g_test_add_func ("/keystore/rotate", test_rotate);
  g_test_add_func ("/keystore/expired", test_expired);
  g_test_add_func ("/keystore/damaged", test_damaged);
  g_test_add_func ("/keystore/forged", test_forged);
  g_test_add_func ("/keystore/other-root", test_other_root);
  g_test_add_func ("/keystore/permissions", test_permissions);
  g_test_add_func ("/keystore/other-user", test_other_user);
  g_test_add_func ("/keystore/full-disk", test_full_disk);
  g_test_add_func ("/keystore/fork", test_fork);
  return g_test_run ();
}
