/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the file in locked memory, and writes it as a whole: another client may be reading it. */
#include "aws-sso-cache.h"

#include "aws-answer.h"
#include "aws-key-document.h"
#include "aws-secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE 65536

void
aws_sso_token_free (AwsSsoToken *self)
{
  g_clear_pointer (&self->access_token, kms_secret_unref);
  g_clear_pointer (&self->refresh_token, kms_secret_unref);
  g_clear_pointer (&self->client_secret, kms_secret_unref);
  g_free (self->path);
  g_free (self->client_id);
  g_free (self->start_url);
  g_free (self->region);
  g_free (self->expires_at_text);
  g_free (self->registration_expires_at_text);
  g_free (self);
}

/* Members by their names in the file: a secret, or a text. */
static const struct
{
  const char *name;
  gboolean is_secret;
  gsize field;
} members[] = {
  { "startUrl", FALSE, G_STRUCT_OFFSET (AwsSsoToken, start_url) },
  { "region", FALSE, G_STRUCT_OFFSET (AwsSsoToken, region) },
  { "accessToken", TRUE, G_STRUCT_OFFSET (AwsSsoToken, access_token) },
  { "expiresAt", FALSE, G_STRUCT_OFFSET (AwsSsoToken, expires_at_text) },
  { "clientId", FALSE, G_STRUCT_OFFSET (AwsSsoToken, client_id) },
  { "clientSecret", TRUE, G_STRUCT_OFFSET (AwsSsoToken, client_secret) },
  { "registrationExpiresAt", FALSE, G_STRUCT_OFFSET (AwsSsoToken, registration_expires_at_text) },
  { "refreshToken", TRUE, G_STRUCT_OFFSET (AwsSsoToken, refresh_token) },
};

static gboolean
may_be_header (KmsSecret *token)
{
  gsize length = 0;
  const char *text = token != NULL ? (const char *) kms_secret_get_data (token, &length) : NULL;
  return text != NULL && aws_is_plain_text (text, length, MAX_FILE);
}

static gboolean
parse_token (AwsSsoToken *self, KmsSecret *content, GCancellable *cancellable, GError **error)
{
  AwsField fields[G_N_ELEMENTS (members)] = { { NULL } };
  gsize length;
  guint8 *bytes;
  const guint8 *data = kms_secret_get_data (content, &length);
  g_autoptr (KmsSecret) copy = aws_secret_dup_writable (data, length, &bytes, error);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    fields[i].name = members[i].name;
  if (copy == NULL)
    return FALSE;
  gboolean good = aws_answer_read (bytes, length, fields, G_N_ELEMENTS (fields));
  for (guint i = 0; good && i < G_N_ELEMENTS (members); i++)
    if (fields[i].text != NULL && members[i].is_secret)
      G_STRUCT_MEMBER (KmsSecret *, self, members[i].field) =
        kms_secret_new ((const guint8 *) fields[i].text, fields[i].length);
    else if (fields[i].text != NULL)
      G_STRUCT_MEMBER (char *, self, members[i].field) = g_strdup (fields[i].text);
  if (good && may_be_header (self->access_token) && self->expires_at_text != NULL
      && aws_parse_time (self->expires_at_text, &self->expires_at))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" holds no token of single sign-on; run: aws sso login",
               self->path);
  return FALSE;
}

AwsSsoToken *
aws_sso_cache_read (const char *home, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsSsoToken) self = g_new0 (AwsSsoToken, 1);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, name, -1);
  g_autofree char *file = g_strconcat (digest, ".json", NULL);
  g_autoptr (KmsSecret) content = NULL;

  self->path = g_build_filename (home, ".aws", "sso", "cache", file, NULL);
  if (!aws_secret_file_read (self->path, MAX_FILE, &content, cancellable, error))
    return NULL;
  if (content == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   "nobody is logged in: \"%s\" does not exist; run: aws sso login", self->path);
      return NULL;
    }
  if (!parse_token (self, content, cancellable, error))
    return NULL;
  if (self->registration_expires_at_text != NULL)
    aws_parse_time (self->registration_expires_at_text, &self->registration_expires_at);
  return g_steal_pointer (&self);
}

static void
append_member (KmsHttpBuffer *text, guint i, const AwsSsoToken *self)
{
  gconstpointer value = G_STRUCT_MEMBER (gconstpointer, self, members[i].field);
  gsize length;
  gboolean first = TRUE;

  kms_http_buffer_get_data (text, &length);
  first = length <= 1;
  if (value == NULL)
    return;
  kms_http_buffer_append_text (text, first ? "" : ", ");
  kms_http_buffer_append_json_string (text, members[i].name, -1);
  kms_http_buffer_append_text (text, ": ");
  if (!members[i].is_secret)
    {
      kms_http_buffer_append_json_string (text, value, -1);
      return;
    }
  const char *secret = (const char *) kms_secret_get_data ((KmsSecret *) value, &length);
  kms_http_buffer_append_json_string (text, secret, (gssize) length);
}

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      ssize_t n = write (fd, data, length);
      if (n < 0 && errno != EINTR)
        return FALSE;
      data += MAX (n, 0);
      length -= (gsize) MAX (n, 0);
    }
  return fsync (fd) == 0;
}

gboolean
aws_sso_cache_write (const AwsSsoToken *self, GError **error)
{
  g_autoptr (KmsHttpBuffer) text = kms_http_buffer_new ();
  g_autofree char *temporary = g_strconcat (self->path, ".XXXXXX", NULL);
  gsize length;

  kms_http_buffer_append (text, "{", 1);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    append_member (text, i, self);
  kms_http_buffer_append (text, "}", 1);
  const guint8 *data = kms_http_buffer_get_data (text, &length);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);
  gboolean written = fd >= 0 && write_all (fd, data, length);
  if (fd >= 0)
    close (fd);
  if (written && g_rename (temporary, self->path) == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "\"%s\" can't be written: %s", self->path, g_strerror (errno));
  if (fd >= 0)
    g_unlink (temporary);
  return FALSE;
}
