/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A registry with providers of every kind, for the tests of boxes. */
#include "box-fixture.h"

#include <string.h>

void
box_fixture_setup (BoxFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-test.so", "Exact=insecure-test-key;insecure-test-key/encrypt");
  config_root_add_provider (self->root, "local", "kms-local.so", "Prefixes=local/");
  config_root_add_provider (self->root, "tells", "kms-tells.so", "Prefixes=tells/;vault/");
  config_root_add_provider (self->root, "inline", "kms-tells.so", "Prefixes=inline/\n[Settings]\nInline=true");
  config_root_add_provider (self->root, "rewraps", "kms-tells.so", "Prefixes=rewraps/\n[Settings]\nRewraps=true");
  config_root_add_provider (self->root, "hangs", "kms-hangs.so", "Prefixes=hangs/");
  config_root_add_provider (self->root, "late", "kms-reads-late.so", "Prefixes=late/");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
}

void
box_fixture_teardown (BoxFixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

void
box_fixture_add_local_key (BoxFixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "local", &error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, name, NULL, NULL, &error);

  g_assert_no_error (error);
}

KmsBox *
box_end (KmsBoxBuilder *builder)
{
  g_autoptr (GError) error = NULL;
  KmsBox *box = kms_box_builder_end (builder, &error);

  g_assert_no_error (error);
  return box;
}

KmsBox *
box_new (BoxFixture *self, const char *version, const char *key_id)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, version, key_id, NULL);
  return box_end (builder);
}

KmsSecret *
box_secret (const char *text)
{
  return kms_secret_new ((const guint8 *) text, strlen (text));
}

KmsContext *
box_context (const char *json)
{
  g_autoptr (GError) error = NULL;
  KmsContext *context = kms_context_new_from_json (json, -1, &error);

  g_assert_no_error (error);
  return context;
}

/* Lines of 60 characters, as Ruby's encode64 writes them. */
static void
append_lines (GString *bytes, const char *text)
{
  gsize length = strlen (text);

  for (gsize at = 0; at < length; at += 45)
    {
      g_autofree char *line = g_base64_encode ((const guchar *) text + at, MIN (length - at, 45));
      g_string_append_printf (bytes, "%s\n", line);
    }
}

char *
box_seal (const char *prefix, const char *text, const char *json)
{
  g_autoptr (GString) bytes = g_string_new ("\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe0:");
  g_autofree char *plain = text[0] == '\0' ? g_strdup ("") : g_base64_encode ((const guchar *) text, strlen (text));

  g_string_append (bytes, plain);
  if (json != NULL)
    {
      g_string_append_c (bytes, ':');
      append_lines (bytes, json);
    }
  return box_store (prefix, bytes->str);
}

char *
box_store (const char *prefix, const char *bytes)
{
  g_autofree char *encoded = bytes[0] == '\0' ? g_strdup ("")
                                              : g_base64_encode ((const guchar *) bytes, strlen (bytes));

  return g_strconcat (prefix, encoded, NULL);
}

char *
box_encrypt (KmsBox *box, const char *text, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = box_secret (text);
  char *stored = kms_box_encrypt (box, secret, context, NULL, &error);

  g_assert_no_error (error);
  return stored;
}

void
box_assert_decrypts (KmsBox *box, const char *stored, KmsContext *context, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, context, NULL, &error);
  g_assert_no_error (error);
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_autofree char *text = g_strndup ((const char *) data, length);

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (length, ==, strlen (expected));
}

void
box_assert_error (const GError *error, KmsError code, const char *part)
{
  g_assert_error (error, KMS_ERROR, (int) code);
  if (part != NULL && strstr (error->message, part) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, part);
}

void
box_assert_refused (KmsBox *box, const char *stored, gssize length, KmsContext *context, KmsError code,
                    const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, length, context, NULL, &error);

  g_assert_null (secret);
  box_assert_error (error, code, part);
}

void
box_assert_refuses_to_encrypt (KmsBox *box, KmsContext *context, KmsError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = box_secret ("hello");
  g_autofree char *stored = kms_box_encrypt (box, secret, context, NULL, &error);

  g_assert_null (stored);
  box_assert_error (error, code, part);
}
