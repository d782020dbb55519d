/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of each kind of object, and introspection that tells each caller what is there for it. */
#include "interfaces.h"

#include <string.h>

#include "box-access.h"
#include "kmsd-interfaces.h"
#include "object-path.h"

static const GDBusInterfaceInfo *const of_box[] = { &org_libkms_kms1_box_interface,
                                                    &org_libkms_kms1_lockdown_interface };
static const GDBusInterfaceInfo *const of_manager[] = { &org_libkms_kms1_manager_interface,
                                                        &org_libkms_kms1_lockdown_interface,
                                                        &org_libkms_kms1_audit_interface };

static const GDBusInterfaceInfo *const of_provider[] = { &org_libkms_kms1_provider_interface };

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

static const struct
{
  const GDBusInterfaceInfo *const *interfaces;
  guint n_interfaces;
} kinds[] = {
  { of_box, G_N_ELEMENTS (of_box) },
  { of_manager, G_N_ELEMENTS (of_manager) },
  { of_provider, G_N_ELEMENTS (of_provider) },
};

GDBusInterfaceInfo **
interfaces_list (const char *path)
{
  guint kind = g_str_has_prefix (path, OBJECT_BOXES) ? 0 : 2;
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < kinds[kind].n_interfaces; i++)
    g_ptr_array_add (list, g_dbus_interface_info_ref ((GDBusInterfaceInfo *) kinds[kind].interfaces[i]));
  g_ptr_array_add (list, NULL);
  return (GDBusInterfaceInfo **) g_ptr_array_free (list, FALSE);
}

const GDBusInterfaceInfo *
interfaces_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint j = 0; j < kinds[i].n_interfaces; j++)
      if (strcmp (kinds[i].interfaces[j]->name, name) == 0)
        return kinds[i].interfaces[j];
  return NULL;
}

static void
add_child (GString *xml, const char *path)
{
  g_string_append_printf (xml, "  <node name=\"%s\"/>\n", strrchr (path, '/') + 1);
}

static void
add_providers (Call *call, GString *xml)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (call->daemon->registry, KMS_CONFIG_KIND_PROVIDER);

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      g_autofree char *path = object_path_new (OBJECT_PROVIDERS, kms_config_info_get_name (info));
      if (kms_config_info_get_state (info) != KMS_STATE_MASKED)
        add_child (xml, path);
    }
}

static void
add_boxes (Call *call, GString *xml)
{
  BoxTable *boxes = call->daemon->boxes;

  for (guint i = 0; i < box_table_get_n (boxes); i++)
    {
      BoxEntry *entry = box_table_get (boxes, i);
      if (box_access_may_see (call, entry))
        add_child (xml, entry->path);
    }
}

void
introspectable_introspect (Call *call)
{
  g_autoptr (GString) xml = g_string_new (DOCTYPE "<node>\n" INTROSPECTABLE);

  if (strcmp (g_dbus_message_get_path (call->message), OBJECT_BOXES) == 0)
    add_boxes (call, xml);
  else
    add_providers (call, xml);
  g_string_append (xml, "</node>\n");
  call_return (call, g_variant_new ("(s)", xml->str));
}
