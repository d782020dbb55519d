/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared files of AWS's clients: whatever stands in them, names and values stay inside of the text and of their limits,
 * and an error repeats nothing of it. The first byte chooses the file. */
#include "fuzz.h"

#include "../../plugins/aws/aws-ini.h"
#include "../../plugins/aws/aws-profile.h"

/* Stands in corpus files where a secret would. */
#define SECRET "hunter2hunter2"

typedef struct
{
  const char *text;
  gsize length;
  guint n_entries;
} Source;

static gboolean
check_entry (const AwsIniEntry *entry, gpointer data, GError **error)
{
  Source *source = data;

  source->n_entries++;
  FUZZ_CHECK (entry->section[0] != '\0' && strlen (entry->section) <= AWS_INI_MAX_NAME);
  if (entry->key == NULL)
    return TRUE;
  FUZZ_CHECK (entry->key[0] != '\0' && strlen (entry->key) <= AWS_INI_MAX_NAME);
  FUZZ_CHECK (entry->nested == NULL || entry->nested[0] != '\0');
  FUZZ_CHECK (entry->length <= AWS_INI_MAX_VALUE);
  FUZZ_CHECK (entry->value >= source->text && entry->value + entry->length <= source->text + source->length);
  FUZZ_CHECK (g_utf8_validate (entry->value, (gssize) entry->length, NULL));
  FUZZ_CHECK (memchr (entry->value, '\n', entry->length) == NULL);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  if (size < 1)
    return 0;
  Source source = { (const char *) data + 1, size - 1, 0 };
  gboolean good = aws_ini_parse (source.text, source.length, check_entry, &source, &error);
  FUZZ_CHECK_OUTCOME (good, error);
  FUZZ_CHECK (good || strstr (error->message, SECRET) == NULL);
  AwsFile file = data[0] % 2 == 0 ? AWS_FILE_CONFIG : AWS_FILE_CREDENTIALS;
  g_autoptr (AwsProfiles) profiles = aws_profiles_parse (file, "tried", source.text, source.length, &again);
  FUZZ_CHECK_OUTCOME (profiles != NULL, again);
  FUZZ_CHECK (profiles == NULL || good);
  if (profiles != NULL)
    {
      FUZZ_CHECK (aws_profile_get (profiles, "default", "aws_secret_access_key") == NULL);
      FUZZ_CHECK (file == AWS_FILE_CONFIG
                  || aws_profile_get_of (profiles, AWS_FILE_CONFIG, "default", "region") == NULL);
    }
  return 0;
}
