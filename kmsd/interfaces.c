/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of each kind of object, and introspection that tells each caller what is there for it. */
#include "interfaces.h"

#include <string.h>

#include "kmsd-interfaces.h"
#include "object-path.h"

static const GDBusInterfaceInfo *const of_box[] = { &org_libkms_kms1_box_interface,
                                                    &org_libkms_kms1_lockdown_interface };
static const GDBusInterfaceInfo *const of_manager[] = { &org_libkms_kms1_manager_interface,
                                                        &org_libkms_kms1_lockdown_interface,
                                                        &org_libkms_kms1_audit_interface };

#define INTROSPECTABLE                                                                                                 \
  "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"                                                       \
  "    <method name=\"Introspect\">\n"                                                                                 \
  "      <arg type=\"s\" name=\"xml_data\" direction=\"out\"/>\n"                                                      \
  "    </method>\n"                                                                                                    \
  "  </interface>\n"

#define DOCTYPE                                                                                                        \
  "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"                                 \
  " \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"

const GDBusInterfaceInfo *
interfaces_get_introspectable (void)
{
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      GDBusNodeInfo *node = g_dbus_node_info_new_for_xml ("<node>" INTROSPECTABLE "</node>", NULL);
      g_once_init_leave (&made, (gsize) node);
    }
  return ((const GDBusNodeInfo *) made)->interfaces[0];
}

GDBusInterfaceInfo **
interfaces_list (const char *subtree)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (of_box); i++)
    g_ptr_array_add (list, g_dbus_interface_info_ref ((GDBusInterfaceInfo *) of_box[i]));
  g_ptr_array_add (list, NULL);
  return (GDBusInterfaceInfo **) g_ptr_array_free (list, FALSE);
}

const GDBusInterfaceInfo *
interfaces_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (of_box); i++)
    if (strcmp (of_box[i]->name, name) == 0)
      return of_box[i];
  for (guint i = 0; i < G_N_ELEMENTS (of_manager); i++)
    if (strcmp (of_manager[i]->name, name) == 0)
      return of_manager[i];
  return NULL;
}

static void
add_children (Call *call, GString *xml)
{
  BoxTable *boxes = call->daemon->boxes;

  for (guint i = 0; i < box_table_get_n (boxes); i++)
    {
      BoxEntry *entry = box_table_get (boxes, i);
      if (access_may_see (entry->rules, &call->caller->access))
        g_string_append_printf (xml, "  <node name=\"%s\"/>\n", entry->path + strlen (OBJECT_BOXES "/"));
    }
}

void
introspectable_introspect (Call *call)
{
  g_autoptr (GString) xml = g_string_new (DOCTYPE "<node>\n" INTROSPECTABLE);

  add_children (call, xml);
  g_string_append (xml, "</node>\n");
  call_return (call, g_variant_new ("(s)", xml->str));
}
