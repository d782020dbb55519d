/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of the AWS double that change aliases. */
#include "aws-double-call.h"

#include <string.h>

#define RESERVED "alias/aws/"

/* The name that the request gives, for which the action is allowed. NULL after a refusal. */
static const char *
get_name (AwsDoubleCall *call, const char *action)
{
  const char *name = aws_double_call_get_text (call, "AliasName");
  g_autofree char *arn = g_strdup_printf ("arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":%s", call->region, name);

  if (name == NULL || strlen (name) > 256 || name[0] == '\0')
    aws_double_call_refuse_value (call, "aliasName", "Member must have length between 1 and 256, inclusive");
  else if (!g_str_has_prefix (name, "alias/"))
    aws_double_call_fail (call, "ValidationException",
                          "Invalid identifier: Alias must start with the prefix \"alias/\".");
  else if (!g_regex_match_simple ("^[a-zA-Z0-9:/_-]+$", name, 0, 0))
    aws_double_call_refuse_value (call, "aliasName",
                                  "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$");
  else if (strchr (name, ':') != NULL)
    aws_double_call_fail (call, "InvalidAliasNameException", "Alias contains invalid characters.");
  else if (g_str_has_prefix (name, RESERVED))
    aws_double_call_fail (call, "NotAuthorizedException", "alias/aws/ is reserved.");
  else if (aws_double_call_check_action (call, action, arn))
    return name;
  return NULL;
}

gboolean
aws_double_create_alias (AwsDoubleCall *call)
{
  const char *name = get_name (call, "kms:CreateAlias");

  if (name == NULL)
    return FALSE;
  AwsDoubleKey *key = aws_double_call_find_key (call, "TargetKeyId", FALSE, "kms:CreateAlias", NULL);
  if (key == NULL)
    return FALSE;
  if (g_str_equal (key->state, "PendingDeletion"))
    return aws_double_call_fail (call, "KMSInvalidStateException", "%s is pending deletion.", key->arn);
  if (aws_double_find_alias_of (call->aws, call->region, name) != NULL)
    return aws_double_call_fail (call, "AlreadyExistsException",
                                 "An alias with the name arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":%s already exists",
                                 call->region, name);
  aws_double_put_alias (call->aws, call->region, name, key->arn);
  return TRUE;
}

static AwsDoubleAlias *
find (AwsDoubleCall *call, const char *action)
{
  const char *name = get_name (call, action);
  AwsDoubleAlias *alias = name != NULL ? aws_double_find_alias_of (call->aws, call->region, name) : NULL;

  if (name != NULL && alias == NULL)
    aws_double_call_fail (call, "NotFoundException", "Alias arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":%s is not found.",
                          call->region, name);
  return alias;
}

gboolean
aws_double_update_alias (AwsDoubleCall *call)
{
  AwsDoubleAlias *alias = find (call, "kms:UpdateAlias");

  if (alias == NULL)
    return FALSE;
  AwsDoubleKey *key = aws_double_call_find_key (call, "TargetKeyId", FALSE, "kms:UpdateAlias", NULL);
  if (key == NULL)
    return FALSE;
  g_free (alias->target);
  alias->target = g_strdup (key->arn);
  return TRUE;
}

gboolean
aws_double_delete_alias (AwsDoubleCall *call)
{
  AwsDoubleAlias *alias = find (call, "kms:DeleteAlias");

  if (alias == NULL)
    return FALSE;
  aws_double_remove_alias (call->aws, alias);
  return TRUE;
}
