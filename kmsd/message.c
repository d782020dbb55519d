/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the values of a message along its signature, which makes nothing and costs little; only then GDBus's own reader
 * is asked whether it is one. */
#include "message.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_LENGTH (128 * 1024 * 1024) /* of D-Bus */
#define MAX_DEPTH 64
#define PROTOCOL_VERSION 1
#define FIELD_SIGNATURE 8

typedef struct
{
  const guint8 *data;
  gsize at, end;
  gboolean is_swapped;
  guint n_values, max_values;
} Walk;

static gboolean skip_value (Walk *self, const char *type, guint depth);

static guint32
get_u32 (const guint8 *bytes, gboolean is_swapped)
{
  guint32 value;

  memcpy (&value, bytes, sizeof value);
  return is_swapped ? GUINT32_SWAP_LE_BE (value) : value;
}

static gboolean
is_swapped (char order)
{
  return order == (G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'B' : 'l');
}

static gsize
align (gsize at, gsize to)
{
  return (at + to - 1) / to * to;
}

gboolean
message_read_head (const guint8 bytes[MESSAGE_HEAD], MessageHead *head)
{
  gboolean swap = is_swapped ((char) bytes[0]);
  gsize n_body = get_u32 (bytes + 4, swap);

  head->is_call = bytes[1] == G_DBUS_MESSAGE_TYPE_METHOD_CALL;
  head->serial = get_u32 (bytes + 8, swap);
  head->n_fields = get_u32 (bytes + 12, swap);
  head->length = align (MESSAGE_HEAD + head->n_fields, 8) + n_body;
  return (bytes[0] == 'l' || bytes[0] == 'B') && bytes[3] == PROTOCOL_VERSION && bytes[1] != 0 && head->serial != 0
         && head->length <= MAX_LENGTH;
}

/* Of types of one size, whose arrays are one value; 0: another type. */
static gsize
get_size (char type)
{
  switch (type)
    {
    case 'y':
      return 1;
    case 'n':
    case 'q':
      return 2;
    case 'b':
    case 'i':
    case 'u':
    case 'h':
      return 4;
    case 'x':
    case 't':
    case 'd':
      return 8;
    default:
      return 0;
    }
}

static gsize
get_alignment (char type)
{
  if (type == 's' || type == 'o' || type == 'a')
    return 4;
  if (type == '(' || type == '{')
    return 8;
  return MAX (get_size (type), 1);
}

static gboolean
move (Walk *self, gsize n)
{
  if (n > self->end - self->at)
    return FALSE;
  self->at += n;
  return TRUE;
}

static gboolean
move_to (Walk *self, char type)
{
  return move (self, align (self->at, get_alignment (type)) - self->at);
}

static gboolean
take_length (Walk *self, gsize *length)
{
  const guint8 *bytes = self->data + self->at;

  if (!move (self, 4))
    return FALSE;
  *length = get_u32 (bytes, self->is_swapped);
  return TRUE;
}

static gboolean
take_signature (Walk *self, const char **signature)
{
  const guint8 *bytes = self->data + self->at;

  if (!move (self, 1) || !move (self, (gsize) bytes[0] + 1) || bytes[bytes[0] + 1] != '\0')
    return FALSE;
  *signature = (const char *) bytes + 1;
  return strlen (*signature) == bytes[0] && g_variant_is_signature (*signature);
}

/* Of a type that was looked at as a whole. */
static const char *
after (const char *type)
{
  const char *end = type;

  g_variant_type_string_scan (type, NULL, &end);
  return end;
}

static gboolean
skip_array (Walk *self, const char *type, guint depth)
{
  gsize length;

  if (!take_length (self, &length) || !move_to (self, type[0]) || length > self->end - self->at)
    return FALSE;
  gsize end = self->at + length;
  /* Each boolean is looked at. */
  if (get_size (type[0]) > 0 && type[0] != 'b')
    return move (self, length);
  while (self->at < end)
    if (!skip_value (self, type, depth))
      return FALSE;
  return self->at == end;
}

static gboolean
skip_members (Walk *self, const char *type, guint depth)
{
  while (*type != ')' && *type != '}')
    {
      if (!skip_value (self, type, depth))
        return FALSE;
      type = after (type);
    }
  return TRUE;
}

static gboolean
skip_variant (Walk *self, guint depth)
{
  const char *type;

  return take_signature (self, &type) && *type != '\0' && *after (type) == '\0' && skip_value (self, type, depth);
}

static gboolean
skip_value (Walk *self, const char *type, guint depth)
{
  const char *signature;
  gsize length;

  if (++self->n_values > self->max_values || depth == MAX_DEPTH || !move_to (self, type[0]))
    return FALSE;
  switch (type[0])
    {
    case 's':
    case 'o':
      return take_length (self, &length) && move (self, length) && move (self, 1);
    case 'g':
      return take_signature (self, &signature);
    case 'a':
      return skip_array (self, type + 1, depth + 1);
    case 'v':
      return skip_variant (self, depth + 1);
    case '(':
    case '{':
      return skip_members (self, type + 1, depth + 1);
    default:
      return move (self, get_size (type[0]));
    }
}

/* The fields are structures of a number and a variant. */
static gboolean
find_signature (Walk *self, gsize n_fields, const char **signature)
{
  gsize end = self->at + n_fields;

  *signature = "";
  while (self->at < end)
    {
      if (!move_to (self, '(') || self->at == end)
        return FALSE;
      guint8 field = self->data[self->at];
      Walk there = *self;
      if (!move (self, 1) || !skip_variant (self, 0))
        return FALSE;
      const char *type;
      if (field == FIELD_SIGNATURE
          && (!move (&there, 1) || !take_signature (&there, &type) || type[0] != 'g'
              || !take_signature (&there, signature)))
        return FALSE;
    }
  return self->at == end;
}

static gboolean
count_values (Walk *self, gsize n_fields)
{
  const char *type;

  if (!find_signature (self, n_fields, &type) || !move_to (self, '('))
    return FALSE;
  for (; *type != '\0'; type = after (type))
    if (!skip_value (self, type, 0))
      return FALSE;
  return self->at == self->end;
}

MessageVerdict
message_check (guint8 *bytes, gsize length, guint max_values)
{
  MessageHead head;
  Walk walk = { .data = bytes, .at = MESSAGE_HEAD, .end = length, .max_values = max_values };

  if (length < MESSAGE_HEAD || !message_read_head (bytes, &head) || head.length != length)
    return MESSAGE_BROKEN;
  walk.is_swapped = is_swapped ((char) bytes[0]);
  if (!count_values (&walk, head.n_fields))
    return walk.n_values > max_values ? MESSAGE_TOO_MANY_VALUES : MESSAGE_BROKEN;
  g_autoptr (GDBusMessage)
    message = g_dbus_message_new_from_blob (bytes, length, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  return message == NULL ? MESSAGE_BROKEN : MESSAGE_GOOD;
}

guint8 *
message_new_error (guint32 reply_serial, const char *name, const char *text, gsize *length)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new ();

  g_dbus_message_set_message_type (message, G_DBUS_MESSAGE_TYPE_ERROR);
  g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  /* GDBus counts its own from 1. */
  g_dbus_message_set_serial (message, G_MAXUINT32);
  g_dbus_message_set_reply_serial (message, reply_serial);
  g_dbus_message_set_error_name (message, name);
  g_dbus_message_set_body (message, g_variant_new ("(s)", text));
  return g_dbus_message_to_blob (message, length, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
}
