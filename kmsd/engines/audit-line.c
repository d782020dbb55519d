/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts MACs at the ends of lines, and takes them off again; and heads as text. */
#include "audit-line.h"

#include <gnutls/crypto.h>

#define BEGIN "{\"sequence\":"
#define BEFORE_MAC ",\"mac\":\""
#define END "\"}"
#define TAIL_LENGTH (strlen (BEFORE_MAC) + 2 * AUDIT_MAC_SIZE + strlen (END))

gboolean
audit_line_end (GString *text, gsize start, const AuditKey *key, guint64 sequence, AuditHead *head)
{
  char hex[2 * AUDIT_MAC_SIZE + 1];
  guint8 mac[AUDIT_MAC_SIZE];

  if (!audit_key_mac_line (key, head->mac, text->str + start, text->len - start, mac))
    return FALSE;
  audit_mac_to_hex (mac, hex);
  g_string_append (text, BEFORE_MAC);
  g_string_append_len (text, hex, 2 * AUDIT_MAC_SIZE);
  g_string_append (text, END "\n");
  head->sequence = sequence;
  memcpy (head->mac, mac, sizeof mac);
  return TRUE;
}

static gboolean
parse_sequence (const char *digits, gsize length, guint64 *sequence)
{
  g_autofree char *text = g_strndup (digits, length);

  return length > 0 && digits[0] != '0' && g_ascii_isdigit (digits[0])
         && g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, sequence, NULL);
}

gboolean
audit_line_split (const char *line, gsize length, AuditLine *out)
{
  const gsize begin = strlen (BEGIN);

  if (length > AUDIT_MAX_LINE || length < begin + TAIL_LENGTH || memcmp (line, BEGIN, begin) != 0)
    return FALSE;
  const char *tail = line + length - TAIL_LENGTH;
  const char *comma = memchr (line + begin, ',', (gsize) (tail + 1 - (line + begin)));
  out->text_length = length - TAIL_LENGTH;
  return comma != NULL && memcmp (tail, BEFORE_MAC, strlen (BEFORE_MAC)) == 0
         && memcmp (line + length - strlen (END), END, strlen (END)) == 0
         && audit_mac_from_hex (tail + strlen (BEFORE_MAC), 2 * AUDIT_MAC_SIZE, out->mac)
         && parse_sequence (line + begin, MIN ((gsize) (comma - line - (gssize) begin), 20), &out->sequence);
}

gboolean
audit_line_verify (const char *line, const AuditLine *parts, const guint8 previous[AUDIT_MAC_SIZE], const AuditKey *key)
{
  guint8 mac[AUDIT_MAC_SIZE];

  return audit_key_mac_line (key, previous, line, parts->text_length, mac)
         && gnutls_memcmp (mac, parts->mac, sizeof mac) == 0;
}

char *
audit_head_to_string (const AuditHead *head)
{
  char hex[2 * AUDIT_MAC_SIZE + 1];

  audit_mac_to_hex (head->mac, hex);
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%s", head->sequence, hex);
}

gboolean
audit_head_from_string (const char *text, AuditHead *head, GError **error)
{
  const char *colon = strchr (text, ':');

  if (colon != NULL && parse_sequence (text, (gsize) (colon - text), &head->sequence)
      && audit_mac_from_hex (colon + 1, strlen (colon + 1), head->mac))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "this is no head of an audit log, which is a sequence, \":\", and 64 digits 0-9 and a-f; look "
                       "for KMS_AUDIT_HEAD in the journal");
  return FALSE;
}
