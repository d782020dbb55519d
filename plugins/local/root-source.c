/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the root key of a keystore comes from: a file, a passphrase, or a credential of the service manager. */
#include "keystore-private.h"
#include "secret-room.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

/* root.key: the magic, then for each root its id and 32 random bytes. Two of them while a root of this kind replaces
 * another one. */
#define FILE_MAGIC "KMSROOT1"
#define FILE_MAGIC_SIZE 8
#define FILE_SOURCE_SIZE 32
#define FILE_ENTRY_SIZE (MASTER_ID_SIZE + FILE_SOURCE_SIZE)
#define FILE_MAX_SIZE (FILE_MAGIC_SIZE + 2 * FILE_ENTRY_SIZE)
#define PASSPHRASE_MAX_SIZE 4096
#define CREDENTIAL_MIN_SIZE 32
#define CREDENTIAL_MAX_SIZE 65536

static KmsSecret *
read_file_entry (Keystore *self, const guint8 *id, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (KmsSecret)
    file = keystore_read_secret (AT_FDCWD, self->root_file, self->root_file, FILE_MAX_SIZE, TRUE, &failure);
  const guint8 *data;
  gsize length;

  if (file == NULL)
    {
      /* Not NOT_FOUND: that is said of keys, and a caller may pass over a key that is gone. */
      gboolean is_missing = g_error_matches (failure, KMS_ERROR, KMS_ERROR_NOT_FOUND);

      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   "the root of the keystore %s is a file, and it can't be used: %s%s", self->directory,
                   failure->message, is_missing ? "; without it no key opens: restore it from a backup" : "");
      return NULL;
    }
  data = kms_secret_get_data (file, &length);
  if (length < FILE_MAGIC_SIZE + FILE_ENTRY_SIZE || memcmp (data, FILE_MAGIC, FILE_MAGIC_SIZE) != 0
      || (length - FILE_MAGIC_SIZE) % FILE_ENTRY_SIZE != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                   "%s is not a root key file of libkms, or it was cut short: restore it from a backup",
                   self->root_file);
      return NULL;
    }
  for (gsize at = FILE_MAGIC_SIZE; at < length; at += FILE_ENTRY_SIZE)
    if (memcmp (data + at, id, MASTER_ID_SIZE) == 0)
      return secret_room_copy (data + at + MASTER_ID_SIZE, FILE_SOURCE_SIZE, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "%s is the root key of another keystore than %s: put the right file there", self->root_file,
               self->directory);
  return NULL;
}

static gboolean
write_file (Keystore *self, KmsSecret *content, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (self->root_file);
  g_autofree char *name = g_path_get_basename (self->root_file);
  int fd = keystore_directory_open (directory, error);
  gsize length;
  const guint8 *data = kms_secret_get_data (content, &length);
  gboolean written;

  if (fd < 0)
    return FALSE;
  written = keystore_replace (fd, directory, name, data, length, error);
  keystore_close_fd (&fd);
  return written;
}

/* One or two entries, in locked memory from end to end. */
static KmsSecret *
build_file (const guint8 *id, KmsSecret *source, const guint8 *old_id, KmsSecret *old_source, GError **error)
{
  gsize n = old_source != NULL ? 2 : 1;
  guint8 *out;
  KmsSecret *content = secret_room_reserve (FILE_MAGIC_SIZE + n * FILE_ENTRY_SIZE, &out, error);

  if (content == NULL)
    return NULL;
  memcpy (out, FILE_MAGIC, FILE_MAGIC_SIZE);
  memcpy (out + FILE_MAGIC_SIZE, id, MASTER_ID_SIZE);
  memcpy (out + FILE_MAGIC_SIZE + MASTER_ID_SIZE, kms_secret_get_data (source, NULL), FILE_SOURCE_SIZE);
  if (old_source != NULL)
    {
      out += FILE_MAGIC_SIZE + FILE_ENTRY_SIZE;
      memcpy (out, old_id, MASTER_ID_SIZE);
      memcpy (out + MASTER_ID_SIZE, kms_secret_get_data (old_source, NULL), FILE_SOURCE_SIZE);
    }
  kms_secret_commit (content, FILE_MAGIC_SIZE + n * FILE_ENTRY_SIZE);
  return content;
}

static KmsSecret *
make_file (Keystore *self, const RootFile *root, const RootFile *old, GError **error)
{
  g_autoptr (KmsSecret) source = kms_secret_new_random (FILE_SOURCE_SIZE, error);
  g_autoptr (KmsSecret) old_source = NULL;
  g_autoptr (KmsSecret) content = NULL;

  if (source == NULL)
    return NULL;
  if (old != NULL && old->choice.kind == ROOT_KIND_FILE)
    {
      old_source = read_file_entry (self, old->id, error);
      if (old_source == NULL)
        return NULL;
    }
  content = build_file (root->id, source, old != NULL ? old->id : NULL, old_source, error);
  return content != NULL && write_file (self, content, error) ? g_steal_pointer (&source) : NULL;
}

static KmsSecret *
read_passphrase_file (Keystore *self, GError **error)
{
  g_autoptr (KmsSecret) file =
    keystore_read_secret (AT_FDCWD, self->passphrase_file, self->passphrase_file, PASSPHRASE_MAX_SIZE, TRUE, error);
  const guint8 *data;
  gsize length;

  if (file == NULL)
    {
      g_prefix_error (error, "PassphraseFile: ");
      return NULL;
    }
  /* Editors end a file with a newline that nobody types at a prompt. */
  data = kms_secret_get_data (file, &length);
  if (length > 0 && data[length - 1] == '\n')
    length--;
  if (length > 0 && data[length - 1] == '\r')
    length--;
  if (length > 0)
    return secret_room_copy (data, length, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "PassphraseFile: %s is empty: write the passphrase there",
               self->passphrase_file);
  return NULL;
}

static KmsSecret *
ask_passphrase (Keystore *self, gboolean is_new, GCancellable *cancellable, GError **error)
{
  g_autofree char *prompt =
    g_strdup_printf (is_new ? "New passphrase of the keystore %s" : "Passphrase of the keystore %s", self->directory);
  g_autoptr (KmsSecret) passphrase = NULL;

  if (self->ask == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   "the keystore %s is protected by a passphrase, and nobody can be asked for it here: set "
                   "PassphraseFile= in %s.provider",
                   self->directory, self->label);
      return NULL;
    }
  passphrase = self->ask (prompt, is_new, self->ask_data, cancellable, error);
  if (passphrase == NULL || kms_secret_get_length (passphrase) > 0)
    return g_steal_pointer (&passphrase);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "an empty passphrase protects nothing: choose another one");
  return NULL;
}

static KmsSecret *
read_credential (const char *name, GError **error)
{
  const char *directory = secure_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *path = NULL;
  g_autoptr (KmsSecret) credential = NULL;

  if (directory == NULL || !g_path_is_absolute (directory))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   "the keystore's root is the credential \"%s\", but CREDENTIALS_DIRECTORY is not set: run it as a "
                   "systemd service with LoadCredentialEncrypted=%s",
                   name, name);
      return NULL;
    }
  path = g_build_filename (directory, name, NULL);
  credential = keystore_read_secret (AT_FDCWD, path, path, CREDENTIAL_MAX_SIZE, FALSE, error);
  if (credential == NULL || kms_secret_get_length (credential) >= CREDENTIAL_MIN_SIZE)
    return g_steal_pointer (&credential);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "the credential %s has only %" G_GSIZE_FORMAT " bytes: a root needs %d random ones at least", path,
               kms_secret_get_length (credential), CREDENTIAL_MIN_SIZE);
  return NULL;
}

static gboolean
fail_wrong_source (Keystore *self, const RootFile *root, GError **error)
{
  const char *source = self->root_file;
  const char *advice = "is damaged: restore it from a backup";

  if (root->choice.kind == ROOT_KIND_PASSPHRASE)
    {
      source = self->passphrase_file != NULL ? self->passphrase_file : "that";
      advice = self->passphrase_file != NULL ? "does not hold the passphrase" : "is not the passphrase";
    }
  else if (root->choice.kind == ROOT_KIND_CREDENTIAL)
    {
      source = root->choice.credential;
      advice = "is not the credential that this root was made of";
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s %s of the keystore %s", source, advice, self->directory);
  return FALSE;
}

KmsSecret *
root_source_open (Keystore *self, int directory, const RootFile *root, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsSecret) source = NULL;
  g_autoptr (KmsSecret) root_key = NULL;

  if (root->choice.kind == ROOT_KIND_FILE)
    source = read_file_entry (self, root->id, error);
  else if (root->choice.kind == ROOT_KIND_CREDENTIAL)
    source = read_credential (root->choice.credential, error);
  else if (self->passphrase_file != NULL)
    source = read_passphrase_file (self, error);
  else
    source = ask_passphrase (self, FALSE, cancellable, error);
  if (source == NULL)
    return NULL;

  root_key = root_file_derive (root, source, error);
  if (root_key == NULL)
    return NULL;
  if (root_file_matches (root, root_key))
    return g_steal_pointer (&root_key);
  fail_wrong_source (self, root, error);
  return NULL;
}

KmsSecret *
root_source_make (Keystore *self, int directory, const RootFile *root, const RootFile *old, GCancellable *cancellable,
                  GError **error)
{
  /* The file holds the passphrase that is in use; a new one can only be asked for. */
  gboolean from_file = self->passphrase_file != NULL && (old == NULL || old->choice.kind != ROOT_KIND_PASSPHRASE);
  g_autoptr (KmsSecret) source = NULL;

  if (root->choice.kind == ROOT_KIND_FILE)
    source = make_file (self, root, old, error);
  else if (root->choice.kind == ROOT_KIND_CREDENTIAL)
    source = read_credential (root->choice.credential, error);
  else if (from_file)
    source = read_passphrase_file (self, error);
  else
    source = ask_passphrase (self, TRUE, cancellable, error);
  return source != NULL ? root_file_derive (root, source, error) : NULL;
}

gboolean
root_source_forget_others (Keystore *self, const RootFile *root, GError **error)
{
  g_autoptr (KmsSecret) source = NULL;
  g_autoptr (KmsSecret) content = NULL;
  g_autofree char *directory = g_path_get_dirname (self->root_file);
  g_autofree char *name = g_path_get_basename (self->root_file);
  gboolean removed;
  int fd;

  if (root->choice.kind == ROOT_KIND_FILE)
    {
      source = read_file_entry (self, root->id, error);
      if (source == NULL)
        return FALSE;
      content = build_file (root->id, source, NULL, NULL, error);
      return content != NULL && write_file (self, content, error);
    }
  if (!g_file_test (self->root_file, G_FILE_TEST_EXISTS))
    return TRUE;
  fd = keystore_directory_open (directory, error);
  if (fd < 0)
    return FALSE;
  removed = keystore_remove (fd, directory, name, error);
  keystore_close_fd (&fd);
  return removed;
}
