/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a box over what callers sent. Bare ciphertexts are stored strings without their first part: so the box reads them
 * like any other, and what went through the daemon is the same as what did not. */
#include "values.h"

#include <string.h>
#include <unistd.h>

#include "permit.h"

const OptionSpec values_options[] = {
  { "bare", "b" },
  { "version", "u" },
  { "timeout", "u" },
  { "context-form", "s" },
  { "context-bytes", "ay" },
  /* From here on only for rewrapping. */
  { "new-context", "a{ss}" },
  { "new-context-form", "s" },
  { "new-context-bytes", "ay" },
};

static const KmsOperation library_operations[N_OPERATIONS] = {
  [OPERATION_ENCRYPT] = KMS_OPERATION_ENCRYPT,
  [OPERATION_DECRYPT] = KMS_OPERATION_DECRYPT,
  [OPERATION_REWRAP] = KMS_OPERATION_REWRAP,
  [OPERATION_GENERATE_DATA_KEY] = KMS_OPERATION_ENCRYPT,
  [OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT] = KMS_OPERATION_ENCRYPT,
};

static void
values_free (gpointer data)
{
  Values *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_object_unref (self->batch);
  context_options_clear (&self->context);
  context_options_clear (&self->new_context);
  g_free (self);
}

Values *
values_get (Call *call)
{
  return call->data;
}

/* A caller that names the version it means is told when the box has gone on. */
static gboolean
check_version (Call *call, Values *self, GError **error)
{
  self->version = call->box->version;
  if (!g_variant_lookup (call->options, "version", "u", &self->version) || self->version == call->box->version)
    return TRUE;
  if (self->operation == OPERATION_DECRYPT || self->operation == OPERATION_REWRAP)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE,
               "box \"%s\" encrypts with version %u, not %u; change the version of the caller's box", call->box->name,
               call->box->version, self->version);
  return FALSE;
}

gboolean
values_init (Call *call, Operation operation, GError **error)
{
  Values *self = g_new0 (Values, 1);
  guint32 timeout;

  self->operation = operation;
  self->fd = -1;
  self->batch = kms_batch_new (library_operations[operation]);
  call->data = self;
  call->free_data = values_free;
  g_variant_lookup (call->options, "bare", "b", &self->bare);
  if (g_variant_lookup (call->options, "timeout", "u", &timeout))
    kms_batch_set_timeout (self->batch, timeout);
  return context_options_read (call->options, "", &self->context, error)
         && context_options_read (call->options, "new-", &self->new_context, error)
         && check_version (call, self, error);
}

KmsContext *
values_make_context (Call *call, GVariant *map, GError **error)
{
  Values *self = values_get (call);
  gboolean has_dialect;
  KmsJsonDialect dialect;
  KmsContext *context = context_options_make (&self->context, map, &dialect, &has_dialect, error);

  if (context != NULL && has_dialect)
    kms_batch_set_json_dialect (self->batch, dialect);
  return context;
}

gboolean
values_add_ciphertext (Call *call, GVariant *bytes, KmsContext *context, KmsContext *new_context, GError **error)
{
  Values *self = values_get (call);
  gsize length;
  const char *data = g_variant_get_fixed_array (bytes, &length, 1);

  if (length == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "box \"%s\": the ciphertext is empty",
                   call->box->name);
      return FALSE;
    }
  if (!self->bare)
    {
      kms_batch_add_stored (self->batch, data, (gssize) length, context, new_context);
      return TRUE;
    }
  g_autofree char *base64 = g_base64_encode ((const guint8 *) data, length);
  g_autofree char *stored = g_strdup_printf ("v%u:%s", self->version, base64);
  kms_batch_add_stored (self->batch, stored, -1, context, new_context);
  return TRUE;
}

static void
on_run (GObject *box, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Values *self = values_get (call);
  GError *error = NULL;
  gboolean success = kms_box_run_finish (KMS_BOX (box), result, &error);

  /* Of one item, its error is the call's. */
  if (!success && kms_batch_get_n_items (self->batch) == 1)
    call_fail (call, error);
  else if (g_clear_error (&error), !permit_again (call, self->operation, &error))
    call_fail (call, error);
  else
    self->answer (call);
}

void
values_run (Call *call, CallFunc answer)
{
  Values *self = values_get (call);
  GError *error = NULL;

  self->answer = answer;
  if (permit_again (call, self->operation, &error))
    kms_box_run_async (call->box->box, self->batch, call->caller->gone, on_run, call);
  else
    call_fail (call, error);
}

static GVariant *
new_bytes (const void *bytes, gsize length)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

GVariant *
values_get_ciphertext (Call *call, guint index)
{
  Values *self = values_get (call);
  const char *stored = kms_batch_get_stored (self->batch, index);
  gsize length = 0;

  if (stored == NULL || !self->bare)
    return new_bytes (stored, stored == NULL ? 0 : strlen (stored));
  g_autofree guchar *bytes = g_base64_decode (strchr (stored, ':') + 1, &length);
  return new_bytes (bytes, length);
}

static void
add_text (GVariantBuilder *info, const char *name, const char *text)
{
  if (text != NULL && g_utf8_validate (text, -1, NULL))
    g_variant_builder_add (info, "{sv}", name, g_variant_new_string (text));
}

GVariant *
values_get_info (Call *call, guint index)
{
  static const char *const bindings[] = {
    [KMS_BINDING_UNKNOWN] = "unknown",
    [KMS_BINDING_VERIFIED] = "verified",
    [KMS_BINDING_IGNORED] = "ignored",
  };
  Values *self = values_get (call);
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  if (self->operation != OPERATION_DECRYPT)
    g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (call->box->version));
  add_text (&info, "key-id", kms_batch_get_key_id (self->batch, index));
  add_text (&info, "key-version", kms_batch_get_key_version (self->batch, index));
  add_text (&info, "request-id", kms_batch_get_request_id (self->batch, index));
  add_text (&info, "binding", bindings[kms_batch_get_binding (self->batch, index)]);
  return g_variant_builder_end (&info);
}
