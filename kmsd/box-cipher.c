/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Box.Encrypt and Box.Decrypt: one secret, in or out through a pipe. */
#include "methods.h"
#include "pipe-reader.h"
#include "pipe-writer.h"
#include "quota.h"
#include "values.h"

static void
answer_encrypt (Call *call)
{
  GVariant *parts[] = { values_get_ciphertext (call, 0), values_get_info (call, 0) };
  call_return (call, g_variant_new_tuple (parts, G_N_ELEMENTS (parts)));
}

static void
on_plaintext (GPtrArray *chunks, const GError *read_error, gpointer data)
{
  Call *call = data;
  Values *values = values_get (call);

  quotas_give_back (call->daemon->quotas, call->caller->access.uid, QUOTA_KIND_PIPE);
  if (chunks == NULL)
    {
      call_fail (call, g_error_copy (read_error));
      return;
    }
  kms_batch_add_secret (values->batch, g_ptr_array_index (chunks, 0), g_ptr_array_index (values->contexts, 0));
  values_run (call, answer_encrypt);
}

static void
read_plaintext (Call *call)
{
  Values *values = values_get (call);
  GError *error = NULL;

  if (!quotas_take (call->daemon->quotas, call->caller->access.uid, QUOTA_KIND_PIPE, &error))
    call_fail (call, error);
  else
    pipe_read (g_steal_fd (&values->fd), MAX_SECRET, MAX_SECRET, call->caller->gone, call_take_room, on_plaintext,
               call);
}

void
box_encrypt (Call *call)
{
  g_autoptr (GVariant) map = call_dup_argument (call, 1);
  GError *error = NULL;

  if (!values_init (call, OPERATION_ENCRYPT, &error))
    {
      call_fail (call, error);
      return;
    }
  g_autoptr (KmsContext) context = values_make_context (call, map, 0, &error);
  if (context != NULL)
    {
      values_add_context (call, context);
      values_get (call)->fd = call_take_descriptor (call, 0, &error);
    }
  if (error != NULL)
    call_fail (call, error);
  else
    values_permit (call, 1, read_plaintext);
}

static void
answer_decrypt (Call *call)
{
  GError *error = NULL;
  int fd = pipe_write (kms_batch_get_secret (values_get (call)->batch, 0), &error);
  GVariant *parts[] = { g_variant_new_handle (0), values_get_info (call, 0) };

  g_autoptr (GVariant) parameters = g_variant_ref_sink (g_variant_new_tuple (parts, G_N_ELEMENTS (parts)));
  if (fd < 0)
    call_fail (call, error);
  else
    call_return_descriptor (call, parameters, fd);
}

static void
run_decrypt (Call *call)
{
  values_run (call, answer_decrypt);
}

void
box_decrypt (Call *call)
{
  g_autoptr (GVariant) ciphertext = call_dup_argument (call, 0);
  g_autoptr (GVariant) map = call_dup_argument (call, 1);
  GError *error = NULL;

  if (!values_init (call, OPERATION_DECRYPT, &error))
    {
      call_fail (call, error);
      return;
    }
  g_autoptr (KmsContext) context = values_make_context (call, map, 0, &error);
  if (context == NULL || !values_add_ciphertext (call, ciphertext, context, NULL, &error)
      || !call_take_locked (call, MIN (g_variant_n_children (ciphertext), MAX_SECRETS), &error))
    call_fail (call, error);
  else
    values_permit (call, 1, run_decrypt);
}
