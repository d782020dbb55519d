/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local keystore's files. The first byte chooses the kind, and whether a right checksum is put behind the text: no
 * mutation would ever pass it by chance. */
#include "fuzz.h"

#include <key-file.h>
#include <master-key.h>

/* The keys that make-corpus.py uses, too. */
#define MASTER "master key of the fuzz targets.."
#define MASTER_ID "mastr-id"

static MasterKey master;

static void
set_up (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  memcpy (master.id, MASTER_ID, MASTER_ID_SIZE);
  master.secret = kms_secret_new ((const guint8 *) MASTER, strlen (MASTER));
  g_once_init_leave (&done, 1);
}

/* What there is of a first checksum goes, the right one comes. */
static char *
with_sum (const char *text, gsize size, gsize *length)
{
  const char *old = g_strrstr_len (text, (gssize) size, "sum: ");
  gsize kept = old == NULL ? size : (gsize) (old - text);
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, kept);
  g_autofree char *line = g_strdup_printf ("sum: %.32s\n", sum);
  char *whole = g_malloc (kept + strlen (line) + 1);

  memcpy (whole, text, kept);
  strcpy (whole + kept, line);
  *length = kept + strlen (line);
  return whole;
}

/* What opens is written and read again, and is the same key. */
static void
check_opened (LocalKey *key)
{
  gsize length;
  g_autofree char *text = key_file_write (key, &master, &length, NULL);
  g_autoptr (KeyFile) file = key_file_parse (text, length, NULL);

  FUZZ_CHECK (file != NULL);
  g_autoptr (LocalKey) again = key_file_open (file, &master, NULL);
  FUZZ_CHECK (again != NULL && strcmp (again->name, key->name) == 0 && again->versions->len == key->versions->len);
  FUZZ_CHECK (kms_secret_equal (local_key_get_newest (again)->secret, local_key_get_newest (key)->secret));
}

static void
check_key_file (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KeyFile) file = key_file_parse (text, length, &error);

  FUZZ_CHECK_OUTCOME (file != NULL, error);
  if (file == NULL)
    return;
  FUZZ_CHECK (local_key_check_name (file->key->name, NULL));
  FUZZ_CHECK (file->versions->len > 0 && file->mac_offset < length);
  g_autoptr (LocalKey) key = key_file_open (file, &master, &error);
  FUZZ_CHECK_OUTCOME (key != NULL, error);
  if (key != NULL)
    check_opened (key);
  else
    FUZZ_CHECK (g_error_matches (error, KMS_ERROR, KMS_ERROR_INTEGRITY));
}

/* There is one way to write a root file: what is read is written the same. */
static void
check_root_file (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RootFile) root = root_file_parse (text, length, &error);

  FUZZ_CHECK_OUTCOME (root != NULL, error);
  if (root == NULL)
    return;
  gsize length_again;
  g_autofree char *again = root_file_write (root, &length_again);
  FUZZ_CHECK (length_again == length && memcmp (again, text, length) == 0);
  g_autoptr (MasterKeys) masters = root_file_unwrap (root, master.secret, &error);
  FUZZ_CHECK_OUTCOME (masters != NULL, error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size < 1)
    return 0;
  set_up ();
  gboolean is_root = (data[0] & 1) != 0, summed = (data[0] & 2) != 0;
  gsize length = size - 1;
  g_autofree char *text = summed ? with_sum ((const char *) data + 1, length, &length) : g_memdup2 (data + 1, length);

  if (text == NULL)
    return 0;
  if (is_root)
    check_root_file (text, length);
  else
    check_key_file (text, length);
  return 0;
}
