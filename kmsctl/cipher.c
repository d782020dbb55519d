/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value through a box, and how its outcome is printed. */
#include "cipher.h"

#include <string.h>
#include <unistd.h>

#include "bytes.h"

gboolean
kmsctl_run_one (Kmsctl *self, KmsBox *box, KmsBatch *batch, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (kms_box_run (box, batch, self->cancellable, &local))
    return TRUE;
  const GError *own = kms_batch_get_error (batch, 0);
  if (own == NULL || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_propagate_error (error, g_error_copy (own));
  return FALSE;
}

static const char *
version_of (const char *stored, char **owned)
{
  g_autoptr (KmsInspection) inspection = kms_inspect (stored, -1, NULL);

  *owned = inspection == NULL ? NULL : g_strdup (kms_inspection_get_version (inspection));
  return *owned;
}

void
kmsctl_add_outcome (KmsctlFields *fields, KmsctlTarget *target, KmsBatch *batch)
{
  const char *stored = kms_batch_get_operation (batch) == KMS_OPERATION_DECRYPT ? NULL
                                                                                : kms_batch_get_stored (batch, 0);
  g_autofree char *version = NULL;

  kmsctl_fields_text (fields, target->is_box ? "box" : "key", target->name);
  if (stored != NULL)
    kmsctl_fields_text (fields, "version", version_of (stored, &version));
  kmsctl_fields_text (fields, "key_id", kms_batch_get_key_id (batch, 0));
  kmsctl_fields_text (fields, "key_version", kms_batch_get_key_version (batch, 0));
  kmsctl_fields_text (fields, "request_id", kms_batch_get_request_id (batch, 0));
}

gboolean
kmsctl_print_stored (Kmsctl *self, KmsctlTarget *target, KmsBatch *batch, GError **error)
{
  const char *stored = kms_batch_get_stored (batch, 0);
  const char *path = kmsctl_text (self, "out");
  KmsctlFields fields;

  if (!self->json || path != NULL)
    {
      g_autofree char *line = g_strconcat (stored, "\n", NULL);
      if (!kmsctl_write_output (self, (const guint8 *) line, strlen (line), error))
        return FALSE;
    }
  if (!self->json)
    return TRUE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, path == NULL ? "stored" : "file", path == NULL ? stored : path);
  kmsctl_add_outcome (&fields, target, batch);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

KmsSecret *
kmsctl_read_stored (Kmsctl *self, const char **stored, gsize *length, GError **error)
{
  const char *path = kmsctl_text (self, "in");
  g_autoptr (GError) local = NULL;
  KmsSecret *secret = kmsctl_read_input (self, KMSCTL_MAX_CIPHERTEXT, NULL, &local);

  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_TOO_LARGE))
    g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                 _ ("%s: this is larger than the limit of %d bytes of a stored string"),
                 path == NULL ? _ ("stdin") : path, KMSCTL_MAX_CIPHERTEXT);
  else if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  if (secret == NULL)
    return NULL;
  *stored = (const char *) kms_secret_get_data (secret, length);
  if (*length > 0 && (*stored)[*length - 1] == '\n')
    *length -= 1;
  if (*length > 0)
    return secret;
  kms_secret_unref (secret);
  kmsctl_usage_error (error, _ ("there is nothing to read: the stored string is empty"));
  return NULL;
}

gboolean
kmsctl_print_plaintext_json (Kmsctl *self, KmsctlFields *fields, KmsSecret *plaintext, GError **error)
{
  static const char member[] = ",\"plaintext\":\"", end[] = "\"}\n";

  kmsctl_fields_text (fields, "encoding", "base64");
  g_autoptr (GVariant) value = g_variant_ref_sink (kmsctl_fields_end (fields));
  g_autofree char *json = kmsctl_to_json (value);
  gsize length, head = strlen (json) - 1; /* without the closing brace */
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  guint8 *out = NULL;
  g_autoptr (KmsSecret)
    document = kms_secret_reserve (head + sizeof member + kms_base64_encoded_size (length) + sizeof end, &out);

  guint8 *next = mempcpy (out, json, head);
  next = mempcpy (next, member, sizeof member - 1);
  next += kms_base64_encode_to (data, length, (char *) next);
  next = mempcpy (next, end, sizeof end - 1);
  kms_secret_commit (document, (gsize) (next - out));
  return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), out, (gsize) (next - out), error);
}
