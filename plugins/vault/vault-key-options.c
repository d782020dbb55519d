/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of options. Values come as text from a command line, or as what they are from a program. */
#include "vault-key-options.h"

#include <string.h>

#include "vault-exchange.h"
#include "vault-values.h"

typedef enum {
  KIND_NAME,
  KIND_BOOLEAN,
  KIND_VERSION,
  KIND_PERIOD,
} Kind;

static const struct
{
  const char *name;
  const char *member;
  Kind kind;
  VaultOptionsUse uses;
} known[] = {
  { "type", "type", KIND_NAME, VAULT_OPTIONS_CREATE },
  { "derived", "derived", KIND_BOOLEAN, VAULT_OPTIONS_CREATE },
  { "convergent", "convergent_encryption", KIND_BOOLEAN, VAULT_OPTIONS_CREATE },
  { "exportable", "exportable", KIND_BOOLEAN, VAULT_OPTIONS_CREATE | VAULT_OPTIONS_CONFIG },
  { "allow-plaintext-backup", "allow_plaintext_backup", KIND_BOOLEAN, VAULT_OPTIONS_CREATE | VAULT_OPTIONS_CONFIG },
  { "auto-rotate-period", "auto_rotate_period", KIND_PERIOD, VAULT_OPTIONS_CREATE | VAULT_OPTIONS_CONFIG },
  { "min-decryption-version", "min_decryption_version", KIND_VERSION, VAULT_OPTIONS_CONFIG },
  { "min-encryption-version", "min_encryption_version", KIND_VERSION, VAULT_OPTIONS_CONFIG },
  { "deletion-allowed", "deletion_allowed", KIND_BOOLEAN, VAULT_OPTIONS_CONFIG },
  { "min-available-version", "min_available_version", KIND_VERSION, VAULT_OPTIONS_TRIM },
};

static int
find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (known[i].name, name) == 0)
      return (int) i;
  return -1;
}

/* As text, whatever type it has; NULL for types that no option has. */
static char *
dup_text (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_STRING:
      return g_variant_dup_string (value, NULL);
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
      return g_variant_print (value, FALSE);
    default:
      return NULL;
    }
}

/* How the value stands in JSON; NULL if it is none of this kind. */
static char *
make_json (Kind kind, const char *text)
{
  gboolean boolean;
  guint64 number;
  gint64 milliseconds;

  switch (kind)
    {
    case KIND_NAME:
      return vault_check_key_name (text, NULL) ? g_strdup_printf ("\"%s\"", text) : NULL;
    case KIND_BOOLEAN:
      return vault_parse_boolean (text, &boolean, NULL) ? g_strdup (boolean ? "true" : "false") : NULL;
    case KIND_VERSION:
      if (!g_ascii_isdigit (text[0]) || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &number, NULL))
        return NULL;
      return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
    case KIND_PERIOD:
      if (strcmp (text, "0") == 0)
        return g_strdup ("\"0\"");
      if (!vault_parse_duration (text, &milliseconds, NULL))
        return NULL;
      return g_strdup_printf ("\"%" G_GINT64_FORMAT "s\"", milliseconds / 1000);
    default:
      g_return_val_if_reached (NULL);
    }
}

static const char *
describe_kind (Kind kind)
{
  static const char *const words[] = {
    [KIND_NAME] = "a name such as aes256-gcm96",
    [KIND_BOOLEAN] = "true or false",
    [KIND_VERSION] = "the number of a version",
    [KIND_PERIOD] = "seconds or a duration such as 720h, or 0 for never",
  };
  return words[kind];
}

static gboolean
fail_unknown (const char *name, VaultOptionsUse uses, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if ((known[i].uses & uses) != 0)
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", known[i].name);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "there is no option \"%.60s\" here; there are %s", name,
               names->str);
  return FALSE;
}

static gboolean
check_one (const char *name, GVariant *value, VaultOptionsUse uses, GError **error)
{
  int i = find (name);

  if (i < 0 || (known[i].uses & uses) == 0)
    return fail_unknown (name, uses, error);
  g_autofree char *text = dup_text (value);
  g_autofree char *json = text != NULL ? make_json (known[i].kind, text) : NULL;
  if (json != NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the option \"%s\" must be %s", name,
               describe_kind (known[i].kind));
  return FALSE;
}

gboolean
vault_key_options_check (GVariant *options, VaultOptionsUse uses, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (options == NULL)
    return TRUE;
  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      if (!check_one (name, owned, uses, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
vault_key_options_has (GVariant *options, VaultOptionsUse use)
{
  for (guint i = 0; options != NULL && i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (options, known[i].name, NULL);
      if (value != NULL && (known[i].uses & use) != 0)
        return TRUE;
    }
  return FALSE;
}

void
vault_key_options_write (GVariant *options, VaultOptionsUse use, gboolean *first, KmsHttpBuffer *body)
{
  for (guint i = 0; options != NULL && i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (options, known[i].name, NULL);
      g_autofree char *text = value != NULL ? dup_text (value) : NULL;
      g_autofree char *json = text != NULL ? make_json (known[i].kind, text) : NULL;
      if (json != NULL && (known[i].uses & use) != 0)
        vault_body_add_word (body, first, known[i].member, json);
    }
}
