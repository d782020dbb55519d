/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models: what files may say, and what they mean. */
#include <libkms/kms.h>

#include <string.h>

#include "../config-root.h"
#include "record/kms-model-private.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-test.so", "Exact=insecure-test-key\n");
  config_root_write (self->root, "admin/boxes.d/users.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  config_root_remove (self->root);
}

static const char users[] =
  "[Model]\nName=User\nTable=users\nTypeColumn=type\nUpdatedAt=updated_at\nDatabase=sqlite:shop.sqlite3\n"
  "[Key kms_key]\nBox=users\nComplete=true\n"
  "[Key kms_key_street]\nVersion=2\nKeyId=insecure-test-key\nContext=version=#2;model_id\nEager=try\n"
  "[Key kms_key_street/1]\nKeyId=insecure-test-key\nContext=version=#1;\"Name\"=@name\n"
  "[Attribute email]\nKey=kms_key\nFormat=attr-encrypted\n"
  "[Attribute ssn]\nKey=kms_key\nFormat=attr-encrypted-salted\nColumn=secret_ssn\nEncodeIv=m0\n"
  "[Attribute city]\nKey=kms_key\nFormat=lockbox\nType=string\nPadding=true\nAssociatedData=city\n"
  "[Attribute street]\nKey=kms_key_street\nFormat=lockbox\nAlgorithm=xchacha20\nPadding=8\n";

static KmsModel *
make (Fixture *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  KmsModel *model = kms_model_new_from_data (self->registry, "user", text, -1, &error);

  g_assert_no_error (error);
  return model;
}

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make (self, users);
  g_auto (GStrv) keys = kms_model_list_keys (model);
  g_auto (GStrv) attributes = kms_model_list_attributes (model, NULL);
  g_auto (GStrv) of_street = kms_model_list_attributes (model, "kms_key_street");

  g_assert_cmpstr (kms_model_get_name (model), ==, "User");
  g_assert_cmpstr (kms_model_get_table (model), ==, "users");
  g_assert_cmpstr (kms_model_get_database (model), ==, "sqlite:shop.sqlite3");
  g_assert_cmpstrv (keys, ((const char *const[]){ "kms_key", "kms_key_street", NULL }));
  g_assert_cmpstrv (attributes, ((const char *const[]){ "email", "ssn", "city", "street", NULL }));
  g_assert_cmpstrv (of_street, ((const char *const[]){ "street", NULL }));
  g_assert_cmpstr (kms_model_get_key_column (model, "kms_key_street"), ==, "encrypted_kms_key_street");
  g_assert_true (kms_model_get_key_is_complete (model, "kms_key"));
  g_assert_false (kms_model_get_key_is_complete (model, "kms_key_street"));
  g_assert_cmpstr (kms_model_get_attribute_column (model, "email"), ==, "encrypted_email");
  g_assert_cmpstr (kms_model_get_attribute_column (model, "city"), ==, "city_ciphertext");
  g_assert_cmpstr (kms_model_get_attribute_key (model, "street"), ==, "kms_key_street");
  g_assert_cmpint (kms_model_get_attribute_type (model, "city"), ==, KMS_VALUE_TYPE_STRING);
  g_assert_null (kms_model_get_attribute_column (model, "nosuch"));
}

static void
test_formats (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make (self, users);
  KmsModelAttribute *email = _kms_model_find_attribute (model, "email");
  KmsModelAttribute *ssn = _kms_model_find_attribute (model, "ssn");
  KmsModelAttribute *city = _kms_model_find_attribute (model, "city");
  KmsModelAttribute *street = _kms_model_find_attribute (model, "street");

  g_assert_cmpstr (email->iv_column, ==, "encrypted_email_iv");
  g_assert_null (email->salt_column);
  g_assert_cmpstr (ssn->iv_column, ==, "secret_ssn_iv");
  g_assert_cmpstr (ssn->salt_column, ==, "secret_ssn_salt");
  g_assert_cmpint (ssn->attr.iv_encoding, ==, KMS_ATTR_ENCODING_STRICT);
  g_assert_cmpint (ssn->attr.salt_encoding, ==, KMS_ATTR_ENCODING_LINES);
  g_assert_cmpuint (city->lockbox.padding, ==, KMS_LOCKBOX_DEFAULT_PADDING);
  g_assert_cmpmem (city->lockbox.associated_data, city->lockbox.associated_data_length, "city", 4);
  g_assert_cmpint (street->lockbox.algorithm, ==, KMS_LOCKBOX_ALGORITHM_XCHACHA20);
  g_assert_cmpuint (street->lockbox.padding, ==, 8);
  g_assert_true (street->encode);
}

static KmsContextValue
get_column (const char *column, gpointer data)
{
  return strcmp (column, "name") == 0 ? (KmsContextValue){ "Ada", 3, FALSE } : (KmsContextValue){ NULL };
}

static void
assert_context (const KmsContextTemplate *template, const char *id, const char *expected)
{
  const KmsContextRow row = { "User", id, FALSE, get_column, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = _kms_context_template_build (template, &row, &error);

  if (expected == NULL)
    {
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_REQUIRED);
      return;
    }
  g_assert_no_error (error);
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, NULL, &error);
  g_assert_cmpstr (json, ==, expected);
}

static void
test_contexts (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make (self, users);
  KmsModelKey *key = _kms_model_find_key (model, "kms_key", NULL);
  KmsModelKey *street = _kms_model_find_key (model, "kms_key_street", NULL);

  assert_context (_kms_model_key_get_context (key, "1"), "7", "{\"model_id\":\"7\",\"model_name\":\"User\"}");
  assert_context (_kms_model_key_get_context (key, NULL), NULL, NULL);
  assert_context (_kms_model_key_get_context (street, "2"), "7", "{\"model_id\":\"7\",\"version\":\"2\"}");
  /* Strings sort before symbols, but nobody marked the other name. */
  assert_context (_kms_model_key_get_context (street, "1"), NULL, "{\"Name\":\"Ada\",\"version\":\"1\"}");
}

static void
test_templates (void)
{
  static const struct
  {
    const char *text, *json;
  } good[] = {
    { "", "{}" },
    { "a=b=c", "{\"a\":\"b=c\"}" },
    { "a=", "{\"a\":\"\"}" },
    { "\"a=b\"=c", "{\"a=b\":\"c\"}" },
    { " model_name ; model_id ;", "{\"model_id\":\"7\",\"model_name\":\"User\"}" },
    { ":model_id", "{\"model_id\":\"7\"}" },
    { "n=#-007", "{\"n\":\"-7\"}" },
    { "who=@name", "{\"who\":\"Ada\"}" },
  };
  static const char *const bad[] = { "name", "=x", "a=#", "a=#x", "a=@", "\"a", "\"a\"x=1", ":=x" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (KmsContextTemplate) template = _kms_context_template_new (good[i].text, NULL);
      g_assert_nonnull (template);
      assert_context (template, "7", good[i].json);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", bad[i]);
      g_assert_null (_kms_context_template_new (bad[i], &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
    }
}

static void
test_file_and_parent (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_write (self->root, "admin/models.d/person.model", users);
  config_root_write (self->root, "admin/models.d/admin.model",
                     "[Model]\nExtends=person\n"
                     "[Key kms_key_more]\nBox=users\n"
                     "[Attribute city]\nKey=kms_key_more\nFormat=lockbox\nType=binary\n");
  g_assert_true (kms_registry_reload (self->registry, &error));
  g_autoptr (KmsModel) model = kms_registry_dup_model (self->registry, "admin", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kms_model_get_name (model), ==, "admin");
  g_assert_cmpstr (kms_model_get_table (model), ==, "users");
  g_assert_cmpstr (kms_model_get_attribute_key (model, "city"), ==, "kms_key_more");
  g_assert_cmpstr (kms_model_get_attribute_key (model, "email"), ==, "kms_key");
  g_assert_null (kms_registry_dup_model (self->registry, "nosuch", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

static void
test_box (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make (self, users);
  g_autoptr (KmsModel)
    upgrading = make (self, "[Model]\nTable=t\n[Key k]\nBox=users\nUpgradeContext=true\n[Key j]\nBox=nosuch\n");
  KmsModelKey *street = _kms_model_find_key (model, "kms_key_street", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) own = _kms_model_dup_box (model, street, &error);
  g_autoptr (KmsBox) named = _kms_model_dup_box (model, _kms_model_find_key (model, "kms_key", NULL), &error);
  g_autoptr (KmsBox) upgraded = _kms_model_dup_box (upgrading, _kms_model_find_key (upgrading, "k", NULL), &error);
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) "x", 1);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) other = kms_context_new_raw ((const guint8 *) "other", 5);

  g_assert_no_error (error);
  g_assert_true (own == street->box);
  g_assert_cmpstr (kms_box_get_name (named), ==, "users");
  g_assert_cmpstr (kms_box_get_name (upgraded), ==, "users");
  g_assert_cmpstr (kms_box_get_version (upgraded), ==, "1");
  /* Without its version, the string is one from before contexts were in use. */
  g_autofree char *stored = kms_box_encrypt (named, plaintext, empty, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) read = kms_box_decrypt (upgraded, stored + strlen ("v1:"), -1, other, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (read, plaintext));
  g_assert_null (kms_box_decrypt (named, stored + strlen ("v1:"), -1, other, NULL, NULL));
  g_assert_null (_kms_model_dup_box (upgrading, _kms_model_find_key (upgrading, "j", NULL), &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (error->message, "model \"user\", key \"j\": "));
}

static void
test_loop (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_write (self->root, "admin/models.d/a.model", "[Model]\nTable=t\nExtends=b\n");
  config_root_write (self->root, "admin/models.d/b.model", "[Model]\nTable=t\nExtends=a\n");
  kms_registry_reload (self->registry, NULL);
  g_assert_null (kms_registry_dup_model (self->registry, "a", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
}

#define MODEL "[Model]\nTable=users\n"
#define KEY "[Key k]\nBox=users\n"

static void
test_refused (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *text, *part; /* of the message */
  } cases[] = {
    { "", "Table=" },
    { MODEL, "nothing is encrypted" },
    { "[Model]\n" KEY, "Table= is missing" },
    { MODEL "[Key k]\nEager=try\n", "either Box=" },
    { MODEL "[Key k]\nBox=users\nKeyId=x\n", "either Box=" },
    { MODEL "[Key k]\nKeyId=insecure-test-key\nVersion=v1\n", "\"v1\" is not a version" },
    { MODEL KEY "[Key k/x]\nContext=\n", "\"x\" is not a version" },
    { MODEL KEY "[Key k/1]\nKeyId=x\n", "the box \"users\" has the keys" },
    { MODEL "[Key k]\nKeyId=insecure-test-key\nVersion=2\n[Key k/1]\nContext=\n", "KeyId= is missing" },
    { MODEL KEY "[Key j/1]\nContext=\n", "there is no group [Key j]" },
    { MODEL KEY "Eager=maybe\n", "Eager" },
    { MODEL KEY "Complete=yes please\n", "Complete" },
    { MODEL KEY "Context=model\n", "\"model\" is no part of a context" },
    { MODEL KEY "Contxt=model_id\n", "no such key" },
    { MODEL KEY "[Attribte a]\nKey=k\n", "no such key" },
    { MODEL KEY "[Attribute a]\nFormat=lockbox\n", "Key= is missing" },
    { MODEL KEY "[Attribute a]\nKey=j\nFormat=lockbox\n", "there is no group [Key j]" },
    { MODEL KEY "[Attribute a]\nKey=k\n", "Format= is missing" },
    { MODEL KEY "[Attribute a]\nKey=k\nFormat=lockbx\n", "Format" },
    { MODEL KEY "[Attribute a]\nKey=k\nFormat=lockbox\nType=strng\n", "\"strng\" is no type" },
    { MODEL KEY "[Attribute a]\nKey=k\nFormat=lockbox\nPadding=-1\n", "Padding" },
    { MODEL KEY "[Attribute a]\nKey=k\nFormat=lockbox\nAlgorithm=xsalsa20\nAssociatedData=x\n", "no associated data" },
    { MODEL KEY "[Attribute a]\nKey=k\nFormat=lockbox\n[Attribute b]\nKey=k\nFormat=lockbox\nColumn=a_ciphertext\n",
      "in the column \"a_ciphertext\"" },
    { MODEL "Extends=nosuch\n" KEY, "nosuch" },
    { "no configuration at all", "this is no configuration file" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsModel) model = kms_model_new_from_data (self->registry, "user", cases[i].text, -1, &error);
      g_assert_null (model);
      g_test_message ("%s", error->message);
      g_assert_true (error->domain == KMS_ERROR);
      g_assert_nonnull (strstr (error->message, cases[i].part));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/model/whole", Fixture, NULL, setup, test_whole, teardown);
  g_test_add ("/model/formats", Fixture, NULL, setup, test_formats, teardown);
  g_test_add ("/model/contexts", Fixture, NULL, setup, test_contexts, teardown);
  g_test_add_func ("/model/templates", test_templates);
  g_test_add ("/model/file-and-parent", Fixture, NULL, setup, test_file_and_parent, teardown);
  g_test_add ("/model/box", Fixture, NULL, setup, test_box, teardown);
  g_test_add ("/model/loop", Fixture, NULL, setup, test_loop, teardown);
  g_test_add ("/model/refused", Fixture, NULL, setup, test_refused, teardown);
  return g_test_run ();
}
