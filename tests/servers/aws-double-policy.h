/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies of the AWS double: what IAM's JSON says of an action. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _AwsDoublePolicy AwsDoublePolicy;

/* NULL for NULL. What it does not understand is a failed assertion: a policy must never allow more here than it would there. */
AwsDoublePolicy *aws_double_policy_new (const char *text);
void aws_double_policy_free (AwsDoublePolicy *self);

typedef struct
{
  const char *action;   /* "kms:Encrypt" */
  const char *resource; /* an ARN */
  const char *alias;    /* "alias/NAME" as it stands in the request; nullable */
  GHashTable *aliases;  /* all that the key has; nullable */
  JsonObject *context;  /* nullable */
} AwsDoubleAct;

/* A policy of NULL allows everything. */
gboolean aws_double_policy_allows (const AwsDoublePolicy *self, const AwsDoubleAct *act);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsDoublePolicy, aws_double_policy_free)

G_END_DECLS
