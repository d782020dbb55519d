/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The variables that AWS's own clients read: read once, when the provider opens. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct _AwsEnvironment AwsEnvironment;

/* What the variable says, or NULL; the caller frees it. */
typedef char *(*AwsReadVariableFunc) (const char *variable, gpointer data);

AwsEnvironment *aws_environment_new (AwsReadVariableFunc read, gpointer data);
/* What the provider may read of the environment: nothing, perhaps. */
AwsEnvironment *aws_environment_new_for_provider (KmsProvider *provider);
void aws_environment_free (AwsEnvironment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsEnvironment, aws_environment_free)

/* NULL where it is not set, or empty, which is the same to AWS's clients. Every name must stand in the table. */
const char *aws_environment_get (const AwsEnvironment *self, const char *variable);
/* AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN), AWS_CONTAINER_AUTHORIZATION_TOKEN; borrowed. */
KmsSecret *aws_environment_get_secret (const AwsEnvironment *self, const char *variable);

/* "true" or "false" in any case; `value` is left alone where the variable is not set. */
gboolean aws_environment_get_boolean (const AwsEnvironment *self, const char *variable, gboolean *value,
                                      GError **error);
gboolean aws_environment_get_number (const AwsEnvironment *self, const char *variable, gint64 min, gint64 max,
                                     gint64 *value, GError **error);

/* NULL where there is none, or it must not be looked at. */
const char *aws_environment_get_home (const AwsEnvironment *self);

/* The same for a profile's key, which is `where` for people. */
gboolean aws_parse_boolean (const char *text, const char *where, gboolean *value, GError **error);

G_END_DECLS
