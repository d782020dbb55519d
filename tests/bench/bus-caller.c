/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls with pipes, as clients of kmsd make them with GDBus. */
#include "bus-caller.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <string.h>
#include <unistd.h>

GDBusConnection *
bus_connect (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
    g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);

  if (connection == NULL)
    g_error ("no connection to the bus: %s", error->message);
  return connection;
}

static GVariant *
call (BusCaller *self, const char *method, GVariant *parameters, GUnixFDList *list, GUnixFDList **out_list)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = g_dbus_connection_call_with_unix_fd_list_sync (
    self->connection, self->name, self->path, BOX_INTERFACE, method, parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
    -1, list, out_list, NULL, &error);

  if (reply == NULL)
    g_error ("%s: %s", method, error->message);
  return reply;
}

static GVariant *
new_context (void)
{
  return g_variant_new_parsed ("{'model_name': 'User', 'model_id': '123'}");
}

static GVariant *
no_options (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

static GUnixFDList *
send_bytes (const void *bytes, gsize length)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0 || write (ends[1], bytes, length) != (gssize) length)
    g_error ("no pipe: %s", g_strerror (errno));
  close (ends[1]);
  return g_unix_fd_list_new_from_array (ends, 1);
}

void
bus_caller_read_plaintext (GUnixFDList *list, gsize expected)
{
  static guint8 bytes[MAX_FRAMES];
  int fd = g_unix_fd_list_get (list, 0, NULL);
  gsize length = 0;
  gssize n;

  while ((n = read (fd, bytes, sizeof bytes)) > 0)
    length += (gsize) n;
  close (fd);
  if (length != expected)
    g_error ("%zu bytes of plaintext came, not %zu", length, expected);
}

static GVariant *
encrypt_once (BusCaller *self)
{
  const guint8 plaintext[PLAINTEXT_SIZE] = { 0 };
  g_autoptr (GUnixFDList) list = send_bytes (plaintext, sizeof plaintext);

  return call (self, "Encrypt", g_variant_new ("(h@a{ss}@a{sv})", 0, new_context (), no_options ()), list, NULL);
}

void
bus_caller_init (BusCaller *self, GDBusConnection *connection, const char *name, const char *path)
{
  *self = (BusCaller){ g_object_ref (connection), name, path, NULL, NULL };
  g_autoptr (GVariant) reply = encrypt_once (self);
  self->ciphertext = g_variant_get_child_value (reply, 0);
}

void
bus_caller_clear (BusCaller *self)
{
  g_clear_pointer (&self->batch, g_variant_unref);
  g_clear_pointer (&self->ciphertext, g_variant_unref);
  g_clear_object (&self->connection);
}

void
bus_caller_encrypt (BusCaller *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) reply = encrypt_once (self);
      g_variant_unref (g_variant_get_child_value (reply, 0));
    }
}

GVariant *
bus_caller_new_decryption (BusCaller *self)
{
  return g_variant_new ("(@ay@a{ss}@a{sv})", self->ciphertext, new_context (), no_options ());
}

void
bus_caller_decrypt (BusCaller *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GUnixFDList) list = NULL;
      g_autoptr (GVariant) reply = call (self, "Decrypt", bus_caller_new_decryption (self), NULL, &list);
      bus_caller_read_plaintext (list, PLAINTEXT_SIZE);
    }
}

static GVariant *
new_contexts (guint n)
{
  GVariantBuilder contexts;

  g_variant_builder_init (&contexts, G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", 123 + i);
      g_variant_builder_open (&contexts, G_VARIANT_TYPE ("a{ss}"));
      g_variant_builder_add (&contexts, "{ss}", "model_name", "User");
      g_variant_builder_add (&contexts, "{ss}", "model_id", id);
      g_variant_builder_close (&contexts);
    }
  return g_variant_builder_end (&contexts);
}

static GVariant *
new_batch_options (void)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "brief", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&options);
}

static void
encrypt_batch (BusCaller *self, guint n, guint n_contexts)
{
  static guint8 frames[MAX_FRAMES];
  const guint8 header[4] = { 0, 0, 0, PLAINTEXT_SIZE };

  g_assert (n * (sizeof header + PLAINTEXT_SIZE) <= sizeof frames);
  for (guint i = 0; i < n; i++)
    memcpy (frames + i * (sizeof header + PLAINTEXT_SIZE), header, sizeof header);
  g_autoptr (GUnixFDList) list = send_bytes (frames, n * (sizeof header + PLAINTEXT_SIZE));
  g_autoptr (GVariant)
    reply = call (self, "EncryptBatch",
                  g_variant_new ("(h@aa{ss}@a{sv})", 0, new_contexts (n_contexts), new_batch_options ()), list, NULL);
  g_clear_pointer (&self->batch, g_variant_unref);
  self->batch = g_variant_get_child_value (reply, 0);
}

static void
decrypt_batch (BusCaller *self, guint n, guint n_contexts)
{
  g_autoptr (GUnixFDList) list = NULL;
  GVariant *parameters =
    g_variant_new ("(@aay@aa{ss}@a{sv})", self->batch, new_contexts (n_contexts), new_batch_options ());
  g_autoptr (GVariant) reply = call (self, "DecryptBatch", parameters, NULL, &list);

  bus_caller_read_plaintext (list, n * (sizeof (guint32) + PLAINTEXT_SIZE));
}

void
bus_caller_encrypt_batch (BusCaller *self, guint n)
{
  encrypt_batch (self, n, 1);
}

void
bus_caller_decrypt_batch (BusCaller *self, guint n)
{
  decrypt_batch (self, n, 1);
}

void
bus_caller_encrypt_rows (BusCaller *self, guint n)
{
  encrypt_batch (self, n, n);
}

void
bus_caller_decrypt_rows (BusCaller *self, guint n)
{
  decrypt_batch (self, n, n);
}
