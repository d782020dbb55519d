/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a stored secret, from the first key to the second one: what an application does with libkms.
 *
 * Each order has a key of its own, which the application would encrypt the order with. What is stored in the
 * order's row is that key, encrypted by a box. */
#include <libkms/kms.h>
#include <string.h>

#define KEY "local/orders"
#define NEXT_KEY "local/orders-next"
#define ROWS 1000

typedef struct
{
  KmsRegistry *registry;
  KmsBox *box;
} Shop;

/* Tells what was done; never a secret. */
static void say (const char *what, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (const char *what, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("%-10s %s\n", what, text);
}

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FAILED, message);
  return FALSE;
}

/* Keys are made and rotated by an administrator (kmsctl key create, key rotate) or, as here, by a program that may. */
static KmsKey *
administer (Shop *self, KmsKeyVerb verb, const char *key_id, GError **error)
{
  g_autofree char *name = NULL; /* what the provider calls the key */
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (self->registry, key_id, NULL, &name, error);

  if (provider == NULL)
    return NULL;
  if (!KMS_IS_KEY_ADMIN (provider))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "%s does not administer keys",
                   kms_provider_get_name (provider));
      return NULL;
    }
  g_autoptr (GPtrArray) keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), verb, name, NULL, NULL, error);
  return keys != NULL ? g_object_ref (g_ptr_array_index (keys, 0)) : NULL;
}

/* Codes are for programs, messages for people: a second start finds the keys of the first. */
static gboolean
ensure_key (Shop *self, const char *key_id, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsKey) key = administer (self, KMS_KEY_VERB_CREATE, key_id, &local);

  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS))
    {
      g_clear_error (&local);
      key = administer (self, KMS_KEY_VERB_SHOW, key_id, &local);
    }
  if (key == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  say ("key", "%s, version %s", kms_key_get_id (key), kms_key_get_version (key));
  return TRUE;
}

/* A box from code. Where an administrator decides about keys, it comes from the file orders.box instead:
 * kms_registry_dup_box (registry, "orders", error). */
static gboolean
open_box (Shop *self, const char *version, GError **error)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  const char *const names[] = { "model_name", "model_id", NULL };

  if (strcmp (version, "2") == 0)
    kms_box_builder_add_previous (builder, "1", KEY, NULL);
  kms_box_builder_set_key (builder, version, strcmp (version, "2") == 0 ? NEXT_KEY : KEY, NULL);
  /* A context with other names is a bug of ours, and refused. */
  kms_box_builder_set_require_context (builder, names);
  g_clear_object (&self->box);
  self->box = kms_box_builder_end (builder, error);
  return self->box != NULL;
}

/* Ties a stored string to its row: copied into another one, it does not decrypt. */
static KmsContext *
context_of_row (guint id)
{
  g_autofree char *text = g_strdup_printf ("%u", id);

  return kms_context_new ("model_name", "Order", "model_id", text, NULL);
}

static gboolean
check_decrypts (Shop *self, const char *stored, KmsContext *context, KmsSecret *expected, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_box_decrypt (self->box, stored, -1, context, NULL, error);

  if (secret == NULL)
    return FALSE;
  return kms_secret_equal (secret, expected) || fail (error, "what was decrypted is not what was encrypted");
}

/* The version of the master key that a string is under, which is not the version of the box: "v1:" stays. */
static gboolean
say_key_version (Shop *self, const char *stored, GError **error)
{
  g_autoptr (KmsInspection) inspection = kms_box_inspect (self->box, stored, -1, NULL, error);
  const char *version = "unknown";

  if (inspection == NULL)
    return FALSE;
  GVariant *details = kms_inspection_get_details (inspection);
  if (details != NULL)
    g_variant_lookup (details, "key-version", "&s", &version);
  say ("inspected", "box version %s, key %s, key version %s", kms_inspection_get_version (inspection),
       kms_inspection_get_key_id (inspection), version);
  return TRUE;
}

/* A new version of the same master key. What is stored stays readable; rewrapping it is for when there is time. */
static gboolean
rotate_master_key (Shop *self, char **stored, KmsContext *context, KmsSecret *secret, GError **error)
{
  g_autoptr (KmsKey) key = administer (self, KMS_KEY_VERB_ROTATE, KEY, error);

  if (key == NULL || !say_key_version (self, *stored, error))
    return FALSE;
  say ("rotated", "%s, version %s", kms_key_get_id (key), kms_key_get_version (key));
  g_autofree char *rewrapped = kms_box_rewrap (self->box, *stored, -1, context, NULL, NULL, error);
  if (rewrapped == NULL)
    return FALSE;
  say ("rewrapped", "%s", rewrapped);
  if (!say_key_version (self, rewrapped, error) || !check_decrypts (self, *stored, context, secret, error)
      || !check_decrypts (self, rewrapped, context, secret, error))
    return FALSE;
  say ("decrypted", "old and new");
  g_free (*stored);
  *stored = g_steal_pointer (&rewrapped);
  return TRUE;
}

/* Another master key, perhaps at another service: version 2 of the box, which still reads version 1. */
static gboolean
move_to_next_key (Shop *self, const char *stored, KmsContext *context, KmsSecret *secret, GError **error)
{
  if (!ensure_key (self, NEXT_KEY, error) || !open_box (self, "2", error))
    return FALSE;
  g_autofree char *moved = kms_box_rewrap (self->box, stored, -1, context, NULL, NULL, error);
  if (moved == NULL)
    return FALSE;
  say ("moved", "%s", moved);
  if (!check_decrypts (self, stored, context, secret, error) || !check_decrypts (self, moved, context, secret, error))
    return FALSE;
  say ("decrypted", "version 1 and version 2");
  return TRUE;
}

/* One code for wrong context, wrong key and changed bytes. It will not go away by trying again. */
static gboolean
check_refused (Shop *self, const char *stored, GError **error)
{
  g_autoptr (KmsContext) other = context_of_row (43);
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (self->box, stored, -1, other, NULL, &local);

  if (secret != NULL)
    return fail (error, "the string of one row was decrypted in another");
  if (!g_error_matches (local, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  say ("refused", "%s", local->message);
  return TRUE;
}

/* Many rows in one call. One of them is spoilt, and fails alone. */
static gboolean
run_batches (Shop *self, KmsSecret *secret, GError **error)
{
  g_autoptr (KmsBatch) encrypt = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) decrypt = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GError) first = NULL;

  for (guint row = 0; row < ROWS; row++)
    {
      g_autoptr (KmsContext) context = context_of_row (row);
      kms_batch_add_secret (encrypt, secret, context);
    }
  if (!kms_box_run (self->box, encrypt, NULL, error))
    return FALSE;
  for (guint row = 0; row < ROWS; row++)
    {
      g_autoptr (KmsContext) context = context_of_row (row);
      kms_batch_add_stored (decrypt, row == 17 ? "v2:c3BvaWx0" : kms_batch_get_stored (encrypt, row), -1, context,
                            NULL);
    }
  if (kms_box_run (self->box, decrypt, NULL, &first))
    return fail (error, "a row that was spoilt was decrypted");
  if (kms_batch_get_n_failed (decrypt) != 1 || kms_batch_get_error (decrypt, 17) == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&first));
      return FALSE;
    }
  say ("batch", "%u encrypted, %u decrypted; row 17: %s", ROWS, ROWS - kms_batch_get_n_failed (decrypt),
       kms_batch_get_error (decrypt, 17)->message);
  return TRUE;
}

static gboolean
run (Shop *self, GError **error)
{
  g_autoptr (KmsContext) context = context_of_row (42);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, error);
  g_autofree char *stored = NULL;

  if (secret == NULL || (self->registry = kms_registry_new_default (error)) == NULL)
    return FALSE;
  if (!ensure_key (self, KEY, error) || !open_box (self, "1", error))
    return FALSE;
  stored = kms_box_encrypt (self->box, secret, context, NULL, error);
  if (stored == NULL)
    return FALSE;
  say ("encrypted", "%s", stored);
  return rotate_master_key (self, &stored, context, secret, error)
         && move_to_next_key (self, stored, context, secret, error) && check_refused (self, stored, error)
         && run_batches (self, secret, error);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  Shop shop = { NULL };
  gboolean done = run (&shop, &error);

  g_clear_object (&shop.box);
  g_clear_object (&shop.registry);
  if (done)
    return 0;
  g_printerr ("orders: %s\n", error->message);
  return kms_error_get_exit_code (error);
}
