/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two ways to listen: functions of the library that modules call are defined here once more, and since the dynamic
 * linker asks the program before its libraries, modules find these; and the functions of the module's class are wrapped. */
#include "spy.h"

#include <dlfcn.h>

#define NEXT(name) ((__typeof__ (&(name))) dlsym (RTLD_NEXT, #name))

static struct
{
  GMutex lock;
  GPtrArray *settings;
  GPtrArray *foreign_errors;
  guint n_calls;
  guint largest_call;
  gboolean mixed_contexts;
  KmsProviderClass original;
} spy;

GPtrArray *
spy_get_settings (void)
{
  g_mutex_lock (&spy.lock);
  if (spy.settings == NULL)
    spy.settings = g_ptr_array_new ();
  g_mutex_unlock (&spy.lock);
  return spy.settings;
}

static void
note_error (const GError *error)
{
  if (error == NULL || error->domain == KMS_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_mutex_lock (&spy.lock);
  if (spy.foreign_errors == NULL)
    spy.foreign_errors = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (spy.foreign_errors, g_strdup_printf ("%s: %s", g_quark_to_string (error->domain), error->message));
  g_mutex_unlock (&spy.lock);
}

__attribute__ ((visibility ("default"))) void
kms_provider_class_add_setting (KmsProviderClass *klass, const char *name, KmsSettingType type,
                                const char *default_value, const char *range, const char *description)
{
  DeclaredSetting *setting = g_new (DeclaredSetting, 1);

  *setting = (DeclaredSetting){ g_strdup (name), type, g_strdup (range), g_strdup (description) };
  g_ptr_array_add (spy_get_settings (), setting);
  NEXT (kms_provider_class_add_setting) (klass, name, type, default_value, range, description);
}

__attribute__ ((visibility ("default"))) void
kms_item_take_error (KmsItem *item, GError *error)
{
  note_error (error);
  NEXT (kms_item_take_error) (item, error);
}

__attribute__ ((visibility ("default"))) void
kms_call_complete (KmsCall *call, GError *error)
{
  note_error (error);
  NEXT (kms_call_complete) (call, error);
}

static gboolean
has_mixed_contexts (KmsCall *call)
{
  guint n = kms_call_get_n_items (call), n_with = 0;

  for (guint i = 0; i < n; i++)
    n_with += kms_item_get_context (kms_call_get_item (call, i)) != NULL;
  return n_with > 0 && n_with < n;
}

static void
count_call (KmsCall *call)
{
  gboolean mixed = has_mixed_contexts (call);

  g_mutex_lock (&spy.lock);
  spy.n_calls++;
  spy.mixed_contexts |= mixed;
  spy.largest_call = MAX (spy.largest_call, kms_call_get_n_items (call));
  g_mutex_unlock (&spy.lock);
}

typedef gboolean (*BlockingFunc) (KmsProvider *self, KmsCall *call, GError **error);

static gboolean
watch (BlockingFunc original, KmsProvider *self, KmsCall *call, GError **error)
{
  GError *local = NULL;

  count_call (call);
  gboolean done = original (self, call, &local);
  note_error (local);
  if (local != NULL)
    g_propagate_error (error, local);
  return done;
}

static gboolean
watch_encrypt (KmsProvider *self, KmsCall *call, GError **error)
{
  return watch (spy.original.encrypt, self, call, error);
}

static gboolean
watch_decrypt (KmsProvider *self, KmsCall *call, GError **error)
{
  return watch (spy.original.decrypt, self, call, error);
}

static gboolean
watch_rewrap (KmsProvider *self, KmsCall *call, GError **error)
{
  return watch (spy.original.rewrap, self, call, error);
}

static void
watch_submit (KmsProvider *self, KmsCall *call)
{
  count_call (call);
  spy.original.submit (self, call);
}

void
spy_attach (KmsProvider *provider)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (provider);

  spy.original = *klass;
  klass->encrypt = klass->encrypt == NULL ? NULL : watch_encrypt;
  klass->decrypt = klass->decrypt == NULL ? NULL : watch_decrypt;
  klass->rewrap = klass->rewrap == NULL ? NULL : watch_rewrap;
  klass->submit = klass->submit == NULL ? NULL : watch_submit;
}

guint
spy_get_n_calls (void)
{
  g_mutex_lock (&spy.lock);
  guint n = spy.n_calls;
  g_mutex_unlock (&spy.lock);
  return n;
}

guint
spy_get_largest_call (void)
{
  g_mutex_lock (&spy.lock);
  guint n = spy.largest_call;
  g_mutex_unlock (&spy.lock);
  return n;
}

gboolean
spy_get_mixed_contexts (void)
{
  g_mutex_lock (&spy.lock);
  gboolean mixed = spy.mixed_contexts;
  g_mutex_unlock (&spy.lock);
  return mixed;
}

GPtrArray *
spy_dup_foreign_errors (void)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&spy.lock);
  for (guint i = 0; spy.foreign_errors != NULL && i < spy.foreign_errors->len; i++)
    g_ptr_array_add (copy, g_strdup (g_ptr_array_index (spy.foreign_errors, i)));
  g_mutex_unlock (&spy.lock);
  return copy;
}
