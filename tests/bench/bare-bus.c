/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* GDBus with nothing behind it: the measure of kmsd. It takes and gives the same messages with the same pipes, reads and
 * writes them, and does nothing else; what it calls a ciphertext is as long as one. Ends when its parent does. */
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bus-caller.h"

static const char interface_xml[] =
  "<node><interface name='" BOX_INTERFACE "'>"
  "<method name='Encrypt'><arg type='h' direction='in'/><arg type='a{ss}' direction='in'/>"
  "<arg type='a{sv}' direction='in'/><arg type='ay' direction='out'/><arg type='a{sv}' direction='out'/></method>"
  "<method name='Decrypt'><arg type='ay' direction='in'/><arg type='a{ss}' direction='in'/>"
  "<arg type='a{sv}' direction='in'/><arg type='h' direction='out'/><arg type='a{sv}' direction='out'/></method>"
  "</interface></node>";

static GVariant *
make_info (void)
{
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (1));
  g_variant_builder_add (&info, "{sv}", "binding", g_variant_new_string ("verified"));
  return g_variant_builder_end (&info);
}

static void
encrypt (GDBusMethodInvocation *invocation)
{
  guint8 bytes[CIPHERTEXT_SIZE] = { 0 };
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
  int fd = g_unix_fd_list_get (list, 0, NULL);
  gssize length = 0, n;

  while ((n = read (fd, bytes + length, sizeof bytes - (gsize) length)) > 0)
    length += n;
  close (fd);
  GVariant *ciphertext = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizeof bytes, 1);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@ay@a{sv})", ciphertext, make_info ()));
}

static void
decrypt (GDBusMethodInvocation *invocation)
{
  const guint8 bytes[PLAINTEXT_SIZE] = { 0 };
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0 || write (ends[1], bytes, sizeof bytes) != sizeof bytes)
    g_error ("no pipe");
  close (ends[1]);
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new_from_array (ends, 1);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h@a{sv})", 0, make_info ()),
                                                           list);
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *name, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  if (strcmp (name, "Encrypt") == 0)
    encrypt (invocation);
  else
    decrypt (invocation);
}

static void
on_bus (GDBusConnection *connection, const char *name, gpointer data)
{
  static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { NULL } };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, NULL);

  if (g_dbus_connection_register_object (connection, BARE_PATH, node->interfaces[0], &vtable, NULL, NULL, NULL) == 0)
    g_error ("the object can't be registered");
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  g_bus_own_name (G_BUS_TYPE_SESSION, BARE_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_bus, NULL, NULL, NULL, NULL);
  g_main_loop_run (loop);
  return 0;
}
