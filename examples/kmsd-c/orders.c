/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key of an order, encrypted and decrypted by kmsd: orders system|session|SOCKET BOX. */
#include <string.h>
#include <sys/random.h>

#include "kmsd-box.h"

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

/* Ties a stored string to its row: copied into another one, it does not decrypt. */
static GVariant *
context_of_row (guint id)
{
  g_autofree char *text = g_strdup_printf ("%u", id);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&builder, "{ss}", "model_name", "Order");
  g_variant_builder_add (&builder, "{ss}", "model_id", text);
  return g_variant_builder_end (&builder);
}

/* One name for wrong context, wrong key and changed bytes. It will not go away by trying again. */
static gboolean
check_refused (KmsdBox *box, GBytes *stored, GError **error)
{
  g_auto (Secret) secret = { .length = 0 };
  g_autoptr (GError) local = NULL;

  if (kmsd_box_decrypt (box, stored, context_of_row (43), &secret, &local))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the string of one row was decrypted in another");
      return FALSE;
    }
  if (!kmsd_error_is (local, "InvalidCiphertext"))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  say ("refused", "InvalidCiphertext");
  return TRUE;
}

static gboolean
run (const char *where, const char *name, GError **error)
{
  g_autoptr (KmsdBox) box = kmsd_box_new (where, name, error);
  g_auto (Secret) key = { .length = 32 };
  g_auto (Secret) decrypted = { .length = 0 };

  if (box == NULL)
    return FALSE;
  if (getrandom (key.bytes, key.length, 0) != (gssize) key.length)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the kernel gives no random bytes");
      return FALSE;
    }
  g_autoptr (GBytes) stored = kmsd_box_encrypt (box, &key, context_of_row (42), error);
  if (stored == NULL)
    return FALSE;
  gsize length;
  const char *text = g_bytes_get_data (stored, &length);
  say ("encrypted", "%.*s", (int) length, text);
  if (!kmsd_box_decrypt (box, stored, context_of_row (42), &decrypted, error))
    return FALSE;
  gboolean same = decrypted.length == key.length && memcmp (decrypted.bytes, key.bytes, key.length) == 0;
  say ("decrypted", same ? "the same key" : "another key");
  return check_refused (box, stored, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 3)
    {
      g_printerr ("usage: orders system|session|SOCKET BOX\n");
      return 2;
    }
  if (run (argv[1], argv[2], &error))
    return 0;
  g_autofree char *name = g_dbus_error_get_remote_error (error);
  g_dbus_error_strip_remote_error (error);
  g_printerr ("orders: %s: %s\n", name == NULL ? "no answer" : name, error->message);
  return 1;
}
