/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and writes the text of a keystore's root file. */
#include "master-key.h"
#include "strict-text.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define KIND "libkms-keystore"
#define MAX_ROUNDS 100000000
#define MAX_CREDENTIAL_NAME 127

static gboolean
is_credential_name (const char *name)
{
  gsize length = strlen (name);

  if (length == 0 || length > MAX_CREDENTIAL_NAME || name[0] == '.')
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
root_choice_parse (RootChoice *self, const char *text, GError **error)
{
  *self = (RootChoice){ ROOT_KIND_FILE, NULL };
  if (g_str_equal (text, "file"))
    return TRUE;
  if (g_str_equal (text, "passphrase"))
    {
      self->kind = ROOT_KIND_PASSPHRASE;
      return TRUE;
    }
  if (g_str_has_prefix (text, "credential:") && is_credential_name (text + strlen ("credential:")))
    {
      self->kind = ROOT_KIND_CREDENTIAL;
      self->credential = g_strdup (text + strlen ("credential:"));
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%s\" is no root of a local keystore: write file, passphrase or credential:NAME", text);
  return FALSE;
}

void
root_choice_clear (RootChoice *self)
{
  g_clear_pointer (&self->credential, g_free);
}

char *
root_choice_to_string (const RootChoice *self)
{
  switch (self->kind)
    {
    case ROOT_KIND_PASSPHRASE:
      return g_strdup ("passphrase");
    case ROOT_KIND_CREDENTIAL:
      return g_strconcat ("credential:", self->credential, NULL);
    case ROOT_KIND_FILE:
    default:
      return g_strdup ("file");
    }
}

gboolean
root_choice_equal (const RootChoice *a, const RootChoice *b)
{
  return a->kind == b->kind && g_strcmp0 (a->credential, b->credential) == 0;
}

/* "HEX BASE64" */
static gboolean
read_master (StrictText *text, WrappedMaster *master, GError **error)
{
  const char *value;
  gsize length;
  StrictText id_text;
  g_autofree char *id_line = NULL;

  if (!strict_text_read (text, "master", &value, &length, error))
    return FALSE;
  if (length <= 2 * MASTER_ID_SIZE || value[2 * MASTER_ID_SIZE] != ' '
      || !strict_text_parse_base64 (value + 2 * MASTER_ID_SIZE + 1, length - 2 * MASTER_ID_SIZE - 1, master->wrapped,
                                    sizeof master->wrapped))
    return strict_text_fail ("master", error);
  id_line = g_strdup_printf ("id: %.*s\n", 2 * MASTER_ID_SIZE, value);
  id_text = (StrictText){ id_line, id_line, id_line + strlen (id_line) };
  return strict_text_read_hex (&id_text, "id", master->id, sizeof master->id, error);
}

static gboolean
parse_fields (RootFile *self, StrictText *text, GError **error)
{
  g_autofree char *choice = strict_text_dup (text, "root", MAX_CREDENTIAL_NAME + 16, error);

  if (choice == NULL || !root_choice_parse (&self->choice, choice, error)
      || !strict_text_read_hex (text, "id", self->id, sizeof self->id, error)
      || !strict_text_read_base64 (text, "salt", self->salt, sizeof self->salt, error)
      || !strict_text_read_number (text, "rounds", 0, MAX_ROUNDS, &self->rounds, error)
      || !strict_text_read_base64 (text, "check", self->check, sizeof self->check, error))
    return FALSE;
  if ((self->choice.kind == ROOT_KIND_PASSPHRASE) != (self->rounds > 0))
    return strict_text_fail ("rounds", error);
  do
    {
      if (!read_master (text, &self->masters[self->n_masters], error))
        return FALSE;
      self->n_masters++;
    }
  while (self->n_masters < G_N_ELEMENTS (self->masters) && strict_text_next_is (text, "master"));
  return strict_text_end (text, error);
}

RootFile *
root_file_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (RootFile) self = g_new0 (RootFile, 1);
  StrictText reader;

  if (!strict_text_begin (&reader, KIND, text, length, error) || !parse_fields (self, &reader, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
root_file_free (RootFile *self)
{
  root_choice_clear (&self->choice);
  g_free (self);
}

char *
root_file_write (const RootFile *self, gsize *length)
{
  GString *text = strict_text_new (KIND);
  g_autofree char *choice = root_choice_to_string (&self->choice);

  strict_text_add (text, "root", "%s", choice);
  strict_text_add_hex (text, "id", self->id, sizeof self->id);
  strict_text_add_base64 (text, "salt", self->salt, sizeof self->salt);
  strict_text_add (text, "rounds", "%" G_GINT64_FORMAT, self->rounds);
  strict_text_add_base64 (text, "check", self->check, sizeof self->check);
  for (guint i = 0; i < self->n_masters; i++)
    {
      const WrappedMaster *master = &self->masters[i];
      g_autofree char *wrapped = kms_base64_encode (master->wrapped, sizeof master->wrapped);

      g_string_append (text, "master: ");
      for (guint j = 0; j < MASTER_ID_SIZE; j++)
        g_string_append_printf (text, "%02x", master->id[j]);
      g_string_append_printf (text, " %s\n", wrapped);
    }
  strict_text_add_sum (text);
  *length = text->len;
  return g_string_free (text, FALSE);
}

RootFile *
root_file_new (const RootChoice *choice, GError **error)
{
  g_autoptr (RootFile) self = g_new0 (RootFile, 1);
  int code;

  self->choice.kind = choice->kind;
  self->choice.credential = g_strdup (choice->credential);
  self->rounds = choice->kind == ROOT_KIND_PASSPHRASE ? ROOT_PASSPHRASE_ROUNDS : 0;
  code = gnutls_rnd (GNUTLS_RND_RANDOM, self->id, sizeof self->id);
  if (code >= 0)
    code = gnutls_rnd (GNUTLS_RND_RANDOM, self->salt, sizeof self->salt);
  if (code >= 0)
    return g_steal_pointer (&self);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no random numbers: %s", gnutls_strerror (code));
  return NULL;
}
