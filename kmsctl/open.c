/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the registry as the global options say. */
#include "daemon.h"
#include "terminal.h"

KmsRegistry *
kmsctl_open (Kmsctl *self, GError **error)
{
  const char *root = kmsctl_text (self, "config-root");
  const char *program = kmsctl_text (self, "program");

  if (self->registry != NULL)
    return self->registry;
  if (root != NULL && !g_file_test (root, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, _ ("--config-root=%s: there is no such directory"), root);
      return NULL;
    }
  self->registry = root == NULL && program == NULL ? kms_registry_new_default (error)
                                                   : kms_registry_new (root, program, error);
  if (self->registry == NULL)
    return NULL;
  kms_registry_set_ask_secret_func (self->registry, kmsctl_ask_for_provider, self, NULL);
  kms_registry_set_interactive (self->registry, kmsctl_may_interact (self));
  return self->registry;
}
