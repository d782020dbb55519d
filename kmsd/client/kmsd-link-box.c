/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The paths of boxes, which only the daemon knows. */
#include "kmsd-link-private.h"

static KmsdCall
make_call (const char *box, int timeout_ms)
{
  return (KmsdCall){
    .path = KMSD_MANAGER_PATH,
    .interface = KMSD_MANAGER,
    .method = "LookupBox",
    .parameters = g_variant_new ("(s@a{sv})", box, g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0)),
    .reply = G_VARIANT_TYPE ("(o)"),
    .timeout_ms = timeout_ms,
  };
}

static const char *
remember (KmsdLink *self, const char *box, GVariant *answer)
{
  char *path;

  g_variant_get (answer, "(o)", &path);
  g_hash_table_replace (self->boxes, g_strdup (box), path);
  return path;
}

const char *
kmsd_link_find_box (KmsdLink *self, const char *box)
{
  return g_hash_table_lookup (self->boxes, box);
}

const char *
kmsd_link_lookup_box_sync (KmsdLink *self, const char *box, int timeout_ms, GCancellable *cancellable, GError **error)
{
  const char *known = kmsd_link_find_box (self, box);

  if (known != NULL)
    return known;
  KmsdCall call = make_call (box, timeout_ms);
  g_autoptr (GVariant) answer = kmsd_link_call_sync (self, &call, NULL, cancellable, error);
  return answer == NULL ? NULL : remember (self, box, answer);
}

void
kmsd_link_lookup_box (KmsdLink *self, const char *box, int timeout_ms, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  KmsdCall call = make_call (box, timeout_ms);
  kmsd_link_call (self, &call, cancellable, callback, user_data);
}

const char *
kmsd_link_lookup_box_finish (KmsdLink *self, const char *box, GAsyncResult *result, GError **error)
{
  g_autoptr (GVariant) answer = kmsd_link_call_finish (result, NULL, error);
  return answer == NULL ? NULL : remember (self, box, answer);
}
