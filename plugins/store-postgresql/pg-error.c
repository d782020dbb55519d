/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* PostgreSQL's error codes, and which of its messages may be shown. */
#include "pg-error.h"

#include <libkms/kms-module.h>
#include <string.h>

#define CODE_LENGTH 5

/* Codes, and classes of codes, of "Appendix A. PostgreSQL Error Codes". The first that fits counts. A message is shown
 * unless messages of that class repeat values: "invalid input syntax for type integer: …". */
static const struct
{
  const char *code;
  KmsError error;
  gboolean hides;
  const char *advice;
} codes[] = {
  { "08P01", KMS_ERROR_FAILED, FALSE, "" },
  { "08", KMS_ERROR_UNAVAILABLE, FALSE, "" },
  { "22", KMS_ERROR_FAILED, TRUE, "a value does not fit the type of its column" },
  { "25006", KMS_ERROR_NOT_AUTHORIZED, FALSE, "" },
  { "25P03", KMS_ERROR_UNAVAILABLE, FALSE, "" },
  { "26", KMS_ERROR_UNAVAILABLE, FALSE, "; does a connection pool hand out other connections for each statement?" },
  { "28", KMS_ERROR_CREDENTIALS, FALSE, "" },
  { "38", KMS_ERROR_FAILED, TRUE, "a function of the database failed" },
  { "39", KMS_ERROR_FAILED, TRUE, "a function of the database failed" },
  { "3D", KMS_ERROR_NOT_FOUND, FALSE, "" },
  { "3F", KMS_ERROR_NOT_FOUND, FALSE, "" },
  { "40002", KMS_ERROR_FAILED, FALSE, "" },
  { "40", KMS_ERROR_UNAVAILABLE, FALSE, "; try the transaction again" },
  { "42501", KMS_ERROR_NOT_AUTHORIZED, FALSE, "" },
  { "42703", KMS_ERROR_NOT_FOUND, FALSE, "" },
  { "42P01", KMS_ERROR_NOT_FOUND, FALSE, "" },
  { "53100", KMS_ERROR_QUOTA, FALSE, "; make room, then go on" },
  { "53300", KMS_ERROR_UNAVAILABLE, FALSE, "" },
  { "55006", KMS_ERROR_UNAVAILABLE, FALSE, "" },
  { "55P03", KMS_ERROR_UNAVAILABLE, FALSE, "; another program holds it: try again" },
  { "57", KMS_ERROR_UNAVAILABLE, FALSE, "" },
  { "P0", KMS_ERROR_FAILED, TRUE, "a function or a trigger of the database raised an error" },
  { "XX001", KMS_ERROR_INTEGRITY, FALSE, "" },
  { "XX002", KMS_ERROR_INTEGRITY, FALSE, "" },
  { "", KMS_ERROR_FAILED, FALSE, "" },
};

static guint
find_code (const char *code)
{
  guint i = 0;

  while (!g_str_has_prefix (code, codes[i].code))
    i++;
  return i;
}

/* libpq ends what it says with a newline, and says more in further lines. */
static char *
first_line (const char *text)
{
  return g_strchomp (g_strndup (text, strcspn (text, "\n")));
}

static gboolean
set_lost (GError **error, const char *uri, PGconn *pg)
{
  g_autofree char *line = first_line (PQerrorMessage (pg));

  g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "%s: %s", uri,
               line[0] == '\0' ? "the connection to the server was lost" : line);
  return FALSE;
}

gboolean
pg_error_set (GError **error, const char *uri, const PGresult *result, PGconn *pg)
{
  const char *code = result == NULL ? NULL : PQresultErrorField (result, PG_DIAG_SQLSTATE);

  if (code == NULL)
    return set_lost (error, uri, pg);
  guint i = find_code (code);
  if (codes[i].hides)
    g_set_error (error, KMS_ERROR, (int) codes[i].error, "%s: %s (%s)", uri, codes[i].advice, code);
  else
    g_set_error (error, KMS_ERROR, (int) codes[i].error, "%s: %s%s", uri,
                 PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY), codes[i].advice);
  return FALSE;
}

/* libpq keeps no code of a connection that failed; a verbose message has it: "FATAL:  3D000: database …". */
static char *
dup_code (const char *message)
{
  for (const char *place = strstr (message, ":  "); place != NULL; place = strstr (place + 1, ":  "))
    {
      const char *code = place + strlen (":  ");
      if (strspn (code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == CODE_LENGTH && code[CODE_LENGTH] == ':')
        return g_strndup (code, CODE_LENGTH);
    }
  return NULL;
}

gboolean
pg_error_set_connect (GError **error, const char *uri, PGconn *pg)
{
  g_autofree char *line = first_line (PQerrorMessage (pg));
  g_autofree char *code = dup_code (PQerrorMessage (pg));

  if (PQconnectionNeedsPassword (pg))
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                 "%s: the server wants a password, and there is none; put it into ~/.pgpass, or name a service", uri);
  else
    g_set_error (error, KMS_ERROR, (int) (code == NULL ? KMS_ERROR_UNAVAILABLE : codes[find_code (code)].error),
                 "%s: %s", uri, line);
  return FALSE;
}
