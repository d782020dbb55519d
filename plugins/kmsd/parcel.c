/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes calls of a box. */
#include "parcel.h"

#include "company.h"
#include "parcel-reply.h"
#include "secret-pipe.h"

/* The daemon's own deadline comes first, with an error that says more. */
#define GRACE_MS 1000

typedef struct
{
  GPtrArray *entries;
  guint n_contexts; /* as many, or one for all */
  SecretPipe *pipe;
  GUnixFDList *descriptors;
  GError *error;    /* told later than at once */
  Company *company; /* NULL where the callers are one */
  ParcelFunc func;
  gpointer user_data;
} Parcel;

static const struct
{
  const char *single, *batch, *single_reply, *batch_reply;
} methods[] = {
  [KMS_OPERATION_ENCRYPT] = { "Encrypt", "EncryptBatch", "(aya{sv})", "(aayaa{sv})" },
  [KMS_OPERATION_DECRYPT] = { "Decrypt", "DecryptBatch", "(ha{sv})", "(haa{sv})" },
  [KMS_OPERATION_REWRAP] = { "Rewrap", "RewrapBatch", "(aya{sv})", "(aayaa{sv})" },
};

static Entry *
get_entry (const Parcel *self, guint index)
{
  return g_ptr_array_index (self->entries, index);
}

static gboolean
is_batch (const Parcel *self)
{
  return self->entries->len > 1;
}

static void
finish (Parcel *self, const GError *error)
{
  /* Before the items may go. */
  g_clear_pointer (&self->pipe, secret_pipe_free);
  self->func (self->entries, error, self->user_data);
  g_ptr_array_unref (self->entries);
  g_clear_object (&self->descriptors);
  g_clear_pointer (&self->company, company_free);
  g_clear_error (&self->error);
  g_free (self);
}

static void
on_settled (gpointer data)
{
  finish (data, NULL);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Parcel *self = data;
  g_autoptr (GUnixFDList) descriptors = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = kmsd_link_call_finish (result, &descriptors, &error);

  if (answer == NULL)
    finish (self, error);
  else
    parcel_reply_read (self->entries, answer, descriptors, on_settled, self);
}

static gboolean
on_failed (gpointer data)
{
  Parcel *self = data;

  finish (self, self->error);
  return G_SOURCE_REMOVE;
}

static void
fail_later (Parcel *self, GError *error)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  self->error = error;
  g_source_set_callback (source, on_failed, self, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static int
get_timeout (const Parcel *self)
{
  int longest = 0;

  for (guint i = 0; i < self->entries->len; i++)
    {
      int timeout = shipment_get_timeout (get_entry (self, i)->shipment);
      if (timeout < 0)
        return -1;
      longest = MAX (longest, timeout);
    }
  return longest;
}

/* Where the callers of its items may go away one by one, the others still want their answers. */
static GCancellable *
get_cancellable (Parcel *self)
{
  Shipment *first = get_entry (self, 0)->shipment;
  gboolean is_shared = FALSE;

  for (guint i = 1; i < self->entries->len && !is_shared; i++)
    is_shared = get_entry (self, i)->shipment != first;
  if (!is_shared)
    return shipment_get_cancellable (first);
  self->company = company_new ();
  for (guint i = 0; i < self->entries->len; i++)
    if (i == 0 || get_entry (self, i)->shipment != get_entry (self, i - 1)->shipment)
      company_add (self->company, shipment_get_cancellable (get_entry (self, i)->shipment));
  return company_get_cancellable (self->company);
}

static GVariant *
or_nothing (GVariant *bytes)
{
  return bytes != NULL ? bytes : g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1);
}

static gboolean
are_equal (GVariant *a, GVariant *b)
{
  return a == NULL || b == NULL ? a == b : g_variant_equal (a, b);
}

/* What is one for all is sent once, and kmsd makes it once. */
static guint
count_contexts (const Parcel *self)
{
  const ContextParts *first = &get_entry (self, 0)->context;

  for (guint i = 1; i < self->entries->len; i++)
    {
      const ContextParts *other = &get_entry (self, i)->context;
      if (!are_equal (first->map, other->map) || !are_equal (first->bytes, other->bytes))
        return self->entries->len;
    }
  return 1;
}

static void
add_bytes (const Parcel *self, GVariantBuilder *options)
{
  gboolean has_any = FALSE;
  GVariantBuilder list;

  if (!is_batch (self))
    {
      if (get_entry (self, 0)->context.bytes != NULL)
        g_variant_builder_add (options, "{sv}", "context-bytes", get_entry (self, 0)->context.bytes);
      return;
    }
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aay"));
  for (guint i = 0; i < self->n_contexts; i++)
    {
      has_any |= get_entry (self, i)->context.bytes != NULL;
      g_variant_builder_add_value (&list, or_nothing (get_entry (self, i)->context.bytes));
    }
  if (has_any)
    g_variant_builder_add (options, "{sv}", "context-bytes", g_variant_builder_end (&list));
  else
    g_variant_builder_clear (&list);
}

static const char *
form_to_string (KmsContextForm form)
{
  static const char *const words[] = {
    [KMS_CONTEXT_FORM_NONE] = "none",
    [KMS_CONTEXT_FORM_MAP] = "map",
    [KMS_CONTEXT_FORM_RAW] = "raw",
    [KMS_CONTEXT_FORM_LEGACY] = "legacy",
  };

  return words[form];
}

static void
add_new_context (const Entry *entry, GVariantBuilder *options)
{
  const ContextParts *parts = &entry->new_context;

  if (kms_item_get_operation (entry->item) != KMS_OPERATION_REWRAP || entry->keeps_context)
    return;
  g_variant_builder_add (options, "{sv}", "new-context", parts->map);
  g_variant_builder_add (options, "{sv}", "new-context-form", g_variant_new_string (form_to_string (parts->form)));
  if (parts->bytes != NULL)
    g_variant_builder_add (options, "{sv}", "new-context-bytes", parts->bytes);
}

static GVariant *
make_options (const Parcel *self, int timeout)
{
  const Entry *first = get_entry (self, 0);
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "bare", g_variant_new_boolean (TRUE));
  if (is_batch (self))
    g_variant_builder_add (&options, "{sv}", "brief", g_variant_new_boolean (TRUE));
  if (first->version != 0)
    g_variant_builder_add (&options, "{sv}", "version", g_variant_new_uint32 (first->version));
  if (timeout >= 0)
    g_variant_builder_add (&options, "{sv}", "timeout", g_variant_new_uint32 ((guint32) timeout));
  if (first->context.form != KMS_CONTEXT_FORM_MAP)
    g_variant_builder_add (&options, "{sv}", "context-form",
                           g_variant_new_string (form_to_string (first->context.form)));
  add_bytes (self, &options);
  add_new_context (first, &options);
  return g_variant_builder_end (&options);
}

static GVariant *
make_contexts (const Parcel *self)
{
  GVariantBuilder list;

  if (!is_batch (self))
    return get_entry (self, 0)->context.map;
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < self->n_contexts; i++)
    g_variant_builder_add_value (&list, get_entry (self, i)->context.map);
  return g_variant_builder_end (&list);
}

static GVariant *
make_ciphertext (KmsItem *item)
{
  gsize length;
  const guint8 *bytes = kms_item_get_input (item, &length);

  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, length, 1);
}

static GVariant *
make_ciphertexts (const Parcel *self)
{
  GVariantBuilder list;

  if (!is_batch (self))
    return make_ciphertext (get_entry (self, 0)->item);
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aay"));
  for (guint i = 0; i < self->entries->len; i++)
    g_variant_builder_add_value (&list, make_ciphertext (get_entry (self, i)->item));
  return g_variant_builder_end (&list);
}

/* The handle of a pipe with the plaintexts. */
static GVariant *
make_plaintexts (Parcel *self, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_sized_new (self->entries->len);

  for (guint i = 0; i < self->entries->len; i++)
    g_ptr_array_add (items, get_entry (self, i)->item);
  self->pipe = secret_pipe_new (items, is_batch (self), error);
  if (self->pipe == NULL)
    return NULL;
  self->descriptors = g_unix_fd_list_new ();
  int handle = g_unix_fd_list_append (self->descriptors, secret_pipe_get_fd (self->pipe), error);
  return handle < 0 ? NULL : g_variant_new_handle (handle);
}

void
parcel_send (KmsdLink *link, const char *path, gboolean interactive, GPtrArray *entries, ParcelFunc func,
             gpointer user_data)
{
  Parcel *self = g_new0 (Parcel, 1);
  GError *error = NULL;

  *self = (Parcel){ .entries = entries, .func = func, .user_data = user_data };
  self->n_contexts = count_contexts (self);
  KmsOperation operation = kms_item_get_operation (get_entry (self, 0)->item);
  int timeout = get_timeout (self);
  GVariant *values = operation == KMS_OPERATION_ENCRYPT ? make_plaintexts (self, &error) : make_ciphertexts (self);
  if (values == NULL)
    {
      fail_later (self, error);
      return;
    }
  GVariant *parts[] = { values, make_contexts (self), make_options (self, timeout) };
  const KmsdCall call = {
    .path = path,
    .interface = KMSD_BOX,
    .method = is_batch (self) ? methods[operation].batch : methods[operation].single,
    .parameters = g_variant_new_tuple (parts, G_N_ELEMENTS (parts)),
    .reply = G_VARIANT_TYPE (is_batch (self) ? methods[operation].batch_reply : methods[operation].single_reply),
    .timeout_ms = timeout < 0 ? -1 : (int) MIN ((gint64) timeout + GRACE_MS, G_MAXINT),
    .interactive = interactive,
    .descriptors = self->descriptors,
  };
  kmsd_link_call (link, &call, get_cancellable (self), on_answer, self);
}
