/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kmsd's keys may say: one table for kms.conf and for boxes. */
#include "kms-daemon-values-private.h"

#include "kms-config-value-private.h"
#include "kms-error.h"

typedef gboolean (*KmsValueCheck) (const char *value, GError **error);

static const struct
{
  const char *prefix;
  KmsSubjectKind kind;
  gboolean is_number;
} prefixes[] = {
  { "uid:", KMS_SUBJECT_UID, TRUE },
  { "gid:", KMS_SUBJECT_GID, TRUE },
  { "user:", KMS_SUBJECT_USER, FALSE },
  { "group:", KMS_SUBJECT_GROUP, FALSE },
};

/* (uid_t) -1 is nobody's: it says "leave it as it is" to the kernel. */
static gboolean
parse_id (const char *text, guint32 *id)
{
  guint64 number;

  if (!g_ascii_isdigit (text[0]) || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
    return FALSE;
  *id = (guint32) number;
  return TRUE;
}

static gboolean
parse_word (const char *text, KmsSubject *subject)
{
  *subject = (KmsSubject){ strcmp (text, "*") == 0 ? KMS_SUBJECT_EVERYBODY : KMS_SUBJECT_ASK, 0, NULL };
  return subject->kind == KMS_SUBJECT_EVERYBODY || strcmp (text, "ask") == 0;
}

gboolean
_kms_subject_parse (const char *text, KmsSubject *subject, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      if (!g_str_has_prefix (text, prefixes[i].prefix))
        continue;
      const char *rest = text + strlen (prefixes[i].prefix);
      *subject = (KmsSubject){ prefixes[i].kind, 0, prefixes[i].is_number ? NULL : rest };
      if (prefixes[i].is_number ? parse_id (rest, &subject->id) : rest[0] != '\0')
        return TRUE;
    }
  if (parse_word (text, subject))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%s\" is none of uid:NUMBER, gid:NUMBER, user:NAME, group:NAME, * and ask", text);
  return FALSE;
}

static gboolean
check_subjects (const char *value, GError **error)
{
  g_auto (GStrv) subjects = _kms_value_parse_list (value);
  KmsSubject subject;

  for (guint i = 0; subjects[i] != NULL; i++)
    if (!_kms_subject_parse (subjects[i], &subject, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_boolean (const char *value, GError **error)
{
  gboolean parsed;

  return _kms_value_parse_boolean (value, &parsed, error);
}

static gboolean
check_count (const char *value, GError **error)
{
  gint64 number;

  return _kms_value_parse_integer (value, 1, G_MAXINT32, &number, error);
}

static gboolean
check_seconds (const char *value, GError **error)
{
  gint64 number;

  return _kms_value_parse_integer (value, 0, G_MAXINT32, &number, error);
}

static gboolean
check_size (const char *value, GError **error)
{
  gint64 number;

  return _kms_value_parse_integer (value, KMS_AUDIT_MIN_SIZE, G_GINT64_CONSTANT (1) << 40, &number, error);
}

static gboolean
check_action (const char *value, GError **error)
{
  return _kms_value_parse_choice (value, KMS_ALERT_ACTIONS, error) >= 0;
}

static gboolean
check_context (const char *value, GError **error)
{
  return _kms_value_parse_choice (value, KMS_AUDIT_CONTEXTS, error) >= 0;
}

static gboolean
check_directory (const char *value, GError **error)
{
  if (g_path_is_absolute (value))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "\"%s\" is not an absolute path", value);
  return FALSE;
}

static const struct
{
  const char *group;
  const char *key;
  gboolean in_global, in_box;
  KmsValueCheck check;
} keys[] = {
  { "Box", "EncryptFor", FALSE, TRUE, check_subjects },      { "Box", "DecryptFor", FALSE, TRUE, check_subjects },
  { "Box", "RewrapFor", FALSE, TRUE, check_subjects },       { "Box", "ManageFor", FALSE, TRUE, check_subjects },
  { "Alert", "Decrypts", TRUE, TRUE, check_count },          { "Alert", "Window", TRUE, TRUE, check_count },
  { "Alert", "Action", TRUE, TRUE, check_action },           { "Audit", "Directory", TRUE, FALSE, check_directory },
  { "Audit", "MaxSize", TRUE, FALSE, check_size },           { "Audit", "Context", TRUE, FALSE, check_context },
  { "Daemon", "AllowInsecure", TRUE, FALSE, check_boolean }, { "Daemon", "IdleTimeout", TRUE, FALSE, check_seconds },
};

gboolean
_kms_daemon_key_is_known (gboolean in_box, const char *group, const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if ((in_box ? keys[i].in_box : keys[i].in_global) && strcmp (keys[i].group, group) == 0
        && strcmp (keys[i].key, key) == 0)
      return TRUE;
  return FALSE;
}

gboolean
_kms_daemon_value_check (const char *group, const char *key, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].group, group) == 0 && strcmp (keys[i].key, key) == 0)
      return keys[i].check (value, error);
  return TRUE;
}
