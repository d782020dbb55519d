/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON reader of the HTTP providers: what it reads json-glib reads as the same, what it wrote it reads again, and who
 * passes a text over says of it what who reads it says. */
#include "fuzz.h"

#include <json-glib/json-glib.h>

#include "../http/json-copy.h"

static void
check_like_json_glib (const char *text, gsize length, const char *copy)
{
  g_autoptr (JsonParser) parser = json_parser_new (), again = json_parser_new ();

  FUZZ_CHECK (json_parser_load_from_data (parser, text, (gssize) length, NULL));
  FUZZ_CHECK (json_parser_load_from_data (again, copy, -1, NULL));
  JsonNode *root = json_parser_get_root (parser), *root_again = json_parser_get_root (again);
  FUZZ_CHECK (root == NULL ? root_again == NULL : json_node_equal (root, root_again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = size > 0 ? (const char *) data : "";
  g_autofree char *copy = json_copy_text (text, size);

  if (copy == NULL)
    {
      json_skips (text, size);
      return 0;
    }
  FUZZ_CHECK (json_skips (text, size));
  g_autofree char *again = json_copy_text (copy, strlen (copy));
  FUZZ_CHECK (g_strcmp0 (again, copy) == 0);
  check_like_json_glib (text, size, copy);
  return 0;
}
