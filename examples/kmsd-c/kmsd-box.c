/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets go through pipes: in a message, they would leave copies in this process, in kmsd and in the bus daemon that nobody
 * can wipe. */
#include "kmsd-box.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define NAME "org.libkms.Kms1"
#define MANAGER "/org/libkms/Kms1/Manager"
#define TIMEOUT_MS 30000 /* longer than kmsd gives a service */

struct _KmsdBox
{
  GDBusConnection *connection;
  char *path;
};

void
secret_wipe (Secret *self)
{
  explicit_bzero (self, sizeof *self);
}

static gboolean
fail_errno (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (code), "%s: %s", what, g_strerror (code));
  return FALSE;
}

/* The reading end. What fits into a pipe is written before anybody is called, and the writing end is closed: kmsd reads to the
 * end, and waits for it only a few seconds. */
static int
put_secret (const Secret *secret, GError **error)
{
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return -1;
  gboolean written = write (ends[1], secret->bytes, secret->length) == (gssize) secret->length;
  if (!written)
    fail_errno (error, "the pipe does not take the secret");
  close (ends[1]);
  if (written)
    return ends[0];
  close (ends[0]);
  return -1;
}

/* Straight into its place. */
static gboolean
take_secret (int fd, Secret *secret, GError **error)
{
  gssize n = 1;

  secret->length = 0;
  while (n > 0 || (n < 0 && errno == EINTR))
    {
      n = read (fd, secret->bytes + secret->length, SECRET_MAX - secret->length);
      secret->length += (gsize) MAX (n, 0);
    }
  gboolean ok = n == 0 || fail_errno (error, "the pipe with the secret can't be read");
  close (fd);
  if (!ok)
    secret_wipe (secret);
  return ok;
}

static GDBusConnection *
connect_to (const char *where, GError **error)
{
  if (strcmp (where, "system") == 0)
    return g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  if (strcmp (where, "session") == 0)
    return g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, error);
  /* A private socket answers as a bus would. */
  g_autofree char *escaped = g_dbus_address_escape_value (where);
  g_autofree char *address = g_strconcat ("unix:path=", escaped, NULL);
  return g_dbus_connection_new_for_address_sync (
    address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL,
    error);
}

/* Paths are told, never built. */
static gboolean
look_up (KmsdBox *self, const char *name, GError **error)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
    self->connection, NAME, MANAGER, NAME ".Manager", "LookupBox", g_variant_new ("(sa{sv})", name, NULL),
    G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, error);

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(o)", &self->path);
  return TRUE;
}

KmsdBox *
kmsd_box_new (const char *where, const char *name, GError **error)
{
  g_autoptr (KmsdBox) self = g_new0 (KmsdBox, 1);

  self->connection = connect_to (where, error);
  if (self->connection == NULL || !look_up (self, name, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
kmsd_box_free (KmsdBox *self)
{
  g_clear_object (&self->connection);
  g_free (self->path);
  g_free (self);
}

/* Where somebody can answer polkit's questions, the flag is G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, and the time
 * longer. */
static GVariant *
call (KmsdBox *self, const char *method, GVariant *parameters, const char *type, GUnixFDList *sent, GUnixFDList **given,
      GError **error)
{
  return g_dbus_connection_call_with_unix_fd_list_sync (self->connection, NAME, self->path, NAME ".Box", method,
                                                        parameters, G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NONE,
                                                        TIMEOUT_MS, sent, given, NULL, error);
}

GBytes *
kmsd_box_encrypt (KmsdBox *self, const Secret *secret, GVariant *context, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (context);
  int fd = put_secret (secret, error);

  if (fd < 0)
    return NULL;
  g_autoptr (GUnixFDList) sent = g_unix_fd_list_new_from_array (&fd, 1); /* closes it */
  g_autoptr (GVariant)
    reply = call (self, "Encrypt", g_variant_new ("(h@a{ss}a{sv})", 0, owned, NULL), "(aya{sv})", sent, NULL, error);
  if (reply == NULL)
    return NULL;
  /* Not "^ay" or a bytestring: those end at the first NUL. */
  g_autoptr (GVariant) stored = g_variant_get_child_value (reply, 0);
  return g_variant_get_data_as_bytes (stored);
}

gboolean
kmsd_box_decrypt (KmsdBox *self, GBytes *stored, GVariant *context, Secret *secret, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (context);
  g_autoptr (GUnixFDList) given = NULL;
  GVariant *bytes = g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, stored, TRUE);
  gint32 handle;

  secret->length = 0;
  g_autoptr (GVariant) reply =
    call (self, "Decrypt", g_variant_new ("(@ay@a{ss}a{sv})", bytes, owned, NULL), "(ha{sv})", NULL, &given, error);
  if (reply == NULL)
    return FALSE;
  g_variant_get_child (reply, 0, "h", &handle);
  int fd = given == NULL ? -1 : g_unix_fd_list_get (given, handle, error);
  if (given == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "kmsd's answer carries no pipe");
  return fd >= 0 && take_secret (fd, secret, error);
}

gboolean
kmsd_error_is (const GError *error, const char *name)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);

  return remote != NULL && g_str_has_prefix (remote, NAME ".Error.")
         && strcmp (remote + strlen (NAME ".Error."), name) == 0;
}
