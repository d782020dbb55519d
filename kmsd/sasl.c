/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's side of D-Bus authentication (D-Bus Specification, "Authentication Protocol"). */
#include "sasl.h"

#include <string.h>

#define MAX_LINE 512 /* bytes: four times what any client sends */
#define MAX_LINES 16

void
sasl_init (Sasl *self, guint32 uid)
{
  *self = (Sasl){ .uid = uid, .line = g_string_new (NULL) };
}

void
sasl_clear (Sasl *self)
{
  if (self->line != NULL)
    g_string_free (g_steal_pointer (&self->line), TRUE);
}

gsize
sasl_count (const Sasl *self, const char *bytes, gsize n)
{
  const char *end = memchr (bytes, '\n', n);

  if (!self->has_zero)
    return MIN (n, 1);
  return end == NULL ? n : (gsize) (end - bytes) + 1;
}

/* Hexadecimal digits of decimal digits. */
static gboolean
is_own_uid (const Sasl *self, const char *hex)
{
  g_autofree char *decimal = g_strdup_printf ("%u", self->uid);
  g_autoptr (GString) wanted = g_string_new (NULL);

  for (const char *at = decimal; *at != '\0'; at++)
    g_string_append_printf (wanted, "%02x", *at);
  return *hex == '\0' || g_ascii_strcasecmp (hex, wanted->str) == 0;
}

static void
identify (Sasl *self, const char *hex, const char *guid, GString *answer)
{
  self->awaits_data = FALSE;
  self->is_agreed = is_own_uid (self, hex);
  if (self->is_agreed)
    g_string_append_printf (answer, "OK %s\r\n", guid);
  else
    g_string_append (answer, "REJECTED EXTERNAL\r\n");
}

/* What stands behind a word, without the blank; NULL if the line begins with another word. */
static const char *
get_rest (const char *line, const char *word)
{
  gsize length = strlen (word);

  if (strncmp (line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0'))
    return NULL;
  return line[length] == ' ' ? line + length + 1 : line + length;
}

static void
take_auth (Sasl *self, const char *mechanism, const char *guid, GString *answer)
{
  const char *response = get_rest (mechanism, "EXTERNAL");

  if (response == NULL)
    g_string_append (answer, "REJECTED EXTERNAL\r\n");
  else if (*response != '\0')
    identify (self, response, guid, answer);
  else
    {
      self->awaits_data = TRUE;
      g_string_append (answer, "DATA\r\n");
    }
}

static SaslResult
take_line (Sasl *self, const char *line, const char *guid, GString *answer)
{
  const char *mechanism = get_rest (line, "AUTH"), *data = get_rest (line, "DATA");

  if (self->is_agreed && strcmp (line, "BEGIN") == 0)
    return SASL_BEGUN;
  if (self->is_agreed && strcmp (line, "NEGOTIATE_UNIX_FD") == 0)
    g_string_append (answer, "AGREE_UNIX_FD\r\n");
  else if (self->awaits_data && data != NULL)
    identify (self, data, guid, answer);
  else if (!self->is_agreed && !self->awaits_data && mechanism != NULL)
    take_auth (self, mechanism, guid, answer);
  else if (strcmp (line, "CANCEL") == 0 || get_rest (line, "ERROR") != NULL)
    {
      self->awaits_data = self->is_agreed = FALSE;
      g_string_append (answer, "REJECTED EXTERNAL\r\n");
    }
  else if (strcmp (line, "BEGIN") == 0)
    return SASL_FAILED;
  else
    g_string_append (answer, "ERROR\r\n");
  return SASL_GO_ON;
}

SaslResult
sasl_take (Sasl *self, const char *bytes, gsize n, const char *guid, GString *answer)
{
  if (!self->has_zero)
    {
      self->has_zero = TRUE;
      return n == 1 && bytes[0] == '\0' ? SASL_GO_ON : SASL_FAILED;
    }
  g_string_append_len (self->line, bytes, (gssize) n);
  if (self->line->len > MAX_LINE || memchr (bytes, '\0', n) != NULL)
    return SASL_FAILED;
  if (!g_str_has_suffix (self->line->str, "\n"))
    return SASL_GO_ON;
  if (!g_str_has_suffix (self->line->str, "\r\n") || ++self->n_lines > MAX_LINES)
    return SASL_FAILED;
  g_string_truncate (self->line, self->line->len - 2);
  SaslResult result = take_line (self, self->line->str, guid, answer);
  g_string_truncate (self->line, 0);
  return result;
}
