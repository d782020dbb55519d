/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files of every kind: a bad one breaks only itself, and what is secret in it is not repeated. The first
 * byte chooses the kind. */
#include "fuzz.h"

#include <fcntl.h>
#include <libkms/kms.h>
#include <unistd.h>

#include "fuzz-registry.h"

/* Stands in corpus files where careless people put a secret. */
#define SECRET "hunter2hunter2"

static const struct
{
  const char *path;
  KmsConfigKind kind;
  const char *name;
} places[] = {
  { "package/providers.d/tried.provider", KMS_CONFIG_KIND_PROVIDER, "tried" },
  { "package/boxes.d/tried.box", KMS_CONFIG_KIND_BOX, "tried" },
  { "admin/kms.conf", KMS_CONFIG_KIND_GLOBAL, "kms" },
  { "admin/providers.d/test.provider", KMS_CONFIG_KIND_PROVIDER, "test" },
};

static char *
write_file (const char *place, const guint8 *data, gsize size)
{
  char *path = g_build_filename (fuzz_root (), place, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  FUZZ_CHECK (g_mkdir_with_parents (directory, 0755) == 0);
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  FUZZ_CHECK (fd >= 0 && write (fd, data, size) == (gssize) size && close (fd) == 0);
  return path;
}

/* Whether the secret stands only where values of Token= stand: in a name it is shown, of course. */
static gboolean is_value;

static void
find_secret (const guint8 *data, gsize size)
{
  static const char before[] = "\nToken=";
  const gsize length = strlen (SECRET), before_length = sizeof before - 1;

  is_value = TRUE;
  for (gsize i = 0; i + length <= size; i++)
    if (memcmp (data + i, SECRET, length) == 0)
      is_value = is_value && i >= before_length && memcmp (data + i - before_length, before, before_length) == 0;
}

static void
check_text (const char *text)
{
  FUZZ_CHECK (text == NULL || !is_value || strstr (text, SECRET) == NULL);
  FUZZ_CHECK (text == NULL || g_utf8_validate (text, -1, NULL));
}

/* A secret is not repeated in a message; in a value only where no rule says that it is one. */
static void
check_info (KmsConfigInfo *info)
{
  const GError *error = kms_config_info_get_error (info);
  const char *const *warnings = kms_config_info_get_warnings (info);

  if (kms_config_info_get_state (info) > KMS_STATE_LOADED)
    FUZZ_CHECK (error != NULL && error->message[0] != '\0');
  if (error != NULL)
    check_text (error->message);
  for (guint i = 0; warnings[i] != NULL; i++)
    check_text (warnings[i]);
  check_text (kms_config_info_get_value (info, "Settings", "Token"));
}

static void
check_infos (KmsRegistry *registry, KmsConfigKind kind, const char *name)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, kind);
  gboolean found = FALSE;

  for (guint i = 0; i < infos->len; i++)
    {
      check_info (infos->pdata[i]);
      found = found || g_strcmp0 (kms_config_info_get_name (infos->pdata[i]), name) == 0;
    }
  FUZZ_CHECK (found || kind == KMS_CONFIG_KIND_GLOBAL);
}

static void
use_box (KmsRegistry *registry)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (registry, "tried", &error);

  FUZZ_CHECK_OUTCOME (box != NULL, error);
  if (box == NULL)
    {
      check_text (error->message);
      return;
    }
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) "x", 1);
  g_autofree char *stored = kms_box_encrypt (box, plaintext, NULL, NULL, &error);
  FUZZ_CHECK_OUTCOME (stored != NULL, error);
}

static void
use_provider (KmsRegistry *registry, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, name, &error);

  FUZZ_CHECK_OUTCOME (provider != NULL, error);
  if (error != NULL)
    check_text (error->message);
}

/* Whatever the file is, the others work. */
static void
use_others (KmsRegistry *registry)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kms_registry_find_provider_for_key (registry, "insecure-test-key", NULL, &error);

  FUZZ_CHECK_OUTCOME (name != NULL, error);
}

static gboolean
is_critical (const guint8 *data, gsize size)
{
  return memmem (data, size, "Critical", strlen ("Critical")) != NULL;
}

static GLogWriterOutput
drop_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      check_text (fields[i].value);
  FUZZ_CHECK (!(level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)));
  return G_LOG_WRITER_HANDLED;
}

static void
drop_log_once (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  g_log_set_writer_func (drop_log, NULL, NULL);
  g_once_init_leave (&done, 1);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;

  if (size < 1)
    return 0;
  drop_log_once ();
  find_secret (data, size);
  guint choice = data[0] % G_N_ELEMENTS (places);
  g_autofree char *path = write_file (places[choice].path, data + 1, size - 1);
  g_autoptr (KmsRegistry) registry = kms_registry_new (fuzz_root (), "fuzz", &error);

  FUZZ_CHECK_OUTCOME (registry != NULL, error);
  FUZZ_CHECK (registry != NULL || is_critical (data, size));
  if (registry != NULL)
    {
      check_infos (registry, places[choice].kind, places[choice].name);
      if (places[choice].kind == KMS_CONFIG_KIND_BOX)
        use_box (registry);
      else
        use_provider (registry, places[choice].name);
      use_others (registry);
    }
  FUZZ_CHECK (unlink (path) == 0);
  return 0;
}
