/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A second port of kms-test-aws, where tests set up the double. Bodies are JSON:
 *
 *   POST /test/access-key   {"id", "secret", "policy": a text}
 *   POST /test/key          {"alias", "region", "spec", "multi_region"}   → {"arn"}
 *   POST /test/move-alias   {"alias", "arn"}
 *   POST /test/key-state    {"arn", "state"}
 *   POST /test/page-size    {"size"}
 *   POST /test/quota        {"keys"}
 *   POST /test/void         {"kind": 0 for nothing, 1 for {}, 2 for null}
 *   POST /test/answer       {"operation", "status", "code", "message", "error_type", "body", "times"}
 *   POST /test/no-answers
 *   POST /test/advance      {"seconds"}
 *   POST /test/role         {"name", "policy", "external_id", "web_identity", "seconds"}
 *   POST /test/container    {"authorization", "policy", "seconds", "expired_seconds"}
 *   POST /test/imds         {"flags": a number, "region", "policy", "seconds", "expired_seconds"}
 *   POST /test/sso          {"token", "account", "role", "policy", "seconds"}
 *   POST /test/sso-refresh  {"client_id", "client_secret", "refresh_token", "old", "new"}
 *   POST /test/faults       {"kind", "path", "status", "headers", "body", "delay_ms", "times"}
 *   POST /test/no-faults
 *   GET /test/log           → {"entries": [{"operation", "access_key_id", "region", "key_id", "context", "status", "code"}]}
 *   POST /test/no-log */
#pragma once

#include "aws-double.h"

G_BEGIN_DECLS

typedef struct _AwsControl AwsControl;

AwsControl *aws_control_new (AwsDouble *aws, TestServer *server);
void aws_control_free (AwsControl *self);

/* "http://127.0.0.1:PORT" */
const char *aws_control_get_address (const AwsControl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsControl, aws_control_free)

G_END_DECLS
