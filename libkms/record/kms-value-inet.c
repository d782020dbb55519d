/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses and networks: family, prefix length, and sixteen bytes, of which IPv4 uses four. */
#include "kms-value-private.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-secret.h"

#define FAMILY_IPV4 0
#define FAMILY_IPV6 1
#define ADDRESS_SIZE 16
#define HEADER_SIZE 2
#define MAX_TEXT 64

static guint
get_bits (guint8 family)
{
  return family == FAMILY_IPV4 ? 32 : 128;
}

/* "255.255.255.0" is 24; -1 for what is no mask. */
static int
read_mask (const char *text)
{
  struct in_addr address;
  int prefix = 0;

  if (inet_pton (AF_INET, text, &address) != 1)
    return -1;
  guint32 mask = GUINT32_FROM_BE (address.s_addr);
  while (prefix < 32 && (mask & 0x80000000u) != 0)
    {
      mask <<= 1;
      prefix++;
    }
  return mask == 0 ? prefix : -1;
}

static int
read_prefix (guint8 family, const char *text)
{
  int prefix = 0;
  gsize i = 0;

  if (family == FAMILY_IPV4 && strchr (text, '.') != NULL)
    return read_mask (text);
  for (; i < 4 && g_ascii_isdigit (text[i]); i++)
    prefix = prefix * 10 + (text[i] - '0');
  return i == 0 || text[i] != '\0' || (guint) prefix > get_bits (family) ? -1 : prefix;
}

/* What stands behind the prefix is not kept. */
static void
mask_host (guint8 *address, guint prefix)
{
  for (guint i = 0; i < ADDRESS_SIZE; i++)
    {
      guint bits = prefix > 8 * i ? MIN (prefix - 8 * i, 8) : 0;
      address[i] &= (guint8) (0xff00 >> bits);
    }
}

/* Into bytes that are all zeros. */
static gboolean
read_address (char *text, guint8 *out)
{
  char *slash = strchr (text, '/');
  char *zone;

  if (slash != NULL)
    *slash = '\0';
  out[0] = strchr (text, ':') == NULL ? FAMILY_IPV4 : FAMILY_IPV6;
  zone = out[0] == FAMILY_IPV6 ? strchr (text, '%') : NULL;
  if (zone != NULL)
    *zone = '\0';
  if (inet_pton (out[0] == FAMILY_IPV4 ? AF_INET : AF_INET6, text, out + HEADER_SIZE) != 1)
    return FALSE;
  int prefix = slash == NULL ? (int) get_bits (out[0]) : read_prefix (out[0], slash + 1);
  if (prefix < 0)
    return FALSE;
  out[1] = (guint8) prefix;
  mask_host (out + HEADER_SIZE, (guint) prefix);
  return TRUE;
}

/* To Rails, a text that is no address is NULL. */
gboolean
_kms_value_parse_inet (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  char copy[MAX_TEXT] = "";
  guint8 bytes[HEADER_SIZE + ADDRESS_SIZE] = { 0 };
  gboolean done = TRUE;

  if (length < sizeof copy && memchr (text, '\0', length) == NULL)
    memcpy (copy, text, length);
  if (read_address (copy, bytes))
    done = _kms_value_take (kms_secret_new (bytes, sizeof bytes), plaintext, error);
  else if (strict)
    done = _kms_value_refuse (error, "an address or a network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32");
  gnutls_memset (copy, 0, sizeof copy);
  gnutls_memset (bytes, 0, sizeof bytes);
  return done;
}

gboolean
_kms_value_check_inet (const guint8 *bytes, gsize length)
{
  return length == HEADER_SIZE + ADDRESS_SIZE && bytes[0] <= FAMILY_IPV6 && bytes[1] <= get_bits (bytes[0]);
}

KmsSecret *
_kms_value_format_inet (const guint8 *bytes, gsize length)
{
  char text[MAX_TEXT] = "";

  inet_ntop (bytes[0] == FAMILY_IPV4 ? AF_INET : AF_INET6, bytes + HEADER_SIZE, text, sizeof text);
  gsize end = strlen (text);
  g_snprintf (text + end, sizeof text - end, "/%u", bytes[1]);
  KmsSecret *secret = kms_secret_new ((const guint8 *) text, strlen (text));
  gnutls_memset (text, 0, sizeof text);
  return secret;
}
