/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that lockdown is kept in: nothing but what was written comes out as a state. The first byte chooses whether the
 * checksum is put right, so that what stands before it is reached. */
#include "fuzz.h"

#include <lockdown-file.h>
#include <plugins/local/strict-text.h>

/* Without its last line, and with a right one. */
static char *
put_sum_right (const char *text, gsize *length)
{
  GString *out = g_string_new_len (text, (gssize) *length);
  char *last = out->len < 2 ? NULL : g_strrstr_len (out->str, (gssize) out->len - 1, "\n");

  if (last != NULL && g_str_has_prefix (last + 1, "sum: "))
    g_string_truncate (out, (gsize) (last + 1 - out->str));
  strict_text_add_sum (out);
  *length = out->len;
  return g_string_free (out, FALSE);
}

static void
check_state (const char *name, const LockdownState *state)
{
  FUZZ_CHECK ((guint) state->mode < N_LOCKDOWN_MODES);
  FUZZ_CHECK (name[0] == '\0' || lockdown_name_is_fit (name));
  FUZZ_CHECK ((state->since_usec == 0) == (state->reason == NULL));
  FUZZ_CHECK (state->reason == NULL || lockdown_text_is_fit (state->reason, LOCKDOWN_MAX_REASON));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size < 1)
    return 0;
  gsize length = size - 1, again_length;
  g_autofree char *text = (data[0] & 1) != 0 ? put_sum_right ((const char *) data + 1, &length)
                                             : g_memdup2 ((const char *) data + 1, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) table = text == NULL ? NULL : lockdown_file_parse (text, length, &error);
  GHashTableIter iter;
  gpointer name, state;

  if (text == NULL)
    return 0;
  FUZZ_CHECK_OUTCOME (table != NULL, error);
  if (table == NULL)
    return 0;
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &name, &state))
    check_state (name, state);
  /* One text a state: whoever changed a byte changed what it says, or broke it. */
  g_autofree char *again = lockdown_file_write (table, &again_length);
  FUZZ_CHECK (again_length == length && memcmp (again, text, length) == 0);
  return 0;
}
