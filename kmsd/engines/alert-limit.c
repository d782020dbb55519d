/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads [Alert] of kms.conf and of boxes. */
#include "alert.h"

#include "settings-value.h"

gboolean
alert_limit_read (KmsConfigInfo *info, AlertLimit *limit, GError **error)
{
  gint64 decrypts, window;
  int action;

  *limit = (AlertLimit){ 0 };
  if (!settings_read_integer (info, "Alert", "Decrypts", 0, &decrypts, error)
      || !settings_read_integer (info, "Alert", "Window", 60, &window, error)
      || !settings_read_choice (info, "Alert", "Action", KMS_ALERT_ACTIONS, ALERT_SIGNAL, &action, error))
    return FALSE;
  *limit = (AlertLimit){ (guint) decrypts, (guint) window, (AlertAction) action };
  return TRUE;
}
