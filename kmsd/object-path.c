/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escaping for object paths (sd_bus_path_encode(3)): a digit in front is escaped, too, and nothing becomes "_". */
#include "object-path.h"

char *
object_path_escape (const char *name)
{
  GString *out = g_string_new (NULL);

  if (name[0] == '\0')
    g_string_append_c (out, '_');
  for (const char *at = name; *at != '\0'; at++)
    if (g_ascii_isalpha (*at) || (at > name && g_ascii_isdigit (*at)))
      g_string_append_c (out, *at);
    else
      g_string_append_printf (out, "_%02x", (guint8) *at);
  return g_string_free (out, FALSE);
}

char *
object_path_new (const char *parent, const char *name)
{
  g_autofree char *escaped = object_path_escape (name);
  return g_strconcat (parent, "/", escaped, NULL);
}
