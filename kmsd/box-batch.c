/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Box.EncryptBatch, DecryptBatch and RewrapBatch: many items, one round trip, one sync of the audit log. */
#include "frames.h"
#include "methods.h"
#include "pipe-reader.h"
#include "pipe-writer.h"
#include "quota.h"
#include "values.h"

#define CHUNK_SIZE 65536

static GVariant *
describe_failure (const GError *error)
{
  g_autofree char *message = g_utf8_make_valid (error->message, -1);
  GVariantBuilder result;

  g_variant_builder_init (&result, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&result, "{sv}", "error", g_variant_new_string (kms_error_get_dbus_name (error)));
  g_variant_builder_add (&result, "{sv}", "message", g_variant_new_string (message));
  return g_variant_builder_end (&result);
}

static gboolean
is_like_last (Call *call, guint index)
{
  KmsBatch *batch = values_get (call)->batch;

  return kms_batch_get_error (batch, index - 1) == NULL && values_have_same_info (call, index, index - 1);
}

static GVariant *
list_results (Call *call)
{
  KmsBatch *batch = values_get (call)->batch;
  gboolean is_brief = values_get (call)->brief && values_succeed_alike (call);
  guint n = is_brief ? 1 : kms_batch_get_n_items (batch);
  g_autoptr (GVariant) info = NULL; /* of the last item that succeeded: most say the same */
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n; i++)
    {
      const GError *error = kms_batch_get_error (batch, i);
      if (error != NULL)
        {
          g_variant_builder_add_value (&list, describe_failure (error));
          continue;
        }
      if (info == NULL || !is_like_last (call, i))
        {
          g_clear_pointer (&info, g_variant_unref);
          info = g_variant_ref_sink (values_get_info (call, i));
        }
      g_variant_builder_add_value (&list, info);
    }
  return g_variant_builder_end (&list);
}

static void
answer_ciphertexts (Call *call)
{
  GVariant *ciphertexts = values_list_ciphertexts (call);
  call_return (call, g_variant_new ("(@aay@aa{sv})", ciphertexts, list_results (call)));
}

typedef struct
{
  Quotas *quotas;
  guint32 uid;
  guint n_bytes;
} Place;

static void
give_back (gpointer data)
{
  g_autofree Place *place = data;
  quotas_give_back_many (place->quotas, place->uid, QUOTA_KIND_LOCKED, place->n_bytes);
  quotas_give_back (place->quotas, place->uid, QUOTA_KIND_PIPE);
}

/* The pipe outlives the call: so it counts for itself. */
static Place *
take_place (Call *call, gsize n_bytes, GError **error)
{
  Quotas *quotas = call->daemon->quotas;
  guint32 uid = call->caller->access.uid;

  if (!quotas_take (quotas, uid, QUOTA_KIND_PIPE, error))
    return NULL;
  if (!quotas_take_many (quotas, uid, QUOTA_KIND_LOCKED, (guint) n_bytes, error))
    {
      quotas_give_back (quotas, uid, QUOTA_KIND_PIPE);
      return NULL;
    }
  Place *place = g_new (Place, 1);
  *place = (Place){ quotas, uid, (guint) n_bytes };
  return place;
}

static void
answer_plaintexts (Call *call)
{
  GError *error = NULL;
  g_autoptr (KmsSecret) joined = frames_join (values_get (call)->batch, &error);
  Place *place = joined == NULL ? NULL : take_place (call, kms_secret_get_length (joined), &error);

  if (place == NULL)
    {
      call_fail (call, error);
      return;
    }
  int fd = pipe_write_on (joined, give_back, place, &error);
  if (fd < 0)
    call_fail (call, error);
  else
    call_return_descriptor (call, g_variant_new ("(h@aa{sv})", 0, list_results (call)), fd);
}

static KmsContext *
make_context (Call *call, GVariant *maps, gsize index, GError **error)
{
  gsize n = g_variant_n_children (maps);
  g_autoptr (GVariant) map = n == 0 ? g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{ss}"), NULL, 0))
                                    : g_variant_get_child_value (maps, n == 1 ? 0 : index);

  return values_make_context (call, map, index, error);
}

/* One for each, or one for all, which may be that there is none. */
static GPtrArray *
make_contexts (Call *call, GVariant *maps, gsize n_items, GError **error)
{
  g_autoptr (GPtrArray) contexts = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_context_unref);
  gsize n = g_variant_n_children (maps), n_bytes = context_options_count (&values_get (call)->context);

  if (n_bytes > 1 && n_bytes != n_items)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "%zu \"context-bytes\" for %zu items; send one for each, or one for all", n_bytes, n_items);
      return NULL;
    }
  if (g_variant_get_size (maps) > MAX_CONTEXTS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the contexts have more than %d bytes together; send several calls", MAX_CONTEXTS);
      return NULL;
    }
  for (gsize i = 0; i < (MAX (n, n_bytes) <= 1 ? 1 : n_items); i++)
    {
      KmsContext *context = make_context (call, maps, i, error);
      if (context == NULL)
        return NULL;
      g_ptr_array_add (contexts, context);
    }
  return g_steal_pointer (&contexts);
}

static gboolean
check_counts (gsize n_items, gsize n_contexts, GError **error)
{
  if (n_items > MAX_ITEMS || n_contexts > MAX_ITEMS)
    g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "more than %d items in one call; send several calls",
                 MAX_ITEMS);
  else if (n_items == 0)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "there are no items in this call");
  else if (n_contexts > 1 && n_contexts != n_items)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                 "%zu contexts for %zu items; send one for each, one for all, or none", n_contexts, n_items);
  else
    return TRUE;
  return FALSE;
}

static gboolean
add_plaintexts (Call *call, GPtrArray *chunks, GError **error)
{
  g_autoptr (GVariant) maps = call_dup_argument (call, 1);
  gsize n_bytes = 0;

  for (guint i = 0; i < chunks->len; i++)
    n_bytes += kms_secret_get_length (g_ptr_array_index (chunks, i));
  g_autoptr (GPtrArray) secrets = call_take_locked (call, n_bytes, error) ? frames_split (chunks, error) : NULL;
  if (secrets == NULL || !check_counts (secrets->len, g_variant_n_children (maps), error))
    return FALSE;
  g_autoptr (GPtrArray) contexts = make_contexts (call, maps, secrets->len, error);
  for (guint i = 0; contexts != NULL && i < secrets->len; i++)
    {
      KmsContext *context = g_ptr_array_index (contexts, MIN (i, contexts->len - 1));
      values_add_context (call, context);
      kms_batch_add_secret (values_get (call)->batch, g_ptr_array_index (secrets, i), context);
    }
  return contexts != NULL;
}

static void
on_plaintexts (GPtrArray *chunks, const GError *read_error, gpointer data)
{
  Call *call = data;
  GError *error = NULL;

  quotas_give_back (call->daemon->quotas, call->caller->access.uid, QUOTA_KIND_PIPE);
  if (chunks == NULL)
    call_fail (call, g_error_copy (read_error));
  else if (!add_plaintexts (call, chunks, &error))
    call_fail (call, error);
  else
    values_run (call, answer_ciphertexts);
}

static void
read_plaintexts (Call *call)
{
  Values *values = values_get (call);
  GError *error = NULL;

  if (!quotas_take (call->daemon->quotas, call->caller->access.uid, QUOTA_KIND_PIPE, &error))
    call_fail (call, error);
  else
    pipe_read (g_steal_fd (&values->fd), MAX_SECRETS + 4 * MAX_ITEMS, CHUNK_SIZE, call->caller->gone, call_take_room,
               on_plaintexts, call);
}

void
box_encrypt_batch (Call *call)
{
  g_autoptr (GVariant) maps = call_dup_argument (call, 1);
  GError *error = NULL;

  if (values_init (call, OPERATION_ENCRYPT, &error))
    values_get (call)->fd = call_take_descriptor (call, 0, &error);
  if (error != NULL)
    call_fail (call, error);
  else
    values_permit (call, (guint) MAX (g_variant_n_children (maps), 1), read_plaintexts);
}

/* An array of arrays is serialized as their bytes, and where each of them ends, in as many bytes as that takes. */
static gsize
count_bytes (GVariant *arrays)
{
  gsize size = g_variant_get_size (arrays), n = g_variant_n_children (arrays);
  gsize width = size <= G_MAXUINT8 ? 1 : size <= G_MAXUINT16 ? 2 : size <= G_MAXUINT32 ? 4 : 8;

  return size - n * width;
}

/* What comes of them stands in locked memory all at once. */
static gboolean
check_lengths (Call *call, GVariant *ciphertexts, GError **error)
{
  gsize length = count_bytes (ciphertexts);

  if (length <= MAX_CIPHERTEXTS)
    return call_take_locked (call, MIN (length, MAX_SECRETS), error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
               "the ciphertexts have more than %d bytes together; send several calls", MAX_CIPHERTEXTS);
  return FALSE;
}

static gboolean
add_ciphertexts (Call *call, GVariant *ciphertexts, GError **error)
{
  g_autoptr (GVariant) maps = call_dup_argument (call, 1);
  g_autoptr (KmsContext) new_context = NULL;
  gsize n = g_variant_n_children (ciphertexts);

  if (!check_counts (n, g_variant_n_children (maps), error) || !check_lengths (call, ciphertexts, error))
    return FALSE;
  g_autoptr (GPtrArray) contexts = make_contexts (call, maps, n, error);
  if (contexts == NULL || !values_make_new_context (call, &new_context, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) bytes = g_variant_get_child_value (ciphertexts, i);
      KmsContext *context = g_ptr_array_index (contexts, MIN (i, contexts->len - 1));
      if (!values_add_ciphertext (call, bytes, context, new_context, error))
        return FALSE;
    }
  return TRUE;
}

static void
run_decrypt (Call *call)
{
  values_run (call, answer_plaintexts);
}

static void
run_rewrap (Call *call)
{
  values_run (call, answer_ciphertexts);
}

static void
start (Call *call, Operation operation, CallFunc run)
{
  g_autoptr (GVariant) ciphertexts = call_dup_argument (call, 0);
  GError *error = NULL;

  if (!values_init (call, operation, &error) || !add_ciphertexts (call, ciphertexts, &error))
    call_fail (call, error);
  else
    values_permit (call, (guint) g_variant_n_children (ciphertexts), run);
}

void
box_decrypt_batch (Call *call)
{
  start (call, OPERATION_DECRYPT, run_decrypt);
}

void
box_rewrap_batch (Call *call)
{
  start (call, OPERATION_REWRAP, run_rewrap);
}
