/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be asked of the daemon: one table says whose right it is, what lockdown leaves of it, and what alerts count. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* The lists of a box file that say who may. */
typedef enum {
  ACCESS_ENCRYPT,
  ACCESS_DECRYPT,
  ACCESS_REWRAP,
  ACCESS_MANAGE,
  N_ACCESS_KINDS,
} AccessKind;

typedef enum {
  LOCKDOWN_NORMAL,
  LOCKDOWN_ENCRYPT_ONLY,
  LOCKDOWN_SEALED,
  N_LOCKDOWN_MODES,
} LockdownMode;

/* What stands on one box. Reading (GetInfo, CheckAccess, audit, lockdown itself) is none of these: lockdown never hides
 * what goes on. */
typedef enum {
  OPERATION_ENCRYPT,
  OPERATION_DECRYPT,
  OPERATION_REWRAP,
  OPERATION_GENERATE_DATA_KEY,
  OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT,
  OPERATION_ROTATE_KEY,
  N_OPERATIONS,
} Operation;

/* "generate-data-key": as it stands in audit records, lockdown's errors, polkit details. */
const char *operation_to_string (Operation operation);
gboolean operation_from_string (const char *text, Operation *operation);

AccessKind operation_get_access (Operation operation);
gboolean operation_is_permitted_in (Operation operation, LockdownMode mode);

/* Whether its items count for Decrypts= of [Alert]: whatever shows a plaintext that was encrypted before. */
gboolean operation_counts_for_alert (Operation operation);

const char *access_kind_to_string (AccessKind kind); /* "encrypt" */
const char *access_kind_get_key (AccessKind kind);   /* "EncryptFor" */

const char *lockdown_mode_to_string (LockdownMode mode); /* "encrypt-only" */
gboolean lockdown_mode_from_string (const char *text, LockdownMode *mode);

G_END_DECLS
