/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry: a snapshot of the configuration, and the providers and boxes that were made of it so far. */
#include "kms-registry.h"

#include <unistd.h>

#include "kms-box.h"
#include "kms-enums.h"
#include "kms-operation-private.h"
#include "kms-registry-object-private.h"
#include "kms-registry-private.h"
#include "kms-provider-private.h"
#include "kms-settings-private.h"

#define LOOK_INTERVAL G_TIME_SPAN_SECOND

/**
 * KmsRegistry:
 *
 * The configuration of this system and user, and the providers and boxes that were made of it so far. Programs keep one as
 * long as they run: it notices changes of files, and holds modules and connections. It may be used by several threads at
 * once.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsRegistry, kms_registry, G_TYPE_OBJECT)

enum {
  PROP_REPORT_OPERATIONS = 1,
  N_PROPS,
};

enum {
  SIGNAL_OPERATION,
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* Who looked is perhaps the last to hold it, and lets go of it when the lock is free. */
static gboolean
is_forgotten (gpointer key, gpointer value, gpointer held)
{
  KmsBox *box = g_weak_ref_get (value);

  if (box != NULL)
    g_ptr_array_add (held, box);
  return box == NULL;
}

static void
kms_registry_init (KmsRegistry *self)
{
  self->boxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, weak_ref_free);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->reading);
  self->providers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

static void
kms_registry_finalize (GObject *object)
{
  KmsRegistry *self = KMS_REGISTRY (object);

  kms_registry_close (self);
  g_clear_pointer (&self->watch, _kms_registry_watch_free);
  kms_registry_set_report_operations (self, FALSE);
  if (self->asker != NULL)
    _kms_asker_unref (self->asker);
  g_hash_table_unref (self->providers);
  g_hash_table_unref (self->boxes);
  g_clear_pointer (&self->snapshot, _kms_snapshot_unref);
  g_clear_pointer (&self->roots, _kms_config_roots_free);
  g_free (self->program);
  g_mutex_clear (&self->reading);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (kms_registry_parent_class)->finalize (object);
}

static void
kms_registry_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_REPORT_OPERATIONS)
    g_value_set_boolean (value, kms_registry_get_report_operations (KMS_REGISTRY (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
kms_registry_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_REPORT_OPERATIONS)
    kms_registry_set_report_operations (KMS_REGISTRY (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
kms_registry_class_init (KmsRegistryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = kms_registry_finalize;
  object_class->get_property = kms_registry_get_property;
  object_class->set_property = kms_registry_set_property;
  /**
   * KmsRegistry:report-operations: (getter get_report_operations) (setter set_report_operations)
   *
   * Whether #KmsRegistry::operation is emitted: it costs nothing while nobody listens.
   *
   * Since: 1.0
   */
  props[PROP_REPORT_OPERATIONS] =
    g_param_spec_boolean ("report-operations", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  /**
   * KmsRegistry::operation:
   * @self: the registry
   * @provider: the provider's name
   * @key_id: the key id, with the first of the provider's prefixes
   * @operation: what was done
   * @n_items: to how many values
   * @error: (nullable): why it failed, or the first of them did
   * @duration: how long it took, in microseconds
   *
   * Something was done with a provider. A batch through a box, which may use several keys, is told once for each.
   * Emitted in the thread that asked for it, and only while #KmsRegistry:report-operations is %TRUE.
   *
   * Since: 1.0
   */
  signals[SIGNAL_OPERATION] =
    g_signal_new ("operation", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 6,
                  G_TYPE_STRING, G_TYPE_STRING, KMS_TYPE_OPERATION, G_TYPE_UINT, G_TYPE_ERROR, G_TYPE_INT64);
  /**
   * KmsRegistry::changed:
   * @self: the registry
   *
   * The configuration was read again and is another one. Providers and boxes that were got before stay as they are.
   *
   * Where a main loop runs in the context that was the thread-default one when the registry was made, file monitors
   * notice changes, and this is emitted there. Without one, changes are noticed when something is looked up, once a
   * second at most, and this is emitted in the thread that looks it up.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static char *
get_own_program (void)
{
  g_autofree char *path = g_file_read_link ("/proc/self/exe", NULL);
  return path == NULL ? g_strdup ("") : g_path_get_basename (path);
}

/**
 * kms_registry_new:
 * @config_root: (nullable): a directory that stands for all others, as KMS_CONFIG_ROOT does; %NULL for the environment's
 *   or the system's
 * @program: (nullable): the name of the program for EnableIn= and DisableIn=; %NULL for this one's
 * @error: return location for an error
 *
 * Reads the configuration. A bad file breaks only itself; no module is loaded.
 *
 * Returns: (transfer full): a registry, or %NULL with @error set if a provider with Critical=true can't be used
 *
 * Since: 1.0
 */
KmsRegistry *
kms_registry_new (const char *config_root, const char *program, GError **error)
{
  g_autoptr (KmsRegistry) self = g_object_new (KMS_TYPE_REGISTRY, NULL);

  self->program = program == NULL ? get_own_program () : g_strdup (program);
  self->roots = _kms_config_roots_new (config_root, self->program);
  self->snapshot = _kms_snapshot_new (self, self->roots, self->program, error);
  if (self->snapshot == NULL)
    return NULL;
  self->next_look = g_get_monotonic_time () + LOOK_INTERVAL;
  self->watch = _kms_registry_watch_new (self);
  return g_steal_pointer (&self);
}

/**
 * kms_registry_new_default:
 * @error: return location for an error
 *
 * Reads the configuration of this system and user: kms_registry_new() with %NULL twice.
 *
 * Returns: (transfer full): a registry, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsRegistry *
kms_registry_new_default (GError **error)
{
  return kms_registry_new (NULL, NULL, error);
}

/* Who still uses one keeps it; the last reference is not dropped under the lock, since that runs module code. */
static GPtrArray *
steal_replaced_locked (KmsRegistry *self)
{
  GPtrArray *replaced = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) current = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->snapshot->infos[KMS_CONFIG_KIND_PROVIDER]);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_hash_table_add (current, _kms_registry_make_provider_key (value));
  g_hash_table_iter_init (&iter, self->providers);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!g_hash_table_contains (current, key))
      {
        g_ptr_array_add (replaced, g_object_ref (value));
        g_hash_table_iter_remove (&iter);
      }
  return replaced;
}

/* What goes on is loaded, though this reading did not load it. */
static void
inherit_states_locked (KmsRegistry *self)
{
  GHashTableIter iter;
  gpointer info;

  g_hash_table_iter_init (&iter, self->snapshot->infos[KMS_CONFIG_KIND_PROVIDER]);
  while (g_hash_table_iter_next (&iter, NULL, &info))
    {
      g_autofree char *key = _kms_registry_make_provider_key (info);
      KmsProvider *provider = g_hash_table_lookup (self->providers, key);
      if (provider == NULL)
        continue;
      _kms_config_info_set_settings (info, _kms_settings_get_declared (KMS_PROVIDER_GET_CLASS (provider)));
      _kms_config_info_set_loaded (info);
    }
}

/**
 * kms_registry_reload:
 * @self: a registry
 * @error: return location for an error
 *
 * Reads the configuration again, now. What was got before stays as it is; who looks something up gets it as the files
 * say now.
 *
 * Returns: %TRUE, or %FALSE with @error set, and the old configuration goes on
 *
 * Since: 1.0
 */
gboolean
kms_registry_reload (KmsRegistry *self, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), FALSE);
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->reading);
  KmsSnapshot *fresh = _kms_snapshot_new (self, self->roots, self->program, error);
  if (fresh == NULL)
    {
      g_mutex_unlock (&self->reading);
      return FALSE;
    }
  g_mutex_lock (&self->lock);
  g_autoptr (KmsSnapshot) old = self->snapshot;
  self->snapshot = fresh;
  g_hash_table_foreach_remove (self->boxes, is_forgotten, held);
  g_autoptr (GPtrArray) replaced = steal_replaced_locked (self);
  inherit_states_locked (self);
  gboolean changed = !_kms_snapshot_equal (old, fresh);
  g_mutex_unlock (&self->lock);
  g_mutex_unlock (&self->reading);
  if (changed)
    {
      _kms_registry_watch_refresh (self->watch);
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
    }
  return TRUE;
}

static KmsSnapshot *
ref_snapshot (KmsRegistry *self)
{
  g_mutex_lock (&self->lock);
  KmsSnapshot *snapshot = _kms_snapshot_ref (self->snapshot);
  g_mutex_unlock (&self->lock);
  return snapshot;
}

void
_kms_registry_look (KmsRegistry *self)
{
  g_autoptr (KmsSnapshot) snapshot = ref_snapshot (self);
  g_autoptr (GError) error = NULL;

  if (_kms_config_stamps_changed (snapshot->stamps) && !kms_registry_reload (self, &error))
    g_debug ("the old configuration goes on: %s", error->message);
}

GHashTable *
_kms_registry_list_watches (KmsRegistry *self)
{
  g_autoptr (KmsSnapshot) snapshot = ref_snapshot (self);

  return _kms_config_stamps_list_watches (snapshot->stamps);
}

KmsSnapshot *
_kms_registry_get_snapshot (KmsRegistry *self)
{
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  gboolean due = now >= self->next_look;
  if (due)
    self->next_look = now + LOOK_INTERVAL;
  KmsSnapshot *snapshot = due ? NULL : _kms_snapshot_ref (self->snapshot);
  g_mutex_unlock (&self->lock);
  if (!due)
    return snapshot;
  _kms_registry_look (self);
  return ref_snapshot (self);
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  return strcmp (kms_config_info_get_name (*(KmsConfigInfo *const *) a),
                 kms_config_info_get_name (*(KmsConfigInfo *const *) b));
}

/**
 * kms_registry_list:
 * @self: a registry
 * @kind: of what kind
 *
 * Lists everything of a kind that is configured, also what can't be used.
 *
 * Returns: (transfer container) (element-type KmsConfigInfo): infos, sorted by name, which go with their array
 *
 * Since: 1.0
 */
GPtrArray *
kms_registry_list (KmsRegistry *self, KmsConfigKind kind)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail ((guint) kind <= KMS_CONFIG_KIND_MODEL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_config_info_unref);

  if (kind == KMS_CONFIG_KIND_GLOBAL)
    {
      g_ptr_array_add (list, kms_config_info_ref (snapshot->global));
      return list;
    }
  GHashTableIter iter;
  gpointer info;
  g_hash_table_iter_init (&iter, snapshot->infos[kind]);
  while (g_hash_table_iter_next (&iter, NULL, &info))
    g_ptr_array_add (list, kms_config_info_ref (info));
  g_ptr_array_sort (list, compare_infos);
  return list;
}

/**
 * kms_registry_lookup:
 * @self: a registry
 * @kind: of what kind
 * @name: the stem of its files
 * @error: return location for an error
 *
 * Finds something that is configured.
 *
 * Returns: (transfer full): an info, or %NULL with %KMS_ERROR_NOT_FOUND
 *
 * Since: 1.0
 */
KmsConfigInfo *
kms_registry_lookup (KmsRegistry *self, KmsConfigKind kind, const char *name, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail ((guint) kind <= KMS_CONFIG_KIND_MODEL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  KmsConfigInfo *info = _kms_registry_find_info (self, snapshot, kind, name, error);

  return info == NULL ? NULL : kms_config_info_ref (info);
}

/**
 * kms_registry_dup_directory:
 * @self: a registry
 * @kind: of what kind
 *
 * Gets the directory in which this user's new files of a kind belong: the user layer where it counts, else the admin
 * layer.
 *
 * Returns: (transfer full): a path, which need not exist
 *
 * Since: 1.0
 */
char *
kms_registry_dup_directory (KmsRegistry *self, KmsConfigKind kind)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail ((guint) kind <= KMS_CONFIG_KIND_MODEL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  const char *layer = self->roots->layers[snapshot->has_user_layer ? KMS_LAYER_USER : KMS_LAYER_ADMIN];

  return g_build_filename (layer, _kms_config_kind_directory (kind), NULL);
}

/**
 * kms_registry_close:
 * @self: a registry
 *
 * Lets go of all providers, and waits a moment for what each is just doing. Those that nobody else holds go now, and do
 * here what they do then: a provider that logged in gives its token back, which takes a second at most. Call it before a
 * program ends: boxes hold the registry, and its last reference may fall in another thread when main() has returned. What
 * is used again is opened again.
 *
 * Since: 1.0
 */
void
kms_registry_close (KmsRegistry *self)
{
  g_return_if_fail (KMS_IS_REGISTRY (self));
  g_autoptr (GPtrArray) providers = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer provider;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->providers);
  while (g_hash_table_iter_next (&iter, NULL, &provider))
    g_ptr_array_add (providers, g_object_ref (provider));
  g_hash_table_remove_all (self->providers);
  g_mutex_unlock (&self->lock);

  /* Without the lock: module code runs when they go. */
  for (guint i = 0; i < providers->len; i++)
    _kms_provider_settle_down (g_ptr_array_index (providers, i));
}

/**
 * kms_registry_set_report_operations:
 * @self: a registry
 * @report_operations: whether to emit #KmsRegistry::operation
 *
 * Sets #KmsRegistry:report-operations.
 *
 * Since: 1.0
 */
void
kms_registry_set_report_operations (KmsRegistry *self, gboolean report_operations)
{
  g_return_if_fail (KMS_IS_REGISTRY (self));
  gint wanted = report_operations ? TRUE : FALSE;

  if (g_atomic_int_get (&self->report_operations) == wanted)
    return;
  g_atomic_int_set (&self->report_operations, wanted);
  g_atomic_int_add (&_kms_n_reporting_registries, wanted ? 1 : -1);
}

/**
 * kms_registry_get_report_operations:
 * @self: a registry
 *
 * Gets #KmsRegistry:report-operations.
 *
 * Returns: whether #KmsRegistry::operation is emitted
 *
 * Since: 1.0
 */
gboolean
kms_registry_get_report_operations (KmsRegistry *self)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), FALSE);

  return g_atomic_int_get (&self->report_operations);
}

gboolean
_kms_registry_wants_operations (KmsRegistry *self)
{
  return g_atomic_int_get (&self->report_operations);
}

void
_kms_registry_report_operation (KmsRegistry *self, const char *provider_name, const char *key_id,
                                KmsOperation operation, guint n_items, const GError *error, gint64 duration)
{
  g_signal_emit (self, signals[SIGNAL_OPERATION], 0, provider_name, key_id, operation, n_items, error, duration);
}
