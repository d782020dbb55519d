/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files: layers, merging, masking, permissions, and which count where. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config-root.h"

#define GOOD "[Provider]\nModule=kms-good.so\nAbi=1\n"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  config_root_write (self->root, "package/providers.d/good.provider", GOOD "Prefixes=good/\n");
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static void
open_registry (Fixture *self, const char *program)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, program, &error);
  g_assert_no_error (error);
}

static KmsConfigInfo *
lookup (Fixture *self, KmsConfigKind kind, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsConfigInfo *info = kms_registry_lookup (self->registry, kind, name, &error);

  g_assert_no_error (error);
  return info;
}

static void
assert_state (Fixture *self, KmsConfigKind kind, const char *name, KmsState state)
{
  g_autoptr (KmsConfigInfo) info = lookup (self, kind, name);

  if (kms_config_info_get_state (info) != state)
    g_error ("%s is %s: %s", name, kms_state_to_string (kms_config_info_get_state (info)),
             kms_config_info_get_error (info) == NULL ? "-" : kms_config_info_get_error (info)->message);
  g_assert_true ((kms_config_info_get_error (info) == NULL)
                 == (state == KMS_STATE_AVAILABLE || state == KMS_STATE_LOADED));
}

static void
assert_origin (Fixture *self, KmsConfigInfo *info, const char *key, const char *value, const char *file)
{
  g_autofree char *path = g_build_filename (self->root, file, NULL);

  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *group, *found, *origin;
      const char *text = kms_config_info_get_nth_value (info, i, &group, &found, &origin);
      if (strcmp (found, key) != 0)
        continue;
      g_assert_cmpstr (text, ==, value);
      g_assert_cmpstr (origin, ==, path);
      return;
    }
  g_error ("%s is not there", key);
}

static gboolean
has_warning (KmsConfigInfo *info, const char *words)
{
  const char *const *warnings = kms_config_info_get_warnings (info);

  for (guint i = 0; warnings[i] != NULL; i++)
    if (strstr (warnings[i], words) != NULL)
      return TRUE;
  return FALSE;
}

static void
test_file_names (Fixture *self, gconstpointer data)
{
  static const char *const skipped[] = { "x.provider~", "x.provider.dpkg-old", ".x.provider.swp", "X.provider",
                                         "-x.provider", "x_y.provider",        "x.y.provider",    ".provider",
                                         "provider",    "x.Provider",          "x y.provider",    "x.box" };
  g_autofree char *long_name = g_strnfill (64, 'a');
  g_autofree char *too_long = g_strdup_printf ("package/providers.d/%s.provider", long_name);
  g_autofree char *longest = g_strdup_printf ("package/providers.d/%s.provider", long_name + 1);

  for (guint i = 0; i < G_N_ELEMENTS (skipped); i++)
    {
      g_autofree char *path = g_build_filename ("package/providers.d", skipped[i], NULL);
      config_root_write (self->root, path, GOOD);
    }
  config_root_write (self->root, too_long, GOOD);
  config_root_write (self->root, longest, GOOD);
  config_root_write (self->root, "package/providers.d/0.provider", GOOD);
  open_registry (self, NULL);
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  const char *const expected[] = { "0", long_name + 1, "good" };
  g_assert_cmpuint (infos->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < infos->len; i++)
    g_assert_cmpstr (kms_config_info_get_name (g_ptr_array_index (infos, i)), ==, expected[i]);
}

static void
test_merge (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "package/providers.d/vault.provider",
                     GOOD "Description=as shipped\nPriority=1\n[Settings]\nAddress=https://shipped\nMount=transit\n");
  config_root_write (self->root, "admin/providers.d/vault.provider",
                     "[Provider]\nPriority=2\n[Settings]\nAddress=https://admin\n");
  config_root_write (self->root, "user/providers.d/vault.provider", "[Provider]\nPriority=3\n");
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "vault");

  assert_origin (self, info, "Description", "as shipped", "package/providers.d/vault.provider");
  assert_origin (self, info, "Mount", "transit", "package/providers.d/vault.provider");
  assert_origin (self, info, "Address", "https://admin", "admin/providers.d/vault.provider");
  assert_origin (self, info, "Priority", "3", "user/providers.d/vault.provider");
  g_assert_cmpuint (g_strv_length ((char **) kms_config_info_get_files (info)), ==, 3);
  g_assert_cmpstr (kms_config_info_get_value (info, "Provider", "Priority"), ==, "3");
  g_assert_null (kms_config_info_get_value (info, "Provider", "Address"));
  g_assert_true (g_str_has_suffix (kms_config_info_get_module_path (info), "/kms-good.so"));
}

static void
test_mask (Fixture *self, gconstpointer data)
{
  g_autofree char *link = g_build_filename (self->root, "admin/providers.d/by-link.provider", NULL);

  config_root_write (self->root, "package/providers.d/by-zero.provider", GOOD);
  config_root_write (self->root, "package/providers.d/by-link.provider", GOOD);
  config_root_write (self->root, "package/providers.d/again.provider", GOOD "Description=hidden\n");
  config_root_write (self->root, "admin/providers.d/by-zero.provider", "");
  config_root_write (self->root, "admin/providers.d/again.provider", "");
  config_root_write (self->root, "user/providers.d/again.provider", GOOD "Priority=7\n");
  g_assert_cmpint (symlink ("/dev/null", link), ==, 0);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "by-zero", KMS_STATE_MASKED);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "by-link", KMS_STATE_MASKED);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "again", KMS_STATE_AVAILABLE);
  g_autoptr (KmsConfigInfo) again = lookup (self, KMS_CONFIG_KIND_PROVIDER, "again");
  g_assert_null (kms_config_info_get_value (again, "Provider", "Description"));

  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "by-zero", &error);
  g_assert_null (provider);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "admin/providers.d/by-zero.provider"));
}

/* A broken file above does not resurrect what it was meant to change. */
static void
test_broken_layer (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "admin/providers.d/good.provider", "[Provider]\nEnabled=flase\n");
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_CONFIG_ERROR);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "good");
  g_assert_nonnull (strstr (kms_config_info_get_error (info)->message, "admin/providers.d/good.provider"));
}

static void
test_unknown_keys (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "package/providers.d/odd.provider",
                     GOOD "Prefix=odd/\nX-Note=mine\n[Setings]\nA=1\n[X-Mine]\nB=2\n");
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "odd", KMS_STATE_AVAILABLE);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "odd");
  g_assert_true (has_warning (info, "Prefix"));
  g_assert_true (has_warning (info, "Setings"));
  g_assert_true (has_warning (info, "package/providers.d/odd.provider"));
  g_assert_false (has_warning (info, "X-"));
}

static void
test_permissions_strict (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->root, "package/providers.d/loose.provider", NULL);
  g_autofree char *box = g_build_filename (self->root, "package/boxes.d/loose.box", NULL);

  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=strict\n");
  config_root_write (self->root, "package/providers.d/loose.provider", GOOD);
  config_root_write (self->root, "package/boxes.d/loose.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n");
  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  g_assert_cmpint (g_chmod (box, 0664), ==, 0);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "loose", KMS_STATE_REFUSED_PERMISSIONS);
  assert_state (self, KMS_CONFIG_KIND_BOX, "loose", KMS_STATE_REFUSED_PERMISSIONS);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "loose");
  const char *message = kms_config_info_get_error (info)->message;
  g_assert_nonnull (strstr (message, path));
  g_assert_nonnull (strstr (message, "0666"));
  g_assert_nonnull (strstr (message, "chmod go-w"));
  g_assert_cmpuint (kms_config_info_get_n_values (info), ==, 0);
}

/* The directory's owner could put another file there. */
static void
test_permissions_directory (Fixture *self, gconstpointer data)
{
  g_autofree char *directory = g_build_filename (self->root, "package/providers.d", NULL);

  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=strict\n");
  g_assert_cmpint (g_chmod (directory, 0777), ==, 0);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_REFUSED_PERMISSIONS);
  g_assert_cmpint (g_chmod (directory, 0755), ==, 0);
}

static void
test_permissions_warn (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->root, "user/providers.d/mine.provider", NULL);

  config_root_write (self->root, "user/providers.d/mine.provider", GOOD);
  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "mine", KMS_STATE_AVAILABLE);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "mine");
  g_assert_true (has_warning (info, "chmod go-w"));

  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=off\n");
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) off = lookup (self, KMS_CONFIG_KIND_PROVIDER, "mine");
  g_assert_false (has_warning (off, "chmod go-w"));
}

/* What kmsd would see: strict without anything having been configured. */
static void
test_permissions_kmsd (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->root, "package/providers.d/good.provider", NULL);

  g_assert_cmpint (g_chmod (path, 0666), ==, 0);
  open_registry (self, "kmsd");
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_REFUSED_PERMISSIONS);
  open_registry (self, "something");
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
}

static void
test_disabled (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "admin/kms.conf", "[Global]\nDisabledProviders=one;two\n");
  config_root_write (self->root, "package/providers.d/one.provider", GOOD);
  config_root_write (self->root, "package/providers.d/off.provider", GOOD "Enabled=false\n");
  config_root_write (self->root, "package/providers.d/only-here.provider", GOOD "EnableIn=this;that\n");
  config_root_write (self->root, "package/providers.d/not-here.provider", GOOD "DisableIn=this\n");
  open_registry (self, "this");
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "one", KMS_STATE_DISABLED);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "off", KMS_STATE_DISABLED);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "only-here", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "not-here", KMS_STATE_DISABLED);
  open_registry (self, "another");
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "only-here", KMS_STATE_DISABLED);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "not-here", KMS_STATE_AVAILABLE);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "only-here", KMS_STATE_DISABLED);

  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "one", &error);
  g_assert_null (provider);
  g_assert_nonnull (strstr (error->message, "DisabledProviders"));
}

static void
test_user_config (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "user/providers.d/mine.provider", GOOD);
  config_root_write (self->root, "user/providers.d/good.provider", "[Provider]\nDescription=mine\n");
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=none\n");
  open_registry (self, NULL);
  g_autoptr (GPtrArray) none = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (none->len, ==, 1);
  g_assert_null (kms_config_info_get_value (g_ptr_array_index (none, 0), "Provider", "Description"));

  /* The modules of packages are still needed to be anybody's provider. */
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=only\n");
  config_root_write (self->root, "admin/providers.d/good.provider", "[Provider]\nPriority=9\n");
  config_root_write (self->root, "admin/boxes.d/theirs.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n");
  config_root_write (self->root, "user/boxes.d/mine.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n");
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "mine", KMS_STATE_AVAILABLE);
  g_autoptr (KmsConfigInfo) good = lookup (self, KMS_CONFIG_KIND_PROVIDER, "good");
  g_assert_null (kms_config_info_get_value (good, "Provider", "Priority"));
  g_assert_cmpstr (kms_config_info_get_value (good, "Provider", "Description"), ==, "mine");
  g_autoptr (GPtrArray) boxes = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);
  g_assert_cmpuint (boxes->len, ==, 1);
  g_assert_cmpstr (kms_config_info_get_name (g_ptr_array_index (boxes, 0)), ==, "mine");

  /* The user has no say in this. */
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=none\n");
  config_root_write (self->root, "user/kms.conf", "[Global]\nUserConfig=merge\n");
  open_registry (self, NULL);
  g_autoptr (GPtrArray) still_none = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (still_none->len, ==, 1);
  config_root_delete (self->root, "user/kms.conf");

  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=merge\n");
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) merged = lookup (self, KMS_CONFIG_KIND_PROVIDER, "good");
  g_assert_nonnull (kms_config_info_get_value (merged, "Provider", "Module"));
  g_assert_cmpstr (kms_config_info_get_value (merged, "Provider", "Description"), ==, "mine");
}

static void
test_global (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=sometimes\n");
  open_registry (self, NULL);
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_GLOBAL);
  g_assert_cmpuint (infos->len, ==, 1);
  KmsConfigInfo *info = g_ptr_array_index (infos, 0);
  g_assert_cmpint (kms_config_info_get_state (info), ==, KMS_STATE_CONFIG_ERROR);
  g_assert_nonnull (strstr (kms_config_info_get_error (info)->message, "CheckPermissions"));
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
}

/* What can't be understood was meant to restrict something, perhaps: it does. */
static void
test_global_on_the_safe_side (Fixture *self, gconstpointer data)
{
  g_autofree char *open_file = g_build_filename (self->root, "admin", "providers.d", "open.provider", NULL);

  config_root_write (self->root, "user/providers.d/mine.provider", GOOD);
  config_root_write (self->root, "admin/providers.d/open.provider", GOOD);
  g_assert_no_errno (g_chmod (open_file, 0666));
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "mine", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "open", KMS_STATE_AVAILABLE);

  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=nonne\nCheckPermissions=strickt\n");
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "open", KMS_STATE_REFUSED_PERMISSIONS);
  g_autoptr (GPtrArray) providers = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (providers->len, ==, 2);
}

static void
test_global_unknown (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "admin/kms.conf",
                     "[Global]\nUserconfig=none\nX-Mine=1\n[Daemon]\nA=1\n[Other]\nB=1\n");
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_GLOBAL, "kms");
  const char *const *warnings = kms_config_info_get_warnings (info);

  g_assert_null (kms_config_info_get_error (info));
  g_assert_cmpuint (g_strv_length ((char **) warnings), ==, 3);
  g_assert_nonnull (strstr (warnings[0], "admin/kms.conf, line 2: [Global] Userconfig is not known"));
  g_assert_nonnull (strstr (warnings[1], "line 5: [Daemon] A is not known"));
  g_assert_nonnull (strstr (warnings[2], "line 7: [Other] B is not known"));
}

static void
test_box (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_write (self->root, "package/boxes.d/orders.box",
                     "[Box]\nDescription=Row keys\nVersion=1\nRequireContext=model_name;model_id\n"
                     "[Version 1]\nKeyId=good/one\n");
  config_root_write (self->root, "admin/boxes.d/orders.box",
                     "[Box]\nVersion=99999999999999999999\nJsonDialect=plain\nEncryptFor=user:shop;uid:0;*\n"
                     "DecryptFor=group:shop;gid:7;ask\n[Version 99999999999999999999]\nKeyId=good/two\nProvider=good\n"
                     "[Alert]\nDecrypts=1000\nWindow=60\nAction=sealed\n");
  open_registry (self, NULL);
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "orders", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kms_box_get_name (box), ==, "orders");
  g_assert_cmpstr (kms_box_get_description (box), ==, "Row keys");
  g_assert_cmpstr (kms_box_get_version (box), ==, "99999999999999999999");
  g_assert_cmpint (kms_box_get_json_dialect (box), ==, KMS_JSON_DIALECT_PLAIN);
  g_assert_cmpint (kms_box_get_state (box), ==, KMS_BOX_STATE_ENABLED);
  g_assert_cmpstr (kms_box_get_require_context (box)[1], ==, "model_id");
  const char *provider = NULL;
  g_assert_cmpstr (kms_box_get_key_id (box, "99999999999999999999", &provider), ==, "good/two");
  g_assert_cmpstr (provider, ==, "good");
  g_assert_cmpstr (kms_box_get_key_id (box, "1", &provider), ==, "good/one");
  g_assert_null (provider);
  g_auto (GStrv) versions = kms_box_list_versions (box);
  g_assert_cmpuint (g_strv_length (versions), ==, 2);
}

static void
test_models (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "package/models.d/user.model", "[Model]\nTable=users\n[Key kms_key]\nBox=users\n");
  config_root_write (self->root, "package/models.d/broken.model", "[Model\n");
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_MODEL, "user", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_MODEL, "broken", KMS_STATE_CONFIG_ERROR);
}

static void
test_no_directories (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *nowhere = g_build_filename (self->root, "nowhere", NULL);
  g_autoptr (KmsRegistry) registry = kms_registry_new (nowhere, NULL, &error);

  g_assert_no_error (error);
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (infos->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/config/" path, Fixture, NULL, setup, function, teardown)
  ADD ("file-names", test_file_names);
  ADD ("merge", test_merge);
  ADD ("mask", test_mask);
  ADD ("broken-layer", test_broken_layer);
  ADD ("unknown-keys", test_unknown_keys);
  ADD ("permissions/strict", test_permissions_strict);
  ADD ("permissions/directory", test_permissions_directory);
  ADD ("permissions/warn", test_permissions_warn);
  ADD ("permissions/kmsd", test_permissions_kmsd);
  ADD ("disabled", test_disabled);
  ADD ("user-config", test_user_config);
  ADD ("global", test_global);
  ADD ("global/safe-side", test_global_on_the_safe_side);
  ADD ("global/unknown", test_global_unknown);
  ADD ("box", test_box);
  ADD ("models", test_models);
  ADD ("no-directories", test_no_directories);
  return g_test_run ();
}
