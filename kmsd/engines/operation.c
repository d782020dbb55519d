/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what can be asked of the daemon. */
#include "operation.h"

static const struct
{
  const char *word;
  AccessKind access;
  LockdownMode last_mode; /* the strictest one in which it is still done */
  gboolean counts;
} operations[] = {
  [OPERATION_ENCRYPT] = { "encrypt", ACCESS_ENCRYPT, LOCKDOWN_ENCRYPT_ONLY, FALSE },
  [OPERATION_DECRYPT] = { "decrypt", ACCESS_DECRYPT, LOCKDOWN_NORMAL, TRUE },
  /* As a box that is for encryption only: what is rewrapped under another context could be decrypted with that. */
  [OPERATION_REWRAP] = { "rewrap", ACCESS_REWRAP, LOCKDOWN_NORMAL, FALSE },
  [OPERATION_GENERATE_DATA_KEY] = { "generate-data-key", ACCESS_ENCRYPT, LOCKDOWN_ENCRYPT_ONLY, FALSE },
  [OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT] = { "generate-data-key-without-plaintext", ACCESS_ENCRYPT,
                                                      LOCKDOWN_ENCRYPT_ONLY, FALSE },
  /* Who fights an attack turns to a new key. */
  [OPERATION_ROTATE_KEY] = { "rotate-key", ACCESS_MANAGE, LOCKDOWN_ENCRYPT_ONLY, FALSE },
};

static const struct
{
  const char *word;
  const char *key;
} access_kinds[] = {
  [ACCESS_ENCRYPT] = { "encrypt", "EncryptFor" },
  [ACCESS_DECRYPT] = { "decrypt", "DecryptFor" },
  [ACCESS_REWRAP] = { "rewrap", "RewrapFor" },
  [ACCESS_MANAGE] = { "manage", "ManageFor" },
};

static const char *const modes[] = {
  [LOCKDOWN_NORMAL] = "normal",
  [LOCKDOWN_ENCRYPT_ONLY] = "encrypt-only",
  [LOCKDOWN_SEALED] = "sealed",
};

G_STATIC_ASSERT (G_N_ELEMENTS (operations) == N_OPERATIONS);
G_STATIC_ASSERT (G_N_ELEMENTS (access_kinds) == N_ACCESS_KINDS);
G_STATIC_ASSERT (G_N_ELEMENTS (modes) == N_LOCKDOWN_MODES);

const char *
operation_to_string (Operation operation)
{
  g_return_val_if_fail ((guint) operation < N_OPERATIONS, NULL);

  return operations[operation].word;
}

gboolean
operation_from_string (const char *text, Operation *operation)
{
  for (guint i = 0; i < N_OPERATIONS; i++)
    if (strcmp (operations[i].word, text) == 0)
      {
        *operation = (Operation) i;
        return TRUE;
      }
  return FALSE;
}

AccessKind
operation_get_access (Operation operation)
{
  g_return_val_if_fail ((guint) operation < N_OPERATIONS, ACCESS_MANAGE);

  return operations[operation].access;
}

/* A mode that nobody knows permits nothing. */
gboolean
operation_is_permitted_in (Operation operation, LockdownMode mode)
{
  g_return_val_if_fail ((guint) operation < N_OPERATIONS, FALSE);

  return (guint) mode <= (guint) operations[operation].last_mode;
}

gboolean
operation_counts_for_alert (Operation operation)
{
  g_return_val_if_fail ((guint) operation < N_OPERATIONS, TRUE);

  return operations[operation].counts;
}

const char *
access_kind_to_string (AccessKind kind)
{
  g_return_val_if_fail ((guint) kind < N_ACCESS_KINDS, NULL);

  return access_kinds[kind].word;
}

const char *
access_kind_get_key (AccessKind kind)
{
  g_return_val_if_fail ((guint) kind < N_ACCESS_KINDS, NULL);

  return access_kinds[kind].key;
}

const char *
lockdown_mode_to_string (LockdownMode mode)
{
  g_return_val_if_fail ((guint) mode < N_LOCKDOWN_MODES, NULL);

  return modes[mode];
}

gboolean
lockdown_mode_from_string (const char *text, LockdownMode *mode)
{
  for (guint i = 0; i < N_LOCKDOWN_MODES; i++)
    if (strcmp (modes[i], text) == 0)
      {
        *mode = (LockdownMode) i;
        return TRUE;
      }
  return FALSE;
}
