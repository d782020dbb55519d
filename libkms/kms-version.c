/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which library this is at run time. */
#include "kms-version.h"

#include "kms-directories.h"

/**
 * kms_get_version:
 *
 * Gets the version of the library that is loaded, which may be newer than the one compiled against.
 *
 * Returns: (transfer none): such as "0.1.0"
 *
 * Since: 1.0
 */
const char *
kms_get_version (void)
{
  return KMS_VERSION;
}
