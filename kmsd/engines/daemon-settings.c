/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads [Daemon], [Audit] and [Alert] of kms.conf. */
#include "daemon-settings.h"

#include "settings-value.h"

#define DEFAULT_IDLE_TIMEOUT 300
#define DEFAULT_MAX_SIZE (16 * 1024 * 1024)

gboolean
daemon_settings_read (KmsConfigInfo *kms_conf, DaemonSettings *settings, GError **error)
{
  g_auto (DaemonSettings) read = { 0 };
  g_autoptr (GError) local = NULL;
  gint64 idle, max_size;
  int context;

  read.audit_directory = settings_dup_path (kms_conf, "Audit", "Directory", &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!settings_read_boolean (kms_conf, "Daemon", "AllowInsecure", FALSE, &read.allow_insecure, error)
      || !settings_read_integer (kms_conf, "Daemon", "IdleTimeout", DEFAULT_IDLE_TIMEOUT, &idle, error)
      || !settings_read_integer (kms_conf, "Audit", "MaxSize", DEFAULT_MAX_SIZE, &max_size, error)
      || !settings_read_choice (kms_conf, "Audit", "Context", KMS_AUDIT_CONTEXTS, AUDIT_CONTEXT_PLAIN, &context, error)
      || !alert_limit_read (kms_conf, &read.alert, error))
    return FALSE;
  read.idle_timeout = (guint) idle;
  read.audit_max_size = (guint64) max_size;
  read.audit_context = (AuditContextPolicy) context;
  *settings = read;
  read.audit_directory = NULL;
  return TRUE;
}

void
daemon_settings_clear (DaemonSettings *self)
{
  g_clear_pointer (&self->audit_directory, g_free);
}
