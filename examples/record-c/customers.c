/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A customer is stored and read, in a table of which e-mail address, birthday and number of visits are encrypted. */
#include <libkms/kms.h>
#include <string.h>

#define EMAIL "ada@example.org"

typedef struct
{
  KmsRegistry *registry;
  KmsModel *model;
  KmsStore *store;
} Shop;

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

/* The model says which columns are encrypted, and under which key; it is a file, of an administrator or a package. */
static gboolean
open_shop (Shop *self, const char *model, const char *database, GError **error)
{
  self->registry = kms_registry_new_default (error);
  if (self->registry == NULL)
    return FALSE;
  self->model = kms_registry_dup_model (self->registry, model, error);
  if (self->model == NULL)
    return FALSE;
  self->store = kms_store_open (self->registry, database, NULL, error);
  return self->store != NULL;
}

static gboolean
set_email (KmsRecord *record, GError **error)
{
  g_autoptr (KmsSecret) text = kms_secret_new ((const guint8 *) EMAIL, strlen (EMAIL));
  g_autoptr (KmsValue) value = NULL;

  return kms_value_parse (KMS_VALUE_TYPE_STRING, text, &value, error) && kms_record_set (record, "email", value, error);
}

/* Nothing is encrypted or written before the record is saved: then the row is inserted, its key is wrapped with its id, and
 * written, in one transaction. */
static gboolean
create (Shop *self, char **id, GError **error)
{
  g_autoptr (KmsRecord) record = kms_record_new (self->model, self->store);
  g_autoptr (KmsValue) born_on = kms_value_new_date (1815, 12, 10), visits = kms_value_new_integer (1);

  if (!kms_record_set_column (record, "name", "Ada", error) || !set_email (record, error)
      || !kms_record_set (record, "born_on", born_on, error) || !kms_record_set (record, "visits", visits, error)
      || !kms_record_save (record, NULL, error))
    return FALSE;
  *id = g_strdup (kms_record_get_id (record));
  say ("created", "customer %s", *id);
  return TRUE;
}

static gboolean
check_read (KmsRecord *record, gint64 expected, GError **error)
{
  g_autoptr (KmsValue) email = NULL, visits = NULL;
  gsize length;

  if (!kms_record_get (record, "email", &email, NULL, error)
      || !kms_record_get (record, "visits", &visits, NULL, error))
    return FALSE;
  if (email == NULL || visits == NULL)
    return fail (error, "what was stored is NULL");
  const guint8 *text = kms_secret_get_data (kms_value_get_plaintext (email), &length);
  if (length != strlen (EMAIL) || memcmp (text, EMAIL, length) != 0 || kms_value_get_integer (visits) != expected)
    return fail (error, "what was read is not what was stored");
  say ("read", "customer %s, visits %" G_GINT64_FORMAT, kms_record_get_id (record), kms_value_get_integer (visits));
  return TRUE;
}

static gboolean
set_visits (KmsRecord *record, gint64 number, GError **error)
{
  g_autoptr (KmsValue) visits = kms_value_new_integer (number);

  return kms_record_set (record, "visits", visits, error) && kms_record_save (record, NULL, error);
}

/* Two programs read the same row; one is faster. */
static gboolean
change (Shop *self, const char *id, GError **error)
{
  g_autoptr (KmsRecord) record = kms_record_load (self->model, self->store, id, NULL, error);
  g_autoptr (KmsRecord) other = record == NULL ? NULL : kms_record_load (self->model, self->store, id, NULL, error);
  g_autoptr (GError) late = NULL;

  if (other == NULL || !check_read (record, 1, error) || !set_visits (record, 2, error))
    return FALSE;
  say ("changed", "customer %s", id);
  if (set_visits (other, 7, &late))
    return fail (error, "a change was lost");
  if (!g_error_matches (late, KMS_ERROR, KMS_ERROR_CONFLICT))
    {
      g_propagate_error (error, g_steal_pointer (&late));
      return FALSE;
    }
  say ("refused", "%s", late->message);
  return kms_record_reload (other, NULL, error) && check_read (other, 2, error);
}

/* Many rows, whose data keys are unwrapped some hundred at a time. */
static gboolean
count (Shop *self, GError **error)
{
  static const char *const attributes[] = { "born_on", NULL };
  g_autoptr (KmsRecordReader) reader = kms_record_reader_new (self->model, self->store, attributes, error);
  g_autoptr (GError) local = NULL;
  guint n = 0;

  if (reader == NULL)
    return FALSE;
  for (; kms_record_reader_next (reader, NULL, &local); n++)
    {
      g_autoptr (KmsValue) born_on = NULL;
      if (!kms_record_reader_get (reader, 0, &born_on, error))
        return FALSE;
      if (born_on == NULL || kms_value_get_date (born_on, NULL, NULL) != 1815)
        return fail (error, "a birthday is not what was stored");
    }
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  say ("counted", "customers: %u", n);
  return TRUE;
}

static gboolean
run (Shop *self, const char *model, const char *database, GError **error)
{
  g_autofree char *id = NULL;

  return open_shop (self, model, database, error) && create (self, &id, error) && change (self, id, error)
         && count (self, error);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  Shop shop = { NULL };

  if (argc != 3)
    {
      g_printerr ("Usage: customers MODEL DATABASE\n");
      return 2;
    }
  gboolean done = run (&shop, argv[1], argv[2], &error);
  g_clear_object (&shop.store);
  g_clear_object (&shop.model);
  g_clear_object (&shop.registry);
  if (done)
    return 0;
  g_printerr ("customers: %s\n", error->message);
  return kms_error_get_exit_code (error);
}
