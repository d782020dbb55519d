/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions of the AWS double, which every service that hands out credentials makes alike. */
#include "aws-double-state.h"

AwsDoublePlace *
aws_double_place_new (const AwsDoubleSession *session)
{
  AwsDoublePlace *self = g_new0 (AwsDoublePlace, 1);

  self->seconds = 3600;
  if (session == NULL)
    return self;
  self->policy = g_strdup (session->policy);
  self->seconds = session->seconds != 0 ? session->seconds : 3600;
  self->expired_seconds = session->expired_seconds;
  return self;
}

void
aws_double_place_free (AwsDoublePlace *self)
{
  g_free (self->policy);
  g_free (self->external_id);
  g_free (self->web_identity);
  g_free (self->authorization);
  g_free (self);
}

AwsDoublePlace *
aws_double_place_copy (const AwsDoublePlace *self)
{
  AwsDoubleSession session = { self->policy, self->seconds, self->expired_seconds };

  return aws_double_place_new (&session);
}

const AwsDoubleIdentity *
aws_double_place_issue (AwsDouble *aws, const AwsDoublePlace *place, const char *principal, guint seconds)
{
  AwsDoubleIdentity *identity = g_new0 (AwsDoubleIdentity, 1);
  g_autofree char *name = aws_double_random_name (8);
  g_autofree char *big = g_ascii_strup (name, -1);
  g_autofree char *token = aws_double_random_name (150);
  gint64 start = aws_double_now (aws) - place->expired_seconds;

  identity->id = g_strconcat ("ASIA", big, NULL);
  identity->secret = aws_double_random_name (20);
  /* With what base64 has and what must be escaped in some places. */
  identity->token = g_strconcat ("IQoJ+/", token, "==", NULL);
  identity->expires_at = place->expired_seconds != 0 ? start : start + (seconds != 0 ? seconds : place->seconds);
  identity->policy = aws_double_policy_new (place->policy);
  identity->principal = g_strdup (principal);
  g_hash_table_replace (aws->identities, identity->id, identity);
  return identity;
}

char *
aws_double_add_session (AwsDouble *self, const AwsDoubleSession *session, char **secret, char **token)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoublePlace *place = aws_double_place_new (session);
  const AwsDoubleIdentity *identity =
    aws_double_place_issue (self, place, "arn:aws:sts::" AWS_DOUBLE_ACCOUNT ":assumed-role/test/test", 0);

  aws_double_place_free (place);
  *secret = g_strdup (identity->secret);
  *token = g_strdup (identity->token);
  return g_strdup (identity->id);
}
