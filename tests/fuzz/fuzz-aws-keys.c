/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that a program, a container's agent or STS writes: what comes of them may stand in a header, and an error repeats
 * nothing of it. The first byte chooses JSON or XML. */
#include "fuzz.h"

#include "../../plugins/aws/aws-key-document.h"

/* Stands in corpus files where a secret would. */
#define SECRET "hunter2hunter2"

static void
check_secret (KmsSecret *secret)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);

  FUZZ_CHECK (length > 0);
  for (gsize i = 0; i < length; i++)
    FUZZ_CHECK (data[i] > 0x20 && data[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;

  if (size < 1)
    return 0;
  gsize length = size - 1;
  g_autofree char *text = g_strndup ("", length + 1);
  if (length > 0)
    memcpy (text, data + 1, length);
  g_autoptr (AwsKeys) keys = data[0] % 2 == 0 ? aws_keys_parse_json ((guint8 *) text, length, "Token", "tried", &error)
                                              : aws_keys_parse_xml (text, length, "tried", &error);
  FUZZ_CHECK_OUTCOME (keys != NULL, error);
  if (keys == NULL)
    {
      FUZZ_CHECK (strstr (error->message, SECRET) == NULL);
      return 0;
    }
  FUZZ_CHECK (keys->access_key_id[0] != '\0' && g_str_is_ascii (keys->access_key_id));
  check_secret (keys->secret);
  if (keys->token != NULL)
    check_secret (keys->token);
  return 0;
}
