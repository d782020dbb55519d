/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* encrypt and decrypt. */
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "cipher.h"
#include "command-groups.h"

gboolean
kmsctl_run_encrypt (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;

  /* What can be wrong on the command line is found before somebody types a secret. */
  if (!kmsctl_target_resolve (self, TRUE, &target, error) || !kmsctl_read_context (self, &context, error))
    return FALSE;
  g_autoptr (KmsSecret) plaintext = kmsctl_read_input (self, KMSCTL_MAX_PLAINTEXT, _ ("Plaintext (not shown)"), error);
  if (plaintext == NULL)
    return FALSE;

  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  kms_batch_add_secret (batch, plaintext, context);
  return kmsctl_run_one (self, target.box, batch, error) && kmsctl_print_stored (self, &target, batch, error);
}

/* The plaintext and perhaps a newline, in locked memory. */
static KmsSecret *
with_newline (Kmsctl *self, KmsSecret *plaintext)
{
  const char *newline = kmsctl_text (self, "newline");
  gboolean to_terminal = kmsctl_text (self, "out") == NULL && isatty (STDOUT_FILENO);
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  gboolean wanted = newline == NULL || g_str_equal (newline, "auto") ? to_terminal : g_str_equal (newline, "yes");
  guint8 *out = NULL;

  if (!wanted || (length > 0 && data[length - 1] == '\n') || (to_terminal && !kmsctl_is_text (data, length)))
    return kms_secret_ref (plaintext);
  KmsSecret *longer = kms_secret_reserve (length + 1, &out);
  memcpy (out, data, length);
  out[length] = '\n';
  kms_secret_commit (longer, length + 1);
  return longer;
}

static gboolean
print_plaintext (Kmsctl *self, KmsctlTarget *target, KmsBatch *batch, GError **error)
{
  const char *path = kmsctl_text (self, "out");
  KmsSecret *plaintext = kms_batch_get_secret (batch, 0);
  KmsctlFields fields;

  if (!self->json || path != NULL)
    {
      g_autoptr (KmsSecret) text = with_newline (self, plaintext);
      gsize length;
      const guint8 *data = kms_secret_get_data (text, &length);
      if (!kmsctl_write_output (self, data, length, error))
        return FALSE;
    }
  if (!self->json)
    return TRUE;
  kmsctl_fields_init (&fields);
  kmsctl_add_outcome (&fields, target, batch);
  if (path == NULL)
    return kmsctl_print_plaintext_json (self, &fields, plaintext, error);
  kmsctl_fields_text (&fields, "file", path);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

gboolean
kmsctl_run_decrypt (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;
  const char *stored;
  gsize length;

  if (!kmsctl_target_resolve (self, TRUE, &target, error) || !kmsctl_read_context (self, &context, error))
    return FALSE;
  g_autoptr (KmsSecret) input = kmsctl_read_stored (self, &stored, &length, error);
  if (input == NULL)
    return FALSE;

  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  kms_batch_add_stored (batch, stored, (gssize) length, context, NULL);
  return kmsctl_run_one (self, target.box, batch, error) && print_plaintext (self, &target, batch, error);
}
