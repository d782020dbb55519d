/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roots of keystores, changing them, and exported keys. */
#include "keystore-fixture.h"

#include "key-export.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static KmsSecret *
secret (const char *text)
{
  return kms_secret_new ((const guint8 *) text, strlen (text));
}

static LocalKey *
create (Keystore *keystore, const char *name)
{
  g_autoptr (GError) error = NULL;
  LocalKey *key = keystore_create_key (keystore, name, NULL, NULL, &error);

  g_assert_no_error (error);
  return key;
}

static LocalKey *
read_key (Keystore *keystore, const char *name, GError **error)
{
  FileStamp stamp;

  return keystore_read_key (keystore, name, &stamp, NULL, error);
}

static void
assert_root (Keystore *keystore, const char *expected, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *root = NULL;
  g_autofree char *description = keystore_describe_root (keystore, &root, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (root, ==, expected);
  g_assert_nonnull (strstr (description, words));
}

static void
test_file_elsewhere (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autofree char *root_file = NULL;
  g_autofree char *beside = NULL;

  fixture_init (&fixture);
  root_file = g_build_filename (fixture.top, "elsewhere", NULL);
  beside = fixture_path (&fixture, "root.key");
  keystore = fixture_open_with (&fixture, "file", root_file, NULL);
  assert_root (keystore, NULL, "none yet");
  local_key_unref (create (keystore, "orders"));
  g_assert_true (g_file_test (root_file, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (beside, G_FILE_TEST_EXISTS));
  assert_root (keystore, "file", "nobody has both");
}

static void
test_file (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  assert_root (keystore, "file", "protects against nothing but the loss of a disk");
  g_assert_cmpuint (fixture.n_asked, ==, 0);
}

static void
test_passphrase (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL, other = NULL;
  g_autoptr (LocalKey) key = NULL, again = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, "passphrase");
  key = create (keystore, "orders");
  local_key_unref (create (keystore, "users"));
  g_assert_cmpuint (fixture.n_asked, ==, 1);
  assert_root (keystore, "passphrase", "600000 rounds");

  other = fixture_open (&fixture, NULL);
  fixture.passphrase = "wrong";
  again = read_key (other, "orders", &error);
  assert_fails (again != NULL, &error, KMS_ERROR_CREDENTIALS, "is not the passphrase of the keystore");
  fixture.passphrase = NULL;
  again = read_key (other, "orders", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* What was wrong is not kept, what is right is. */
  fixture.passphrase = "correct horse";
  again = read_key (other, "orders", &error);
  g_assert_no_error (error);
  assert_same_versions (key, again, 1);
  local_key_unref (read_key (other, "users", &error));
  g_assert_cmpuint (fixture.n_asked, ==, 4);
}

static void
test_passphrase_file (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL, other = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  LocalKey *key;

  fixture_init (&fixture);
  path = g_build_filename (fixture.top, "passphrase", NULL);
  g_assert_true (g_file_set_contents_full (path, "correct horse\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  keystore = fixture_open_with (&fixture, "passphrase", NULL, path);
  local_key_unref (create (keystore, "orders"));
  g_assert_cmpuint (fixture.n_asked, ==, 0);

  /* The newline is no part of it: the same can be typed. */
  other = fixture_open (&fixture, NULL);
  local_key_unref (read_key (other, "orders", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fixture.n_asked, ==, 1);

  g_assert_cmpint (chmod (path, 0644), ==, 0);
  g_clear_pointer (&other, keystore_free);
  other = fixture_open_with (&fixture, NULL, NULL, path);
  key = read_key (other, "orders", &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CONFIG, "chmod go-rwx");
  g_assert_true (g_file_set_contents_full (path, "wrong\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  g_assert_cmpint (chmod (path, 0600), ==, 0);
  key = read_key (other, "orders", &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CREDENTIALS, "does not hold the passphrase");
}

static void
test_credential (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL, other = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  LocalKey *key;

  fixture_init (&fixture);
  path = g_build_filename (fixture.top, "kms-root", NULL);
  keystore = fixture_open (&fixture, "credential:kms-root");
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  key = keystore_create_key (keystore, "orders", NULL, NULL, &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CREDENTIALS, "LoadCredentialEncrypted=kms-root");
  g_setenv ("CREDENTIALS_DIRECTORY", fixture.top, TRUE);
  g_assert_true (g_file_set_contents (path, "short", -1, NULL));
  key = keystore_create_key (keystore, "orders", NULL, NULL, &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CREDENTIALS, "only 5 bytes");
  g_assert_true (g_file_set_contents (path, "0123456789abcdef0123456789abcdef", -1, NULL));
  local_key_unref (create (keystore, "orders"));
  assert_root (keystore, "credential:kms-root", "\"kms-root\"");

  g_assert_true (g_file_set_contents (path, "0123456789abcdef0123456789abcdeX", -1, NULL));
  other = fixture_open (&fixture, NULL);
  key = read_key (other, "orders", &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CREDENTIALS, "is not the credential");
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

static void
test_conflict (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  LocalKey *key;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  other = fixture_open (&fixture, "passphrase");
  key = read_key (other, "orders", &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CONFIG, "kmsctl key root local --change passphrase");
  assert_fails (keystore_change_root (other, "file", NULL, &error), &error, KMS_ERROR_CONFIG, "Root=passphrase");
  assert_fails (keystore_change_root (other, "stone", NULL, &error), &error, KMS_ERROR_CONFIG, "\"stone\"");

  /* The command that the message names is the way out. */
  g_assert_true (keystore_change_root (other, "passphrase", NULL, &error));
  g_assert_no_error (error);
  local_key_unref (read_key (other, "orders", &error));
  g_assert_no_error (error);
}

static void
change_and_check (Fixture *fixture, const char *root, LocalKey *expected)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  g_autoptr (Keystore) fresh = fixture_open (fixture, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LocalKey) key = NULL, warm = NULL;
  g_autofree char *text = NULL;
  gsize length;

  local_key_unref (read_key (fresh, "orders", &error));
  g_assert_no_error (error);
  g_assert_true (keystore_change_root (keystore, root, NULL, &error));
  g_assert_no_error (error);
  assert_root (keystore, root, "");
  warm = read_key (fresh, "orders", &error);
  g_assert_no_error (error);
  assert_same_versions (expected, warm, 2);
  keystore_free (g_steal_pointer (&fresh));
  fresh = fixture_open (fixture, NULL);
  key = read_key (fresh, "orders", &error);
  g_assert_no_error (error);
  assert_same_versions (expected, key, 2);

  /* The old master is gone. */
  text = fixture_read (fixture, "root", &length);
  g_assert_null (strstr (strstr (text, "master: ") + 1, "master: "));
}

static void
test_change (void)
{
  const char *const roots[] = { "file", "passphrase", "passphrase", "credential:c", "file", "credential:c" };
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) key = NULL;
  g_autofree char *credential = NULL, *root_key = NULL, *old_root = NULL, *old_root_key = NULL;
  g_autoptr (GError) error = NULL;
  gsize length, old_length;

  fixture_init (&fixture);
  credential = g_build_filename (fixture.top, "c", NULL);
  g_assert_true (g_file_set_contents (credential, "0123456789abcdef0123456789abcdef", -1, NULL));
  g_setenv ("CREDENTIALS_DIRECTORY", fixture.top, TRUE);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (create (keystore, "orders"));
  key = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  g_assert_no_error (error);
  old_root = fixture_read (&fixture, "root", &old_length);
  old_root_key = fixture_read (&fixture, "root.key", &length);
  g_assert_cmpuint (length, ==, 48);
  for (gsize i = 0; i < G_N_ELEMENTS (roots); i++)
    change_and_check (&fixture, roots[i], key);
  root_key = fixture_path (&fixture, "root.key");
  g_assert_false (g_file_test (root_key, G_FILE_TEST_EXISTS));

  /* Who kept the first root reads nothing of what is written now. */
  fixture_write (&fixture, "root", old_root, old_length);
  fixture_write (&fixture, "root.key", old_root_key, length);
  keystore_free (g_steal_pointer (&keystore));
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (key);
  key = read_key (keystore, "orders", &error);
  assert_fails (key != NULL, &error, KMS_ERROR_CREDENTIALS, "another root");
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

static void
test_export (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) key = NULL, imported = NULL;
  g_autoptr (KmsSecret) passphrase = secret ("over the phone");
  g_autoptr (GBytes) exported = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *mailed = NULL;
  const char *text;
  gsize length;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (keystore_create_key (keystore, "orders", "Bestellungen für später", NULL, &error));
  key = keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error);
  exported = key_export_write (key, passphrase, &error);
  g_assert_no_error (error);
  text = g_bytes_get_data (exported, &length);
  g_assert_true (g_str_has_prefix (text, "-----BEGIN LIBKMS KEY-----\n"));
  for (gsize i = 0; i < length; i++)
    g_assert_true (text[i] == '\n' || g_ascii_isprint (text[i]));

  mailed = g_strdup_printf ("Hello,\r\nhere it is:\r\n%.*s\r\n--\r\nme\r\n", (int) length, text);
  imported = key_export_read (mailed, strlen (mailed), "copy", passphrase, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (imported->name, ==, "copy");
  g_assert_cmpstr (imported->description, ==, "Bestellungen für später");
  g_assert_cmpint (imported->created, ==, key->created);
  assert_same_versions (key, imported, 2);
  g_assert_cmpuint (imported->versions->len, ==, 2);
}

static void
test_export_refused (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) key = NULL;
  g_autoptr (KmsSecret) passphrase = secret ("right"), wrong = secret ("wrong"), empty = secret ("");
  g_autoptr (GBytes) exported = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *huge = g_strnfill (KEY_EXPORT_MAX_SIZE + 1, 'A');
  LocalKey *imported;
  gsize length;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  key = create (keystore, "orders");
  exported = key_export_write (key, empty, &error);
  assert_fails (exported != NULL, &error, KMS_ERROR_INVALID_ARGUMENT, "empty passphrase");
  exported = key_export_write (key, passphrase, &error);
  length = g_bytes_get_size (exported);
  text = g_strndup (g_bytes_get_data (exported, NULL), length);

  imported = key_export_read (text, length, "x", wrong, &error);
  assert_fails (imported != NULL, &error, KMS_ERROR_INVALID_CIPHERTEXT, "passphrase is wrong");
  imported = key_export_read (text, length - 30, "x", passphrase, &error);
  assert_fails (imported != NULL, &error, KMS_ERROR_INTEGRITY, "not a whole exported key");
  imported = key_export_read (huge, KEY_EXPORT_MAX_SIZE + 1, "x", passphrase, &error);
  assert_fails (imported != NULL, &error, KMS_ERROR_TOO_LARGE, "at most");
  text[100] = text[100] == 'A' ? 'B' : 'A';
  imported = key_export_read (text, length, "x", passphrase, &error);
  assert_fails (imported != NULL, &error, KMS_ERROR_INVALID_CIPHERTEXT, "the file was changed");
  imported = keystore_add_key (keystore, key, NULL, &error);
  assert_fails (imported != NULL, &error, KMS_ERROR_ALREADY_EXISTS, "take another name");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keystore/root/file", test_file);
  g_test_add_func ("/keystore/root/file-elsewhere", test_file_elsewhere);
  g_test_add_func ("/keystore/root/passphrase", test_passphrase);
  g_test_add_func ("/keystore/root/passphrase-file", test_passphrase_file);
  g_test_add_func ("/keystore/root/credential", test_credential);
  g_test_add_func ("/keystore/root/conflict", test_conflict);
  g_test_add_func ("/keystore/root/change", test_change);
  g_test_add_func ("/keystore/export/round-trip", test_export);
  g_test_add_func ("/keystore/export/refused", test_export_refused);
  return g_test_run ();
}
