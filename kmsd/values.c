/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a box over what callers sent. Bare ciphertexts are stored strings without their first part: so the box reads them
 * like any other, and what went through the daemon is the same as what did not. */
#include "values.h"

#include <string.h>
#include <unistd.h>

#include "byte-strings.h"
#include "permit.h"
#include "slice.h"
#include "trail.h"
#include "values-open.h"
#include "values-records.h"

/* What kms_encrypted's first version put in front of what Google's service gave. */
#define GOOGLE "$gc$"

/* Versions may have more; what is longer is no version of any box, and need not be repeated in full. */
#define MAX_DIGITS 64

const OptionSpec values_options[N_VALUES_OPTIONS] = {
  { "length", "u" }, /* of data keys */
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

/* Of batches: bytes for each context. */
const OptionSpec values_batch_options[N_VALUES_OPTIONS] = {
  { "brief", "b" }, /* results that are all alike as one */
  { "bare", "b" },
  { "version", "u" },
  { "timeout", "u" },
  { "context-form", "s" },
  { "context-bytes", "aay" },
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
  g_ptr_array_unref (self->contexts);
  g_ptr_array_unref (self->versions);
  context_options_clear (&self->context);
  context_options_clear (&self->new_context);
  g_free (self->shown_text);
  g_clear_error (&self->refusal);
  g_clear_pointer (&self->data_key, kms_secret_unref);
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
  self->dialect = kms_box_get_json_dialect (call->box->box);
  self->batch = kms_batch_new (library_operations[operation]);
  self->contexts = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_context_unref);
  self->versions = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ref_string_release);
  call->data = self;
  call->free_data = values_free;
  g_variant_lookup (call->options, "bare", "b", &self->bare);
  g_variant_lookup (call->options, "brief", "b", &self->brief);
  if (g_variant_lookup (call->options, "timeout", "u", &timeout))
    kms_batch_set_timeout (self->batch, timeout);
  return context_options_read (call->options, "", &self->context, error)
         && context_options_read (call->options, "new-", &self->new_context, error)
         && check_version (call, self, error);
}

/* A batch has one dialect: one that all bytes are in. */
static gboolean
narrow_dialects (Values *self, guint found, GError **error)
{
  if (found == 0)
    return TRUE;
  self->dialects = self->dialects == 0 ? found : self->dialects & found;
  if (self->dialects == 0)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                           "\"context-bytes\" of one batch are in different dialects; send a batch for each");
      return FALSE;
    }
  self->dialect = (KmsJsonDialect) g_bit_nth_lsf (self->dialects, -1);
  kms_batch_set_json_dialect (self->batch, self->dialect);
  return TRUE;
}

KmsContext *
values_make_context (Call *call, GVariant *map, gsize index, GError **error)
{
  Values *self = values_get (call);
  guint found;
  g_autoptr (KmsContext) context = context_options_make (&self->context, map, index, &found, error);

  return context != NULL && narrow_dialects (self, found, error) ? g_steal_pointer (&context) : NULL;
}

/* A batch has one dialect, for what it reads and for what it writes: exact bytes in another one would not be used. */
static gboolean
check_new_bytes (Call *call, KmsContext *context, GError **error)
{
  Values *self = values_get (call);
  gsize length = 0, n_bytes = 0;
  const char *bytes = g_variant_get_fixed_array (self->new_context.bytes, &n_bytes, 1);
  g_autofree char *json = kms_context_to_json (context, self->dialect, KMS_CONTEXT_FORM_MAP, &length, NULL);

  if (json != NULL && length == n_bytes && memcmp (json, bytes, length) == 0)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "\"new-context-bytes\" are in another dialect than the context that the ciphertext has; decrypt "
                       "it, and encrypt it again");
  return FALSE;
}

gboolean
values_make_new_context (Call *call, KmsContext **context, GError **error)
{
  Values *self = values_get (call);
  g_autoptr (GVariant) map = g_variant_lookup_value (call->options, "new-context", G_VARIANT_TYPE ("a{ss}"));
  g_autoptr (GVariant) empty = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{ss}"), NULL, 0));
  guint found;

  *context = NULL;
  if (map == NULL && self->new_context.form == KMS_CONTEXT_FORM_MAP && self->new_context.bytes == NULL)
    return TRUE;
  *context = context_options_make (&self->new_context, map == NULL ? empty : map, 0, &found, error);
  return *context != NULL && (found == 0 || check_new_bytes (call, *context, error));
}

void
values_add_context (Call *call, KmsContext *context)
{
  GPtrArray *contexts = values_get (call)->contexts;

  if (contexts->len != 1 || g_ptr_array_index (contexts, 0) != context)
    g_ptr_array_add (contexts, kms_context_ref (context));
}

KmsContext *
values_get_context (Call *call, guint index)
{
  GPtrArray *contexts = values_get (call)->contexts;
  guint at = contexts->len == 1 ? 0 : index;

  return at < contexts->len ? g_ptr_array_index (contexts, at) : NULL;
}

/* A string of the gem's Google client names its key itself, past all versions: so it is looked whether the box has that
 * key. Else who may decrypt with one box could decrypt whatever the daemon's credentials reach. */
static char *
find_named_version (KmsBox *box, const char *data, gsize length, GError **error)
{
  g_autoptr (KmsInspection) inspection = kms_inspect (data, (gssize) length, error);
  const char *key_id = inspection == NULL ? NULL : kms_inspection_get_key_id (inspection);
  g_auto (GStrv) versions = kms_box_list_versions (box);

  if (inspection == NULL)
    return NULL;
  for (guint i = 0; key_id != NULL && versions[i] != NULL; i++)
    if (g_strcmp0 (kms_box_get_key_id (box, versions[i], NULL), key_id) == 0)
      return g_strdup (versions[i]);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE,
    "box \"%s\": the ciphertext names a key that no version of the box has (%.200s); decrypt it with the box "
    "of that key",
    kms_box_get_name (box), key_id == NULL ? "one that can't be read" : key_id);
  return NULL;
}

/* What the string says that it is, which the box may refuse. Without any it was written before there were versions. */
static char *
dup_version (KmsBox *box, const char *data, gsize length, GError **error)
{
  gsize end = 1;

  if (length >= strlen (GOOGLE) && memcmp (data, GOOGLE, strlen (GOOGLE)) == 0)
    return find_named_version (box, data, length, error);
  while (end < length && end <= MAX_DIGITS && g_ascii_isdigit (data[end]))
    end++;
  if (length > 0 && data[0] == 'v' && end > 1 && end < length && data[end] == ':')
    return g_strndup (data + 1, end - 1);
  return g_strdup ("1");
}

/* Takes the text over. The ciphertexts of a batch mostly say the same, which stands there once then. */
static GRefString *
share_version (GPtrArray *versions, char *text)
{
  g_autofree char *owned = text;
  GRefString *last = versions->len == 0 ? NULL : g_ptr_array_index (versions, versions->len - 1);

  return last != NULL && strcmp (last, text) == 0 ? g_ref_string_acquire (last) : g_ref_string_new (text);
}

gboolean
values_add_ciphertext (Call *call, GVariant *bytes, KmsContext *context, KmsContext *new_context, GError **error)
{
  Values *self = values_get (call);
  gsize length;
  const char *data = g_variant_get_fixed_array (bytes, &length, 1);

  if (length > MAX_CIPHERTEXT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "the ciphertext is larger than the limit of %d bytes",
                   MAX_CIPHERTEXT);
      return FALSE;
    }
  g_autofree char *base64 = self->bare ? g_base64_encode ((const guint8 *) data, length) : NULL;
  g_autofree char *stored = self->bare ? g_strdup_printf ("v%u:%s", self->version, base64) : NULL;
  char *version = self->bare ? g_strdup_printf ("%u", self->version)
                             : dup_version (call->box->box, length == 0 ? "" : data, length, error);

  if (version == NULL)
    return FALSE;
  values_add_context (call, context);
  g_ptr_array_add (self->versions, share_version (self->versions, version));
  if (self->bare)
    kms_batch_add_stored (self->batch, stored, -1, context, new_context);
  else
    kms_batch_add_stored (self->batch, length == 0 ? "" : data, (gssize) length, context, new_context);
  return TRUE;
}

const char *
values_get_version (Call *call, guint index)
{
  Values *self = values_get (call);

  return index < self->versions->len ? g_ptr_array_index (self->versions, index) : kms_box_get_version (call->box->box);
}

void
values_permit (Call *call, guint n_items, CallFunc next)
{
  permit (call, values_get (call)->operation, n_items, values_describe_item, next);
}

static void
on_outcomes (Call *call, GPtrArray *written, const GError *error)
{
  Values *self = values_get (call);
  const GError *of_item = kms_batch_get_n_items (self->batch) == 1 ? kms_batch_get_error (self->batch, 0) : NULL;
  GError *refusal = self->refusal;

  self->refusal = NULL;
  if (refusal != NULL)
    call_fail (call, refusal);
  else if (of_item != NULL)
    call_fail (call, g_error_copy (of_item));
  else if (written == NULL)
    call_fail (call, g_error_copy (error));
  else
    self->answer (call);
}

static void
record_outcomes (Call *call, gint64 duration)
{
  trail_append (call, values_describe_outcomes (call, duration), on_outcomes);
}

static void
end_run (Call *call)
{
  Values *self = values_get (call);

  permit_again (call, self->operation, &self->refusal);
  record_outcomes (call, g_get_monotonic_time () - self->run_started);
}

static void
end_run_in_turn (gpointer data)
{
  end_run (data);
}

/* Services answer many calls at once. */
static void
on_run (GObject *box, GAsyncResult *result, gpointer data)
{
  /* What each item says is all there is to know. */
  kms_box_run_finish (KMS_BOX (box), result, NULL);
  slice_add (end_run_in_turn, data);
}

static gboolean
is_computed_here (Call *call)
{
  const Values *self = values_get (call);

  return self->is_open && call->box->is_inline && self->operation != OPERATION_REWRAP;
}

static void
run (Call *call)
{
  Values *self = values_get (call);

  if (!permit_again (call, self->operation, &self->refusal))
    record_outcomes (call, 0);
  else if (is_computed_here (call))
    {
      kms_box_run (call->box->box, self->batch, call->caller->gone, NULL);
      end_run (call);
    }
  else if (self->is_open)
    kms_box_run_async (call->box->box, self->batch, call->caller->gone, on_run, call);
  else
    values_run_elsewhere (call, on_run);
}

static void
on_intents (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    {
      call_fail (call, g_error_copy (error));
      return;
    }
  call->intents = g_ptr_array_ref (written);
  run (call);
}

/* A service that decrypts has done so, whatever becomes of us: the intent is on the disk before it is asked. What is only
 * computed here never was, unless its outcome gets there: that stands for both. */
static void
on_open (Call *call, gboolean is_open)
{
  Values *self = values_get (call);

  self->is_open = is_open;
  if (self->operation != OPERATION_DECRYPT || is_computed_here (call))
    run (call);
  else if (!permit_again (call, self->operation, &self->refusal))
    record_outcomes (call, 0);
  else
    trail_append (call, values_describe_intents (call), on_intents);
}

void
values_run (Call *call, CallFunc answer)
{
  Values *self = values_get (call);

  self->answer = answer;
  self->run_started = g_get_monotonic_time ();
  values_open (call, on_open);
}

/* As the caller wants it; empty where there is none. Free with g_free() what is set as decoded. */
static const void *
get_ciphertext (const Values *self, guint index, gsize *length, guchar **decoded)
{
  const char *stored = kms_batch_get_stored (self->batch, index);

  *length = stored == NULL ? 0 : strlen (stored);
  *decoded = stored == NULL || !self->bare ? NULL : g_base64_decode (strchr (stored, ':') + 1, length);
  return *decoded != NULL ? (const void *) *decoded : stored;
}

GVariant *
values_get_ciphertext (Call *call, guint index)
{
  g_autofree guchar *decoded = NULL;
  gsize length;
  const void *bytes = get_ciphertext (values_get (call), index, &length, &decoded);

  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

GVariant *
values_list_ciphertexts (Call *call)
{
  Values *self = values_get (call);
  guint n = kms_batch_get_n_items (self->batch);
  ByteStrings *list = byte_strings_new (n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree guchar *decoded = NULL;
      gsize length;
      const void *bytes = get_ciphertext (self, i, &length, &decoded);
      byte_strings_add (list, bytes, length);
    }
  return byte_strings_end (list);
}

static void
add_text (GVariantBuilder *info, const char *name, const char *text)
{
  if (text != NULL && g_utf8_validate (text, -1, NULL))
    g_variant_builder_add (info, "{sv}", name, g_variant_new_string (text));
}

/* FALSE where a ciphertext says something that is none of this interface. */
static gboolean
find_version (Call *call, guint index, guint32 *version)
{
  guint64 number;

  *version = call->box->version;
  if (values_get (call)->operation != OPERATION_DECRYPT)
    return TRUE;
  if (!g_ascii_string_to_unsigned (values_get_version (call, index), 10, 0, G_MAXUINT32, &number, NULL))
    return FALSE;
  *version = (guint32) number;
  return TRUE;
}

static GVariant *
make_info (KmsBatch *batch, guint index, const guint32 *version)
{
  static const char *const bindings[] = {
    [KMS_BINDING_UNKNOWN] = "unknown",
    [KMS_BINDING_VERIFIED] = "verified",
    [KMS_BINDING_IGNORED] = "ignored",
  };
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  if (version != NULL)
    g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (*version));
  add_text (&info, "key-id", kms_batch_get_key_id (batch, index));
  add_text (&info, "key-version", kms_batch_get_key_version (batch, index));
  add_text (&info, "request-id", kms_batch_get_request_id (batch, index));
  add_text (&info, "binding", bindings[kms_batch_get_binding (batch, index)]);
  return g_variant_builder_end (&info);
}

static gboolean
has_texts (KmsBatch *batch, guint index)
{
  return kms_batch_get_key_id (batch, index) != NULL || kms_batch_get_key_version (batch, index) != NULL
         || kms_batch_get_request_id (batch, index) != NULL;
}

/* Providers that compute here say the same each time. */
GVariant *
values_get_info (Call *call, guint index)
{
  KmsBatch *batch = values_get (call)->batch;
  BoxEntry *box = call->box;
  KmsBinding binding = kms_batch_get_binding (batch, index);
  guint32 version;
  gboolean has_version = find_version (call, index, &version);

  if (!has_version || has_texts (batch, index))
    return make_info (batch, index, has_version ? &version : NULL);
  if (box->told == NULL || box->told_version != version || box->told_binding != binding)
    {
      g_clear_pointer (&box->told, g_variant_unref);
      box->told = g_variant_ref_sink (make_info (batch, index, &version));
      box->told_version = version;
      box->told_binding = binding;
    }
  return box->told;
}

/* What information about an item is made of; borrowed. */
typedef struct
{
  const char *version, *key_id, *key_version, *request_id;
  KmsBinding binding;
} Info;

static Info
look_up (Call *call, guint index)
{
  KmsBatch *batch = values_get (call)->batch;

  return (Info){ values_get_version (call, index), kms_batch_get_key_id (batch, index),
                 kms_batch_get_key_version (batch, index), kms_batch_get_request_id (batch, index),
                 kms_batch_get_binding (batch, index) };
}

static gboolean
is_same_text (const char *a, const char *b)
{
  return a == b || g_strcmp0 (a, b) == 0;
}

static gboolean
is_same (const Info *a, const Info *b)
{
  return a->binding == b->binding && is_same_text (a->version, b->version) && is_same_text (a->key_id, b->key_id)
         && is_same_text (a->key_version, b->key_version) && is_same_text (a->request_id, b->request_id);
}

gboolean
values_have_same_info (Call *call, guint index, guint other)
{
  Info a = look_up (call, index), b = look_up (call, other);

  return is_same (&a, &b);
}

static gboolean
succeed_alike (Call *call)
{
  const Values *self = values_get (call);
  guint n = kms_batch_get_n_items (self->batch);

  if (self->refusal != NULL || kms_batch_get_n_failed (self->batch) > 0)
    return FALSE;
  Info first = look_up (call, 0);
  for (guint i = 1; i < n; i++)
    {
      Info info = look_up (call, i);
      if (!is_same (&first, &info))
        return FALSE;
    }
  return TRUE;
}

gboolean
values_succeed_alike (Call *call)
{
  Values *self = values_get (call);

  if (!self->is_compared)
    self->is_alike = succeed_alike (call);
  self->is_compared = TRUE;
  return self->is_alike;
}
