/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The greeting of a bus, on private sockets. They are no bus, but most client libraries and both command line tools (gdbus,
 * busctl) know nothing else than a bus behind an address, and say Hello before anything else. */
#include "hello.h"

#define PATH "/org/freedesktop/DBus"
#define OWN_NAME ":1.1" /* each caller is alone on its connection */

static const char interface_xml[] = "<node>"
                                    "  <interface name='org.freedesktop.DBus'>"
                                    "    <method name='Hello'>"
                                    "      <arg type='s' name='unique_name' direction='out'/>"
                                    "    </method>"
                                    "  </interface>"
                                    "</node>";

static void
on_hello (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
          GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", OWN_NAME));
}

guint
hello_register (GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable vtable = { on_hello, NULL, NULL, { NULL } };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, error);

  if (node == NULL)
    return 0;
  return g_dbus_connection_register_object (connection, PATH, node->interfaces[0], &vtable, NULL, NULL, error);
}
