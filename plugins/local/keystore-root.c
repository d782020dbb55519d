/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making, changing and describing the root of a keystore.
 *
 * A change has three steps, each of them a file replaced whole. (1) The root file is written under the new root with
 * two master keys in it, a new one and the old one: from here on the new root opens everything, and until then the old
 * one does. (2) Every key file is written under the new master. (3) The root file is written again without the old
 * master, so that who knew the old root and has an old copy of the root file can't read what comes later. Whoever takes
 * the lock and sees two masters continues at (2). */
#include "keystore-private.h"

#include <string.h>

gboolean
keystore_session_write_root (KeystoreSession *session, RootFile *root, KmsSecret *root_key, const MasterKeys *masters,
                             GError **error)
{
  Keystore *self = session->keystore;
  g_autofree char *text = NULL;
  MasterKeys *remembered;
  FileStamp stamp;
  gsize length;

  if (!root_file_wrap (root, root_key, masters, error))
    return FALSE;
  text = root_file_write (root, &length);
  if (!keystore_replace (session->directory, self->directory, ROOT_NAME, (const guint8 *) text, length, error))
    return FALSE;
  keystore_stat (session->directory, ROOT_NAME, &stamp);
  remembered = master_keys_copy (masters);
  g_mutex_lock (&self->lock);
  keystore_remember_root (self, root, root_key, remembered, &stamp);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

gboolean
keystore_session_make_root (KeystoreSession *session, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  g_auto (RootChoice) choice = { 0 };
  g_autoptr (RootFile) root = NULL;
  g_autoptr (KmsSecret) root_key = NULL;

  if (!root_choice_parse (&choice, self->root != NULL ? self->root : "file", error))
    return FALSE;
  root = root_file_new (&choice, error);
  if (root == NULL)
    return FALSE;
  root_key = root_source_make (self, session->directory, root, NULL, cancellable, error);
  session->masters = root_key != NULL ? master_keys_new_random (error) : NULL;
  if (session->masters == NULL || !keystore_session_write_root (session, root, root_key, session->masters, error))
    return FALSE;
  session->root = g_steal_pointer (&root);
  return TRUE;
}

/* The root key that belongs to the session's root; it was opened when the masters were. */
static KmsSecret *
dup_root_key (Keystore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->root_key != NULL ? kms_secret_ref (self->root_key) : NULL;
}

static gboolean
rewrap_keys (KeystoreSession *session, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  g_autoptr (GPtrArray) names = keystore_list_names (self, session->directory, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autoptr (LocalKey) key = keystore_read_key_at (self, session->directory, name, NULL, cancellable, error);

      if (key == NULL || !keystore_session_write_key (session, key, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
keystore_session_finish_change (KeystoreSession *session, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  g_autoptr (KmsSecret) root_key = NULL;

  if (session->masters == NULL || session->masters->n_masters < 2)
    return TRUE;
  root_key = dup_root_key (self);
  if (!rewrap_keys (session, cancellable, error) || !root_source_forget_others (self, session->root, error))
    {
      g_prefix_error (error, "the root is changed, but not all keys are under it yet (repeat the command to "
                             "finish): ");
      return FALSE;
    }
  kms_secret_unref (session->masters->masters[1].secret);
  session->masters->n_masters = 1;
  return keystore_session_write_root (session, session->root, root_key, session->masters, error);
}

/* Here the new master first, then the one that opens what is there. */
static MasterKeys *
pair_masters (const MasterKeys *old, GError **error)
{
  MasterKeys *masters = master_keys_new_random (error);

  if (masters == NULL)
    return NULL;
  masters->masters[1] = old->masters[0];
  kms_secret_ref (masters->masters[1].secret);
  masters->n_masters = 2;
  return masters;
}

static gboolean
change_to (KeystoreSession *session, const RootChoice *choice, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  g_autoptr (RootFile) root = root_file_new (choice, error);
  g_autoptr (KmsSecret) root_key = NULL;
  g_autoptr (MasterKeys) masters = NULL;

  if (root == NULL)
    return FALSE;
  root_key = root_source_make (self, session->directory, root, session->root, cancellable, error);
  masters = root_key != NULL ? pair_masters (session->masters, error) : NULL;
  if (masters == NULL || !keystore_session_write_root (session, root, root_key, masters, error))
    return FALSE;
  g_clear_pointer (&session->root, root_file_free);
  g_clear_pointer (&session->masters, master_keys_free);
  session->root = g_steal_pointer (&root);
  session->masters = g_steal_pointer (&masters);
  return keystore_session_finish_change (session, cancellable, error);
}

/* Else the keystore would refuse to open right afterwards. */
static gboolean
check_setting_allows (Keystore *self, const RootChoice *choice, const char *root, GError **error)
{
  g_auto (RootChoice) set = { 0 };

  if (self->root == NULL || !root_choice_parse (&set, self->root, NULL) || root_choice_equal (&set, choice))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s.provider says Root=%s: take that line out or write Root=%s there first, then repeat the command",
               self->label, self->root, root);
  return FALSE;
}

gboolean
keystore_change_root (Keystore *self, const char *root, GCancellable *cancellable, GError **error)
{
  g_auto (RootChoice) choice = { 0 };
  g_auto (KeystoreSession) session = { 0 };

  if (!root_choice_parse (&choice, root, error) || !check_setting_allows (self, &choice, root, error)
      || !keystore_session_begin (&session, self, FALSE, TRUE, cancellable, error))
    return FALSE;
  if (session.root != NULL)
    return change_to (&session, &choice, cancellable, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               "the keystore %s has no root yet: write Root=%s in %s.provider, and create a key", self->directory, root,
               self->label);
  return FALSE;
}

static char *
describe (Keystore *self, const RootFile *root)
{
  g_autofree char *beside = g_path_get_dirname (self->root_file);

  if (root->choice.kind == ROOT_KIND_PASSPHRASE)
    return g_strdup_printf ("passphrase (PBKDF2-HMAC-SHA256, %" G_GINT64_FORMAT
                            " rounds): whoever has the files needs the passphrase too",
                            root->rounds);
  if (root->choice.kind == ROOT_KIND_CREDENTIAL)
    return g_strdup_printf ("credential \"%s\" of the service manager: the files alone open nothing",
                            root->choice.credential);
  if (g_strcmp0 (beside, self->directory) == 0)
    return g_strdup_printf ("file %s, beside the keys: protects against nothing but the loss of a disk or copy "
                            "without that file; for more, change it with: kmsctl key root %s --change passphrase",
                            self->root_file, self->label);
  return g_strdup_printf ("file %s: protects as long as nobody has both the keys and that file", self->root_file);
}

char *
keystore_describe_root (Keystore *self, char **root, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (RootFile) file = NULL;
  int directory = keystore_directory_open (self->directory, &local_error);

  if (root != NULL)
    *root = NULL;
  if (directory >= 0)
    {
      file = keystore_read_root (self, directory, NULL, &local_error);
      keystore_close_fd (&directory);
    }
  if (file != NULL)
    {
      if (root != NULL)
        *root = root_choice_to_string (&file->choice);
      return describe (self, file);
    }
  if (g_error_matches (local_error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return g_strdup_printf ("none yet: the first key that is created in %s makes one (%s)", self->directory,
                            self->root != NULL ? self->root : "file");
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}
