/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys, and from when on new ones are wanted. */
#include "aws-keys.h"

/* Before the end: from then on somebody fetches new ones, and from then on nobody uses these any more. */
#define REFRESH_BEFORE (15 * 60 * G_USEC_PER_SEC)
#define MARGIN (30 * G_USEC_PER_SEC)

AwsKeys *
aws_keys_new (const char *access_key_id, KmsSecret *secret, KmsSecret *token, gint64 expires_at, const char *source)
{
  AwsKeys *self = g_new0 (AwsKeys, 1);

  g_atomic_ref_count_init (&self->refs);
  self->access_key_id = g_strdup (access_key_id);
  self->secret = kms_secret_ref (secret);
  self->token = token != NULL ? kms_secret_ref (token) : NULL;
  self->expires_at = expires_at;
  self->source = g_strdup (source);
  return self;
}

AwsKeys *
aws_keys_ref (AwsKeys *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
aws_keys_unref (AwsKeys *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->access_key_id);
  kms_secret_unref (self->secret);
  g_clear_pointer (&self->token, kms_secret_unref);
  g_free (self->source);
  g_free (self);
}

static void
free_keys (gpointer keys)
{
  aws_keys_unref (keys);
}

/* Sessions may be shorter than a quarter of an hour: then two thirds of what is left. */
KmsHttpCredentials *
aws_keys_make_credentials (AwsKeys *self, gint64 now)
{
  KmsHttpCredentials *credentials = kms_http_credentials_new (aws_keys_ref (self), free_keys);
  gint64 here = g_get_monotonic_time ();
  gint64 left = MAX (self->expires_at - now, 0);

  if (self->look_again > 0)
    kms_http_credentials_set_times (credentials, here + self->look_again, here + self->look_again + REFRESH_BEFORE);
  if (self->expires_at == 0 || self->look_again > 0)
    return credentials;
  gint64 refresh_in = left > 2 * REFRESH_BEFORE ? left - REFRESH_BEFORE : left / 3 * 2;
  kms_http_credentials_set_times (credentials, here + refresh_in, here + MAX (left - MARGIN, left / 6 * 5));
  return credentials;
}
