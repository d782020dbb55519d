/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signs what it reads, for comparing with signers that others wrote. A request is a line of fields in base64, with blanks between, "-" for an empty one:
 * method, path, query, region, service, date, access key id, secret, token (empty: none), body, and then the name and the
 * value of each header. Prints a line with the value of Authorization for each. */
#include <aws-sign.h>
#include <string.h>

enum {
  METHOD,
  PATH,
  QUERY,
  REGION,
  SERVICE,
  DATE,
  ID,
  SECRET,
  TOKEN,
  BODY,
  N_FIXED
};

#define MAX_HEADERS 32

static GPtrArray *
read_fields (const char *line)
{
  g_auto (GStrv) texts = g_strsplit (line, " ", -1);
  GPtrArray *fields = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      gsize length = 0;
      g_autofree guchar *bytes = texts[i][0] == '-' ? NULL : g_base64_decode (texts[i], &length);
      g_ptr_array_add (fields, bytes != NULL ? g_strndup ((const char *) bytes, length) : g_strdup (""));
    }
  g_assert_cmpuint (fields->len, >=, N_FIXED);
  return fields;
}

static KmsSecret *
make_secret (const char *text)
{
  return text[0] != '\0' ? kms_secret_new ((const guint8 *) text, strlen (text)) : NULL;
}

static void
sign_line (AwsSigner *signer, const char *line)
{
  g_autoptr (GPtrArray) fields = read_fields (line);
  char **texts = (char **) fields->pdata;
  g_autoptr (KmsSecret) secret = make_secret (texts[SECRET]);
  g_autoptr (KmsSecret) token = make_secret (texts[TOKEN]);
  g_autoptr (AwsKeys) keys = aws_keys_new (texts[ID], secret, token, 0, "test");
  g_autoptr (GError) error = NULL;
  AwsHeader headers[MAX_HEADERS];
  AwsSigning signing = { .method = texts[METHOD],
                         .path = texts[PATH],
                         .query = texts[QUERY],
                         .headers = headers,
                         .region = texts[REGION],
                         .service = texts[SERVICE],
                         .date = texts[DATE],
                         .body = (const guint8 *) texts[BODY],
                         .body_length = strlen (texts[BODY]) };

  for (guint i = N_FIXED; i + 1 < fields->len; i += 2)
    {
      g_assert_cmpuint (signing.n_headers, <, MAX_HEADERS);
      headers[signing.n_headers++] = (AwsHeader){ texts[i], texts[i + 1], -1 };
    }
  g_autofree char *authorization = aws_sign (signer, &signing, keys, &error);
  g_assert_no_error (error);
  g_print ("%s\n", authorization);
}

int
main (int argc, char **argv)
{
  g_autoptr (AwsSigner) signer = aws_signer_new ();
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  char *line;

  while (g_io_channel_read_line (input, &line, NULL, NULL, NULL) == G_IO_STATUS_NORMAL)
    {
      sign_line (signer, g_strchomp (line));
      g_free (line);
    }
  return 0;
}
