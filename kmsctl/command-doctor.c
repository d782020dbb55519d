/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* doctor: everything that can be wrong here, each finding with the command that mends it. */
#include <sys/resource.h>
#include <sys/stat.h>

#include "command-groups.h"
#include "config-report.h"
#include "daemon-status.h"
#include "describe.h"
#include "probe.h"
#include "target.h"

/* This source file's year: a clock before it is wrong, and with it every certificate and signature. */
#define BUILT_AFTER G_GINT64_CONSTANT (1767225600) /* 2026-01-01 */
#define CLOCK_END G_GINT64_CONSTANT (4102444800)   /* 2100-01-01 */
#define ENOUGH_LOCKED (8 * 1024 * 1024)

static void
check_memory (KmsReport *report)
{
  gsize locked, limit;
  gboolean unlocked;
  struct rlimit allowed;
  g_autoptr (KmsSecret) probe = kms_secret_new_random (32, NULL);

  kms_secret_get_memory (&locked, &limit, &unlocked);
  if (unlocked)
    kms_report_add (report, KMS_SEVERITY_WARNING, _ ("locked memory"),
                    _ ("secrets can't be locked in memory and may be written to swap"),
                    _ ("raise the limit: LimitMEMLOCK=8M in the unit, or \"ulimit -l 8192\""));
  else if (getrlimit (RLIMIT_MEMLOCK, &allowed) == 0 && allowed.rlim_cur < ENOUGH_LOCKED)
    {
      g_autofree char *finding =
        g_strdup_printf (_ ("the limit is %u KiB; 8192 KiB are enough for all"), (guint) (allowed.rlim_cur / 1024));
      kms_report_add (report, KMS_SEVERITY_INFO, _ ("locked memory"), finding, "ulimit -l 8192");
    }
  else
    kms_report_add (report, KMS_SEVERITY_OK, _ ("locked memory"), _ ("secrets are kept out of swap and core files"),
                    NULL);
}

static void
check_clock (KmsReport *report)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (now < BUILT_AFTER || now > CLOCK_END)
    kms_report_add (report, KMS_SEVERITY_ERROR, _ ("clock"), _ ("the clock is wrong, so services refuse what we sign"),
                    "timedatectl set-ntp true");
  else
    kms_report_add (report, KMS_SEVERITY_OK, _ ("clock"), _ ("plausible"), NULL);
}

static void
check_directory (Kmsctl *self, KmsConfigKind kind, KmsReport *report)
{
  g_autofree char *directory = kms_registry_dup_directory (self->registry, kind);
  struct stat status;

  if (directory == NULL || stat (directory, &status) != 0 || (status.st_mode & 022) == 0)
    return;
  g_autofree char *advice = g_strdup_printf ("chmod go-w %s", directory);
  kms_report_add (report, KMS_SEVERITY_WARNING, directory,
                  _ ("others may write here, and so choose which keys are used"), advice);
}

static void
check_providers (Kmsctl *self, KmsReport *report)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      KmsState state = kms_config_info_get_state (info);
      g_autoptr (KmsProvider)
        provider = (state == KMS_STATE_AVAILABLE || state == KMS_STATE_LOADED)
                       && kmsctl_probe (self, kms_config_info_get_name (info), NULL)
                     ? kms_registry_dup_provider (self->registry, kms_config_info_get_name (info), NULL)
                     : NULL;
      if (provider != NULL)
        kms_provider_diagnose (provider, NULL, report, self->cancellable);
    }
  if (infos->len == 0)
    kms_report_add (report, KMS_SEVERITY_ERROR, _ ("providers"), _ ("none is configured"),
                    _ ("install a provider's package, or name another root with --config-root"));
}

/* TRUE where nothing is known to be wrong with it. */
static gboolean
check_key (Kmsctl *self, KmsProvider *provider, const char *key_id, const char *topic, KmsReport *report)
{
  g_autoptr (GError) local = NULL;

  if (!KMS_IS_KEY_ADMIN (provider))
    return TRUE;
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_SHOW, key_id, NULL, self->cancellable, &local);
  if (keys == NULL || keys->len == 0)
    {
      /* Who may encrypt need not be allowed to look at the key. */
      if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
        {
          kms_report_add (report, KMS_SEVERITY_WARNING, topic, local->message, NULL);
          return TRUE;
        }
      g_autofree char *advice = g_strdup_printf ("kmsctl key create %s", topic);
      gboolean missing = g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND);
      kms_report_add (report, KMS_SEVERITY_ERROR, topic, local == NULL ? _ ("no answer") : local->message,
                      missing ? advice : NULL);
      return FALSE;
    }
  KmsKeyState state = kms_key_get_state (g_ptr_array_index (keys, 0));
  g_autofree char *enable = g_strdup_printf ("kmsctl key enable %s", topic);
  g_autofree char *restore = g_strdup_printf ("kmsctl key restore %s", topic);
  if (state == KMS_KEY_STATE_ENABLED)
    kms_report_add (report, KMS_SEVERITY_OK, topic, _ ("the key is there and enabled"), NULL);
  else if (state == KMS_KEY_STATE_PENDING_DELETION)
    kms_report_add (report, KMS_SEVERITY_ERROR, topic, _ ("the key is scheduled for deletion"), restore);
  else
    kms_report_add (report, KMS_SEVERITY_ERROR, topic, _ ("the key is not enabled"),
                    state == KMS_KEY_STATE_DISABLED ? enable : NULL);
  return state == KMS_KEY_STATE_ENABLED;
}

static void
check_binding (Kmsctl *self, KmsProvider *provider, const char *key_id, const char *topic, KmsReport *report)
{
  g_autoptr (GError) local = NULL;
  KmsBinding binding = kms_provider_get_binding (provider, key_id, self->cancellable, &local);

  if (local != NULL)
    kms_report_add (report, KMS_SEVERITY_WARNING, topic, local->message, NULL);
  else if (binding == KMS_BINDING_VERIFIED)
    kms_report_add (report, KMS_SEVERITY_OK, topic, _ ("contexts are authenticated"), NULL);
  else if (binding == KMS_BINDING_IGNORED)
    kms_report_add (report, KMS_SEVERITY_ERROR, topic,
                    _ ("the key ignores contexts, so encrypting with one is refused"),
                    _ ("use a key that binds contexts (Vault: derived=true), or AllowUnboundContext=true"));
  else
    kms_report_add (report, KMS_SEVERITY_WARNING, topic, _ ("nobody can tell whether the key binds contexts"), NULL);
}

static void
check_version (Kmsctl *self, const char *key_id, const char *pinned, KmsReport *report)
{
  g_autofree char *provider_key_id = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsProvider) provider = NULL;

  if (kmsctl_probe_key (self, key_id, pinned, &local))
    provider = kms_registry_dup_provider_for_key (self->registry, key_id, pinned, &provider_key_id, &local);

  if (provider == NULL)
    {
      kms_report_add (report, KMS_SEVERITY_ERROR, key_id, local->message, "kmsctl provider list");
      return;
    }
  /* What is wrong with the key is said once: the provider need not find it, too. */
  gboolean is_right = check_key (self, provider, provider_key_id, key_id, report);
  kms_provider_diagnose (provider, is_right ? provider_key_id : NULL, report, self->cancellable);
  if (is_right)
    check_binding (self, provider, provider_key_id, key_id, report);
}

/* Without asking anybody: whether there is a provider for each key id. */
static void
check_claims (Kmsctl *self, const char *name, KmsReport *report)
{
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, name, NULL);
  g_auto (GStrv) versions = box == NULL ? NULL : kms_box_list_versions (box);
  g_autofree char *topic = g_strconcat (name, ".box", NULL);

  for (guint i = 0; versions != NULL && versions[i] != NULL; i++)
    {
      const char *pinned = NULL;
      const char *key_id = kms_box_get_key_id (box, versions[i], &pinned);
      g_autoptr (GError) local = NULL;
      g_autofree char *claimed = NULL;
      g_autoptr (KmsConfigInfo) info = NULL;
      if (pinned != NULL)
        info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, pinned, &local);
      else
        claimed = kms_registry_find_provider_for_key (self->registry, key_id, NULL, &local);
      if (local != NULL)
        kms_report_add (report, KMS_SEVERITY_ERROR, topic, local->message, "kmsctl provider list");
    }
}

static void
check_boxes (Kmsctl *self, KmsReport *report)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);

  for (guint i = 0; i < infos->len; i++)
    if (kms_config_info_get_state (g_ptr_array_index (infos, i)) == KMS_STATE_AVAILABLE)
      check_claims (self, kms_config_info_get_name (g_ptr_array_index (infos, i)), report);
}

static void
check_target (Kmsctl *self, KmsctlTarget *target, KmsReport *report)
{
  g_auto (GStrv) versions = kms_box_list_versions (target->box);

  if (target->is_box && kms_box_get_state (target->box) != KMS_BOX_STATE_ENABLED)
    {
      g_autofree char *advice = g_strdup_printf ("kmsctl box enable %s", target->name);
      kms_report_add (report, KMS_SEVERITY_WARNING, target->name,
                      kmsctl_nick (KMS_TYPE_BOX_STATE, (int) kms_box_get_state (target->box)), advice);
    }
  for (guint i = 0; versions[i] != NULL; i++)
    {
      const char *pinned = NULL;
      const char *key_id = kms_box_get_key_id (target->box, versions[i], &pinned);
      check_version (self, key_id, pinned, report);
    }
}

gboolean
kmsctl_run_doctor (Kmsctl *self, GError **error)
{
  g_autoptr (KmsReport) report = kms_report_new ();
  g_auto (KmsctlTarget) target = { NULL };
  gboolean has_target = kmsctl_argument (self, 0) != NULL || kmsctl_text (self, "box") != NULL
                        || kmsctl_text (self, "key") != NULL;

  if (kmsctl_open (self, error) == NULL || (has_target && !kmsctl_target_resolve (self, FALSE, &target, error)))
    return FALSE;
  check_memory (report);
  check_clock (report);
  check_directory (self, KMS_CONFIG_KIND_PROVIDER, report);
  check_directory (self, KMS_CONFIG_KIND_BOX, report);
  if (!kmsctl_report_config (self, TRUE, report, error))
    return FALSE;
  kmsctl_daemon_diagnose (self, report);
  if (has_target)
    check_target (self, &target, report);
  else
    {
      check_boxes (self, report);
      check_providers (self, report);
    }
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  self->negative = kms_report_get_worst (report) == KMS_SEVERITY_ERROR;
  return kmsctl_print_list (self, "findings", kmsctl_describe_report (report, KMS_SEVERITY_OK), error);
}
