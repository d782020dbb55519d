/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key ids of boxes that a daemon keeps. */
#include "kmsd-place.h"

#include <string.h>
#include <sys/un.h>

#define SYSTEM "system/"
#define SESSION "session/"
#define SOCKET "socket:"

/* The name of a box has no slash, so the last one ends the path. */
static gboolean
parse_socket (const char *text, KmsdPlace *place, const char **box, GError **error)
{
  const struct sockaddr_un limit;
  const char *slash = strrchr (text, '/');

  if (text[0] != '/' || slash == text || slash[-1] == '/')
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "key id \"" SOCKET "%s\": write the absolute path of the daemon's socket, a slash and the name of a "
                   "box: " SOCKET "/run/kmsd/private/orders",
                   text);
      return FALSE;
    }
  if ((gsize) (slash - text) >= sizeof limit.sun_path)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "key id \"" SOCKET "%s\": the path of a socket is shorter than %zu bytes", text,
                   sizeof limit.sun_path);
      return FALSE;
    }
  *place = (KmsdPlace){ KMSD_BUS_SOCKET, g_strndup (text, (gsize) (slash - text)) };
  *box = slash + 1;
  return TRUE;
}

static gboolean
parse_place (const char *key_id, KmsdPlace *place, const char **box, GError **error)
{
  if (g_str_has_prefix (key_id, SOCKET))
    return parse_socket (key_id + strlen (SOCKET), place, box, error);
  if (!g_str_has_prefix (key_id, SYSTEM) && !g_str_has_prefix (key_id, SESSION))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "key id \"%s\" names no daemon; write " SYSTEM "BOX, " SESSION "BOX or " SOCKET "PATH/BOX", key_id);
      return FALSE;
    }
  *place = (KmsdPlace){ g_str_has_prefix (key_id, SYSTEM) ? KMSD_BUS_SYSTEM : KMSD_BUS_SESSION, NULL };
  *box = strchr (key_id, '/') + 1;
  return TRUE;
}

/* Or a message that quotes it would not be one. */
static gboolean
check_text (const char *key_id, GError **error)
{
  gboolean is_good = g_utf8_validate (key_id, -1, NULL);

  for (const char *p = key_id; is_good && *p != '\0'; p = g_utf8_next_char (p))
    is_good = !g_unichar_iscntrl (g_utf8_get_char (p));
  if (!is_good)
    g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                         "a key id is one line of UTF-8: " SYSTEM "BOX, " SESSION "BOX or " SOCKET "PATH/BOX");
  return is_good;
}

gboolean
kmsd_place_parse (const char *key_id, KmsdPlace *place, const char **box, GError **error)
{
  g_auto (KmsdPlace) parsed = { 0 };

  if (!check_text (key_id, error) || !parse_place (key_id, &parsed, box, error))
    return FALSE;
  if (**box == '\0' || strchr (*box, '/') != NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "key id \"%s\" does not end in the name of a box; kmsctl key list tells those that you may use",
                   key_id);
      return FALSE;
    }
  *place = parsed;
  parsed.socket = NULL;
  return TRUE;
}

void
kmsd_place_clear (KmsdPlace *place)
{
  g_clear_pointer (&place->socket, g_free);
}

void
kmsd_place_copy (const KmsdPlace *from, KmsdPlace *to)
{
  *to = (KmsdPlace){ from->bus, g_strdup (from->socket) };
}

gboolean
kmsd_place_equal (const KmsdPlace *a, const KmsdPlace *b)
{
  return a->bus == b->bus && g_strcmp0 (a->socket, b->socket) == 0;
}

char *
kmsd_place_to_string (const KmsdPlace *place)
{
  if (place->bus == KMSD_BUS_SOCKET)
    return g_strconcat (SOCKET, place->socket, "/", NULL);
  return g_strdup (place->bus == KMSD_BUS_SYSTEM ? SYSTEM : SESSION);
}

char *
kmsd_place_describe (const KmsdPlace *place)
{
  if (place->bus == KMSD_BUS_SOCKET)
    return g_strconcat ("the socket ", place->socket, NULL);
  return g_strdup (place->bus == KMSD_BUS_SYSTEM ? "the system bus" : "the session bus");
}
