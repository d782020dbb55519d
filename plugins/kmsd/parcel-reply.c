/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every answer is an array of ciphertexts or a descriptor of plaintexts, and what is said of each. */
#include "parcel-reply.h"

#include <string.h>

static KmsOperation
get_operation (GPtrArray *entries)
{
  return kms_item_get_operation (((Entry *) g_ptr_array_index (entries, 0))->item);
}

static void
read_binding (KmsItem *item, GVariant *info)
{
  const char *word;

  if (!g_variant_lookup (info, "binding", "&s", &word))
    return;
  if (strcmp (word, "verified") == 0)
    kms_item_set_binding (item, KMS_BINDING_VERIFIED);
  else if (strcmp (word, "ignored") == 0)
    kms_item_set_binding (item, KMS_BINDING_IGNORED);
}

/* A box that went on to another version meanwhile wrote what the caller's box would not find. */
static gboolean
check_version (Entry *entry, GVariant *info)
{
  guint32 expected = entry->new_version;
  guint32 version;

  if (kms_item_get_operation (entry->item) != KMS_OPERATION_REWRAP || expected == 0
      || !g_variant_lookup (info, "version", "u", &version) || version == expected)
    return TRUE;
  kms_item_fail (entry->item, KMS_ERROR_NOT_ACTIVE,
                 "box \"%s\" of kmsd encrypts with version %u, not %u; change the version of your own box", entry->box,
                 version, expected);
  return FALSE;
}

/* FALSE where the item has failed. */
static gboolean
read_info (Entry *entry, GVariant *info)
{
  static const struct
  {
    const char *name;
    void (*set) (KmsItem *item, const char *text);
  } texts[] = {
    { "key-id", kms_item_set_used_key_id },
    { "key-version", kms_item_set_key_version },
    { "request-id", kms_item_set_request_id },
  };
  const char *error = NULL, *message = "kmsd does not say why", *text;

  if (g_variant_lookup (info, "error", "&s", &error))
    {
      g_variant_lookup (info, "message", "&s", &message);
      GError *meant = kms_error_new_named (error, message);
      entry_fail (entry, meant != NULL ? meant : g_error_new_literal (KMS_ERROR, KMS_ERROR_FAILED, message));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_variant_lookup (info, texts[i].name, "&s", &text))
      texts[i].set (entry->item, text);
  read_binding (entry->item, info);
  return check_version (entry, info);
}

static void
settle_ciphertext (Entry *entry, GVariant *ciphertext)
{
  gsize length;
  const guint8 *bytes = g_variant_get_fixed_array (ciphertext, &length, 1);
  guint8 *room = kms_item_reserve (entry->item, length);

  if (length > 0)
    memcpy (room, bytes, length);
  kms_item_commit (entry->item, length);
}

static int
take_descriptor (GVariant *handle, GUnixFDList *descriptors)
{
  gint32 at = g_variant_get_handle (handle);

  if (descriptors == NULL || at < 0 || at >= g_unix_fd_list_get_length (descriptors))
    return -1;
  return g_unix_fd_list_get (descriptors, at, NULL);
}

static void
fail_rest (GPtrArray *entries, const char *why)
{
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (entries, i);
      if (!kms_item_is_settled (entry->item))
        kms_item_fail (entry->item, KMS_ERROR_INTEGRITY, "%s", why);
    }
}

static void
read_single (Entry *entry, GVariant *first, GVariant *info, GUnixFDList *descriptors)
{
  int fd;

  if (!read_info (entry, info))
    return;
  if (kms_item_get_operation (entry->item) != KMS_OPERATION_DECRYPT)
    settle_ciphertext (entry, first);
  else if ((fd = take_descriptor (first, descriptors)) >= 0)
    secret_read_single (fd, entry->item);
  else
    kms_item_fail (entry->item, KMS_ERROR_INTEGRITY, "kmsd sent no pipe with the plaintext");
}

/* One result stands for all. */
static void
read_results (GPtrArray *entries, GVariant *ciphertexts, GVariant *results)
{
  gboolean is_brief = g_variant_n_children (results) == 1;

  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (entries, i);
      g_autoptr (GVariant) info = g_variant_get_child_value (results, is_brief ? 0 : i);
      g_autoptr (GVariant) ciphertext = ciphertexts == NULL ? NULL : g_variant_get_child_value (ciphertexts, i);
      if (read_info (entry, info) && ciphertext != NULL)
        settle_ciphertext (entry, ciphertext);
    }
}

static void
read_plaintexts (GPtrArray *entries, int fd, SecretReadFunc func, gpointer user_data)
{
  g_autoptr (GPtrArray) items = g_ptr_array_sized_new (entries->len);

  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (items, ((Entry *) g_ptr_array_index (entries, i))->item);
  secret_read_frames (fd, items, func, user_data);
}

void
parcel_reply_read (GPtrArray *entries, GVariant *answer, GUnixFDList *descriptors, SecretReadFunc func,
                   gpointer user_data)
{
  g_autoptr (GVariant) first = g_variant_get_child_value (answer, 0);
  g_autoptr (GVariant) second = g_variant_get_child_value (answer, 1);
  gboolean decrypts = get_operation (entries) == KMS_OPERATION_DECRYPT;

  if (entries->len == 1)
    read_single (g_ptr_array_index (entries, 0), first, second, descriptors);
  else if ((g_variant_n_children (second) != entries->len && g_variant_n_children (second) != 1)
           || (!decrypts && g_variant_n_children (first) != entries->len))
    fail_rest (entries, "kmsd answered for another number of items than it was sent");
  else
    {
      int fd = decrypts ? take_descriptor (first, descriptors) : -1;
      read_results (entries, decrypts ? NULL : first, second);
      if (fd >= 0)
        {
          read_plaintexts (entries, fd, func, user_data);
          return;
        }
      fail_rest (entries, "kmsd sent no pipe with the plaintexts");
    }
  func (user_data);
}
