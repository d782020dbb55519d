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
  "<method name='EncryptBatch'><arg type='h' direction='in'/><arg type='aa{ss}' direction='in'/>"
  "<arg type='a{sv}' direction='in'/><arg type='aay' direction='out'/><arg type='aa{sv}' direction='out'/></method>"
  "<method name='DecryptBatch'><arg type='aay' direction='in'/><arg type='aa{ss}' direction='in'/>"
  "<arg type='a{sv}' direction='in'/><arg type='h' direction='out'/><arg type='aa{sv}' direction='out'/></method>"
  "</interface></node>";

#define FRAME_SIZE (sizeof (guint32) + PLAINTEXT_SIZE)

static GVariant *
make_info (void)
{
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (1));
  g_variant_builder_add (&info, "{sv}", "binding", g_variant_new_string ("verified"));
  return g_variant_builder_end (&info);
}

/* One for all. */
static GVariant *
make_results (void)
{
  GVariant *info = make_info ();

  return g_variant_new_array (G_VARIANT_TYPE_VARDICT, &info, 1);
}

static gsize
read_pipe (GDBusMethodInvocation *invocation, guint8 *bytes, gsize size)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
  int fd = g_unix_fd_list_get (list, 0, NULL);
  gsize length = 0;
  gssize n;

  while ((n = read (fd, bytes + length, size - length)) > 0)
    length += (gsize) n;
  close (fd);
  return length;
}

static void
write_pipe (GDBusMethodInvocation *invocation, const guint8 *bytes, gsize length, GVariant *info)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) != 0 || write (ends[1], bytes, length) != (gssize) length)
    g_error ("no pipe");
  close (ends[1]);
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new_from_array (ends, 1);
  g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h@*)", 0, info), list);
}

static GVariant *
new_ciphertext (void)
{
  const guint8 bytes[CIPHERTEXT_SIZE] = { 0 };

  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizeof bytes, 1);
}

static void
encrypt (GDBusMethodInvocation *invocation)
{
  guint8 bytes[CIPHERTEXT_SIZE];

  read_pipe (invocation, bytes, sizeof bytes);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@ay@a{sv})", new_ciphertext (), make_info ()));
}

static void
decrypt (GDBusMethodInvocation *invocation)
{
  const guint8 bytes[PLAINTEXT_SIZE] = { 0 };

  write_pipe (invocation, bytes, sizeof bytes, make_info ());
}

static void
encrypt_batch (GDBusMethodInvocation *invocation)
{
  static guint8 frames[MAX_FRAMES];
  gsize n = read_pipe (invocation, frames, sizeof frames) / FRAME_SIZE;
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aay"));
  for (gsize i = 0; i < n; i++)
    g_variant_builder_add_value (&list, new_ciphertext ());
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aay@aa{sv})", &list, make_results ()));
}

static void
decrypt_batch (GDBusMethodInvocation *invocation)
{
  static guint8 frames[MAX_FRAMES];
  g_autoptr (GVariant) list = g_variant_get_child_value (g_dbus_method_invocation_get_parameters (invocation), 0);

  write_pipe (invocation, frames, MIN (g_variant_n_children (list) * FRAME_SIZE, MAX_FRAMES), make_results ());
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *name, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  static const struct
  {
    const char *name;
    void (*run) (GDBusMethodInvocation *invocation);
  } methods[] = {
    { "Encrypt", encrypt },
    { "Decrypt", decrypt },
    { "EncryptBatch", encrypt_batch },
    { "DecryptBatch", decrypt_batch },
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (strcmp (name, methods[i].name) == 0)
      methods[i].run (invocation);
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
