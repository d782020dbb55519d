/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writing half of a keystore: everything happens under the lock, on what is read again there. */
#include "key-file.h"
#include "keystore-private.h"

#include <string.h>

static gboolean
load_session (KeystoreSession *session, gboolean any_root, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  FileStamp stamp;

  if (keystore_stat (session->directory, ROOT_NAME, &stamp) && stamp.inode == 0)
    return TRUE;
  session->root = keystore_read_root (self, session->directory, NULL, error);
  if (session->root == NULL)
    return FALSE;
  session->masters = keystore_load_masters (self, session->directory, any_root, cancellable, error);
  return session->masters != NULL;
}

gboolean
keystore_session_begin (KeystoreSession *session, Keystore *self, gboolean create, gboolean any_root,
                        GCancellable *cancellable, GError **error)
{
  *session = (KeystoreSession){ .keystore = self, .lock = -1 };
  session->directory = create ? keystore_directory_create (self->directory, error)
                              : keystore_directory_open (self->directory, error);
  if (session->directory < 0)
    return FALSE;
  session->lock = keystore_lock (session->directory, self->directory, cancellable, error);
  return session->lock >= 0 && load_session (session, any_root, cancellable, error)
         && keystore_session_finish_change (session, cancellable, error);
}

void
keystore_session_end (KeystoreSession *session)
{
  if (session->keystore == NULL)
    return;
  keystore_bump_generation ();
  keystore_close_fd (&session->lock);
  keystore_close_fd (&session->directory);
  g_clear_pointer (&session->root, root_file_free);
  g_clear_pointer (&session->masters, master_keys_free);
}

gboolean
keystore_session_write_key (KeystoreSession *session, const LocalKey *key, GError **error)
{
  g_autofree char *name = keystore_file_name (key->name);
  gsize length;
  g_autofree char *text = key_file_write (key, &session->masters->masters[0], &length, error);

  return text != NULL
         && keystore_replace (session->directory, session->keystore->directory, name, (const guint8 *) text, length,
                              error);
}

static gboolean
remove_key (KeystoreSession *session, const char *name, GError **error)
{
  g_autofree char *file_name = keystore_file_name (name);

  return keystore_remove (session->directory, session->keystore->directory, file_name, error);
}

/* Whoever changes something sweeps: keys whose time of deletion has come are removed. What can't be read stays. */
static gboolean
purge (KeystoreSession *session, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) names = keystore_list_names (session->keystore, session->directory, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autoptr (LocalKey)
        key = keystore_read_key_at (session->keystore, session->directory, name, NULL, cancellable, NULL);

      if (key != NULL && local_key_is_expired (key) && !remove_key (session, name, error))
        return FALSE;
    }
  return TRUE;
}

void
keystore_sweep (Keystore *self, GCancellable *cancellable)
{
  g_auto (KeystoreSession) session = { 0 };
  g_autoptr (GError) error = NULL;

  /* Expired keys are gone for everybody in any case: who may not remove their files has nothing to complain of. */
  if (!keystore_session_begin (&session, self, FALSE, FALSE, cancellable, &error)
      || !purge (&session, cancellable, &error))
    g_debug ("expired keys stay in %s: %s", self->directory, error->message);
}

static gboolean
check_free (KeystoreSession *session, const char *name, GCancellable *cancellable, GError **error)
{
  Keystore *self = session->keystore;
  g_autofree char *file_name = keystore_file_name (name);
  g_autoptr (LocalKey) key = NULL;
  FileStamp stamp;

  if (keystore_stat (session->directory, file_name, &stamp) && stamp.inode == 0)
    return TRUE;
  key = keystore_read_key_at (self, session->directory, name, NULL, cancellable, NULL);
  if (key != NULL && key->deletion != 0)
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "the key \"%s\" is there, and will be deleted later: take another name, or run: kmsctl key restore "
                 "%s/%s",
                 name, self->label, name);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "the key \"%s\" is there already: take another name, or run: kmsctl key rotate %s/%s", name,
                 self->label, name);
  return FALSE;
}

/* Keys without a root file are keys that nobody can open: a new root would hide that for good. */
static gboolean
check_no_orphans (KeystoreSession *session, GError **error)
{
  g_autoptr (GPtrArray) names = keystore_list_names (session->keystore, session->directory, error);

  if (names == NULL)
    return FALSE;
  if (names->len == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "the keystore %s has keys, but its file \"" ROOT_NAME "\" is missing: restore it from a backup",
               session->keystore->directory);
  return FALSE;
}

LocalKey *
keystore_add_key (Keystore *self, LocalKey *key, GCancellable *cancellable, GError **error)
{
  g_auto (KeystoreSession) session = { 0 };

  if (!local_key_check_name (key->name, error) || !local_key_check_description (key->description, error)
      || !keystore_session_begin (&session, self, TRUE, FALSE, cancellable, error))
    return NULL;
  if (session.root == NULL
      && (!check_no_orphans (&session, error) || !keystore_session_make_root (&session, cancellable, error)))
    return NULL;
  if (!purge (&session, cancellable, error) || !check_free (&session, key->name, cancellable, error)
      || !keystore_session_write_key (&session, key, error))
    return NULL;
  return local_key_ref (key);
}

LocalKey *
keystore_create_key (Keystore *self, const char *name, const char *description, GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (LocalKey) key = NULL;

  if (!local_key_check_name (name, error))
    return NULL;
  key = local_key_new_random (name, description, error);
  return key != NULL ? keystore_add_key (self, key, cancellable, error) : NULL;
}

/* A session on a key that is there: the key as it stands under the lock. */
static LocalKey *
begin_on_key (KeystoreSession *session, Keystore *self, const char *name, GCancellable *cancellable, GError **error)
{
  /* First without the lock: who mistypes a name should hear of that, not that the keystore is read-only. */
  g_autoptr (LocalKey) seen = keystore_read_key (self, name, NULL, cancellable, error);

  if (seen == NULL || !keystore_session_begin (session, self, FALSE, FALSE, cancellable, error)
      || !purge (session, cancellable, error))
    return NULL;
  return keystore_read_key (self, name, NULL, cancellable, error);
}

LocalKey *
keystore_change_key (Keystore *self, const char *name, KeystoreChangeFunc change, gpointer data,
                     GCancellable *cancellable, GError **error)
{
  g_auto (KeystoreSession) session = { 0 };
  g_autoptr (LocalKey) key = begin_on_key (&session, self, name, cancellable, error);

  if (key == NULL || !change (key, data, error) || !keystore_session_write_key (&session, key, error))
    return NULL;
  return g_steal_pointer (&key);
}

LocalKey *
keystore_delete_key (Keystore *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_auto (KeystoreSession) session = { 0 };
  g_autoptr (LocalKey) key = begin_on_key (&session, self, name, cancellable, error);

  if (key == NULL || !remove_key (&session, name, error))
    return NULL;
  return g_steal_pointer (&key);
}
