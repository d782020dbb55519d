/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the KMS of the AWS double: their members, the key they name, and their answers. */
#pragma once

#include "aws-double-key.h"
#include "aws-double-signature.h"

G_BEGIN_DECLS

typedef struct
{
  AwsDouble *aws;
  const AwsDoubleIdentity *identity;
  const char *region;
  const char *operation;
  JsonObject *body;
  AwsDoubleEntry *entry;
  JsonObject *answer; /* NULL: nothing to say */
  char *code;         /* NULL: it went well */
  char *message;      /* nullable */
} AwsDoubleCall;

/* They return FALSE, for the caller to return. */
gboolean aws_double_call_fail (AwsDoubleCall *self, const char *code, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean aws_double_call_refuse_value (AwsDoubleCall *self, const char *member, const char *constraint);

/* NULL where it is not there; of the wrong type it was refused before. */
const char *aws_double_call_get_text (const AwsDoubleCall *self, const char *member);
gint64 aws_double_call_get_number (const AwsDoubleCall *self, const char *member, gint64 otherwise);
/* An object; FALSE after a refusal. */
gboolean aws_double_call_get_context (AwsDoubleCall *self, const char *member, JsonObject **context);
/* Bytes of base64 in these limits; NULL after a refusal. */
GBytes *aws_double_call_get_blob (AwsDoubleCall *self, const char *member, gsize min, gsize max);

/* Makes the answer if there is none. */
JsonObject *aws_double_call_get_answer (AwsDoubleCall *self);
void aws_double_call_set_blob (AwsDoubleCall *self, const char *member, const guint8 *data, gsize length);

/* An id, an alias or the ARN of either; alias is what stands there, if it is one. NULL after a refusal. */
AwsDoubleKey *aws_double_call_find_key (AwsDoubleCall *self, const char *member, gboolean takes_alias,
                                        const char *action, JsonObject *context);
gboolean aws_double_call_is_allowed (AwsDoubleCall *self, const AwsDoubleKey *key, const char *alias,
                                     const char *action, JsonObject *context);
/* For what is about no key. */
gboolean aws_double_call_check_action (AwsDoubleCall *self, const char *action, const char *resource);
/* That it may be used. */
gboolean aws_double_call_check_state (AwsDoubleCall *self, const AwsDoubleKey *key);

/* aws-double-use.c, aws-double-manage.c, aws-double-aliases.c, aws-double-lists.c: FALSE after a refusal. */
gboolean aws_double_encrypt (AwsDoubleCall *call);
gboolean aws_double_decrypt (AwsDoubleCall *call);
gboolean aws_double_reencrypt (AwsDoubleCall *call);
gboolean aws_double_generate_data_key (AwsDoubleCall *call);
gboolean aws_double_generate_data_key_without_plaintext (AwsDoubleCall *call);
gboolean aws_double_create (AwsDoubleCall *call);
gboolean aws_double_describe (AwsDoubleCall *call);
gboolean aws_double_enable (AwsDoubleCall *call);
gboolean aws_double_disable (AwsDoubleCall *call);
gboolean aws_double_schedule_deletion (AwsDoubleCall *call);
gboolean aws_double_cancel_deletion (AwsDoubleCall *call);
gboolean aws_double_enable_rotation (AwsDoubleCall *call);
gboolean aws_double_disable_rotation (AwsDoubleCall *call);
gboolean aws_double_get_rotation (AwsDoubleCall *call);
gboolean aws_double_rotate_on_demand (AwsDoubleCall *call);
gboolean aws_double_update_description (AwsDoubleCall *call);
gboolean aws_double_tag (AwsDoubleCall *call);
gboolean aws_double_untag (AwsDoubleCall *call);
gboolean aws_double_create_alias (AwsDoubleCall *call);
gboolean aws_double_update_alias (AwsDoubleCall *call);
gboolean aws_double_delete_alias (AwsDoubleCall *call);
gboolean aws_double_list_keys (AwsDoubleCall *call);
gboolean aws_double_list_aliases (AwsDoubleCall *call);
gboolean aws_double_list_tags (AwsDoubleCall *call);

G_END_DECLS
