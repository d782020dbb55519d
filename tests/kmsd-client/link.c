/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks a box up over a link, once for every line that comes in: once blocking, once not. Says what came of it. */
#include <stdio.h>
#include <string.h>

#include "kmsd-link.h"

static const char *
say (const char *path, const GError *error)
{
  return path != NULL ? path : kms_error_get_id (error);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
look_up (KmsdLink *link, const char *box, GString *out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  gboolean known = kmsd_link_find_box (link, box) != NULL;

  if (known)
    {
      KmsdCall call = { .path = kmsd_link_find_box (link, box),
                        .interface = KMSD_BOX,
                        .method = "GetInfo",
                        .parameters = g_variant_new_parsed ("(@a{sv} {},)"),
                        .timeout_ms = 20000 };
      g_autoptr (GVariant) info = kmsd_link_call_sync (link, &call, NULL, NULL, &error);
      g_string_append_printf (out, "known %s\n", info != NULL ? "works" : kms_error_get_id (error));
      return;
    }
  const char *path = kmsd_link_lookup_box_sync (link, box, 20000, NULL, &error);
  g_string_append_printf (out, "%s ", say (path, error));
  g_clear_error (&error);
  kmsd_link_lookup_box (link, box, 20000, NULL, on_looked_up, &result);
  path = kmsd_link_lookup_box_finish (link, box, wait_for (&result), &error);
  g_string_append_printf (out, "%s\n", say (path, error));
}

static KmsdLink *
open_both_ways (const char *key_id, const char **box, GError **error)
{
  g_auto (KmsdPlace) place = { 0 };
  g_autoptr (GAsyncResult) result = NULL;

  if (!kmsd_place_parse (key_id, &place, box, error))
    return NULL;
  g_autoptr (KmsdLink) first = kmsd_link_open (&place, NULL, error);
  if (first == NULL)
    return NULL;
  kmsd_link_open_async (&place, NULL, on_looked_up, &result);
  return kmsd_link_open_finish (wait_for (&result), error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  const char *box;
  char line[16];
  g_autoptr (KmsdLink) link = open_both_ways (argv[1], &box, &error);

  if (link == NULL)
    {
      printf ("%s: %s\n", kms_error_get_id (error), error->message);
      return 1;
    }
  printf ("%s\n", kmsd_link_is_bus (link) ? "bus" : "socket");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      look_up (link, box, out);
      fputs (out->str, stdout);
      fflush (stdout);
    }
  return 0;
}
