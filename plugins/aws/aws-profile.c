/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of both files by kind and name. What is secret of them is in locked memory. */
#include "aws-profile.h"

#include "aws-ini.h"
#include "aws-secret-file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A config of thousands of accounts has some hundred KiB. */
#define MAX_FILE (4 * 1024 * 1024)
#define N_FILES 2

static const char *const secret_keys[] = { "aws_secret_access_key", "aws_session_token", "aws_security_token" };

/* Keys are "key", or "nested key". */
typedef struct
{
  GHashTable *plain;   /* char * -> char * */
  GHashTable *secrets; /* char * -> KmsSecret * */
} Section;

struct _AwsProfiles
{
  GHashTable *sections[N_FILES]; /* "KIND NAME" -> Section */
};

typedef struct
{
  AwsProfiles *profiles;
  AwsFile file;
} Reading;

static void
section_free (gpointer data)
{
  Section *self = data;
  g_hash_table_unref (self->plain);
  g_hash_table_unref (self->secrets);
  g_free (self);
}

static void
unref_secret (gpointer secret)
{
  kms_secret_unref (secret);
}

static Section *
section_new (void)
{
  Section *self = g_new0 (Section, 1);
  self->plain = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_secret);
  return self;
}

static AwsProfiles *
profiles_new (void)
{
  AwsProfiles *self = g_new0 (AwsProfiles, 1);
  for (guint i = 0; i < N_FILES; i++)
    self->sections[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, section_free);
  return self;
}

void
aws_profiles_free (AwsProfiles *self)
{
  for (guint i = 0; i < N_FILES; i++)
    g_hash_table_unref (self->sections[i]);
  g_free (self);
}

static gboolean
is_secret (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (secret_keys); i++)
    if (strcmp (secret_keys[i], key) == 0)
      return TRUE;
  return FALSE;
}

/* One word, or one text in quotes; NULL for anything else. */
static char *
dup_section_name (const char *text)
{
  g_auto (GStrv) words = NULL;
  int n;

  if (!g_shell_parse_argv (text, &n, &words, NULL) || n != 1 || words[0][0] == '\0')
    return NULL;
  return g_strdup (words[0]);
}

/* "KIND NAME" of a header, or NULL for a section that means nothing to us. In the credentials file a section is a profile
 * whatever its name. */
static char *
dup_section_id (AwsFile file, const char *header)
{
  static const char *const kinds[] = { "profile", "sso-session", "services" };
  g_autofree char *name = NULL;

  if (file == AWS_FILE_CREDENTIALS)
    {
      name = dup_section_name (header);
      return g_strconcat ("profile ", name != NULL ? name : header, NULL);
    }
  if (strcmp (header, "default") == 0)
    return g_strdup ("profile default");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      gsize length = strlen (kinds[i]);
      if (strncmp (header, kinds[i], length) != 0 || (header[length] != ' ' && header[length] != '\t'))
        continue;
      name = dup_section_name (header + length);
      return name != NULL ? g_strconcat (kinds[i], " ", name, NULL) : NULL;
    }
  return NULL;
}

static void
put_plain (Section *section, const char *key, const AwsIniEntry *entry)
{
  const char *before = entry->continues ? g_hash_table_lookup (section->plain, key) : NULL;
  g_autofree char *value = g_strndup (entry->value, entry->length);

  g_hash_table_replace (section->plain, g_strdup (key),
                        before != NULL ? g_strconcat (before, "\n", value, NULL) : g_steal_pointer (&value));
}

/* NULL for a section that means nothing to us. */
static Section *
ensure_section (GHashTable *sections, AwsFile file, const char *header)
{
  g_autofree char *id = dup_section_id (file, header);
  Section *section = id != NULL ? g_hash_table_lookup (sections, id) : NULL;

  if (id == NULL || section != NULL)
    return section;
  section = section_new ();
  g_hash_table_insert (sections, g_steal_pointer (&id), section);
  return section;
}

static gboolean
put_secret (Section *section, const char *key, const AwsIniEntry *entry, GError **error)
{
  if (entry->continues)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s has more than one line", entry->key);
      return FALSE;
    }
  g_hash_table_replace (section->secrets, g_strdup (key),
                        kms_secret_new ((const guint8 *) entry->value, entry->length));
  return TRUE;
}

static gboolean
put_entry (const AwsIniEntry *entry, gpointer data, GError **error)
{
  Reading *self = data;
  Section *section = ensure_section (self->profiles->sections[self->file], self->file, entry->section);
  g_autofree char *key = entry->nested != NULL ? g_strconcat (entry->nested, " ", entry->key, NULL) : NULL;
  const char *full = key != NULL ? key : entry->key;

  if (section == NULL || full == NULL)
    return TRUE;
  if (is_secret (entry->key))
    return put_secret (section, full, entry, error);
  put_plain (section, full, entry);
  return TRUE;
}

static gboolean
parse_into (AwsProfiles *self, AwsFile file, const char *path, const char *text, gsize length, GError **error)
{
  Reading reading = { self, file };

  if (aws_ini_parse (text, length, put_entry, &reading, error))
    return TRUE;
  g_prefix_error (error, "\"%s\", ", path);
  return FALSE;
}

AwsProfiles *
aws_profiles_parse (AwsFile file, const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (AwsProfiles) self = profiles_new ();

  return parse_into (self, file, path, text, length, error) ? g_steal_pointer (&self) : NULL;
}

/* Somebody's home may be closed to a service: then what is in there is not for it. */
static gboolean
load_file (AwsProfiles *self, AwsFile file, const char *path, gboolean must_exist, GError **error)
{
  g_autoptr (KmsSecret) content = NULL;
  g_autoptr (GError) local = NULL;
  gsize length;

  /* Which is what people set so that there is none. */
  if (path == NULL || strcmp (path, "/dev/null") == 0)
    return TRUE;
  if (!aws_secret_file_read (path, MAX_FILE, &content, NULL, &local))
    {
      if (must_exist || g_access (path, R_OK) == 0)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      g_message ("%s; going on without it", local->message);
      return TRUE;
    }
  if (content == NULL && must_exist)
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "\"%s\" does not exist", path);
  if (content == NULL)
    return !must_exist;
  const char *text = (const char *) kms_secret_get_data (content, &length);
  return parse_into (self, file, path, text, length, error);
}

AwsProfiles *
aws_profiles_load (const AwsProfileFiles *files, GError **error)
{
  g_autoptr (AwsProfiles) self = profiles_new ();

  if (!load_file (self, AWS_FILE_CONFIG, files->config, files->config_must_exist, error)
      || !load_file (self, AWS_FILE_CREDENTIALS, files->credentials, files->credentials_must_exist, error))
    return NULL;
  return g_steal_pointer (&self);
}

static Section *
find_section (const AwsProfiles *self, AwsFile file, const char *kind, const char *name)
{
  g_autofree char *id = g_strconcat (kind, " ", name, NULL);
  return g_hash_table_lookup (self->sections[file], id);
}

static const char *
get_plain (const Section *section, const char *key)
{
  const char *value = section != NULL ? g_hash_table_lookup (section->plain, key) : NULL;
  return value != NULL && value[0] != '\0' ? value : NULL;
}

gboolean
aws_profiles_has (const AwsProfiles *self, const char *profile)
{
  return find_section (self, AWS_FILE_CONFIG, "profile", profile) != NULL
         || find_section (self, AWS_FILE_CREDENTIALS, "profile", profile) != NULL;
}

const char *
aws_profile_get_of (const AwsProfiles *self, AwsFile file, const char *profile, const char *key)
{
  return get_plain (find_section (self, file, "profile", profile), key);
}

const char *
aws_profile_get (const AwsProfiles *self, const char *profile, const char *key)
{
  const char *value = aws_profile_get_of (self, AWS_FILE_CREDENTIALS, profile, key);
  return value != NULL ? value : aws_profile_get_of (self, AWS_FILE_CONFIG, profile, key);
}

KmsSecret *
aws_profile_get_secret_of (const AwsProfiles *self, AwsFile file, const char *profile, const char *key)
{
  const Section *section = find_section (self, file, "profile", profile);
  KmsSecret *secret = section != NULL ? g_hash_table_lookup (section->secrets, key) : NULL;

  return secret != NULL && kms_secret_get_length (secret) > 0 ? secret : NULL;
}

KmsSecret *
aws_profile_get_secret (const AwsProfiles *self, const char *profile, const char *key)
{
  KmsSecret *secret = aws_profile_get_secret_of (self, AWS_FILE_CREDENTIALS, profile, key);
  return secret != NULL ? secret : aws_profile_get_secret_of (self, AWS_FILE_CONFIG, profile, key);
}

const char *
aws_profiles_get_section (const AwsProfiles *self, const char *kind, const char *name, const char *nested,
                          const char *key)
{
  g_autofree char *full = nested != NULL ? g_strconcat (nested, " ", key, NULL) : g_strdup (key);
  return get_plain (find_section (self, AWS_FILE_CONFIG, kind, name), full);
}

gboolean
aws_profiles_has_section (const AwsProfiles *self, const char *kind, const char *name)
{
  return find_section (self, AWS_FILE_CONFIG, kind, name) != NULL;
}
