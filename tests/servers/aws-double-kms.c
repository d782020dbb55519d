/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door of the AWS double's KMS: who asks, what for, and the form of the answer. */
#include "aws-double-call.h"

#include <string.h>

#define TARGET "TrentService."
#define TYPE "application/x-amz-json-1.1"

/* The members that a request may have; a real one ignores others, and a typing error in a client goes unseen there. */
static const struct
{
  const char *name;
  gboolean (*run) (AwsDoubleCall *call);
  const char *members;
} operations[] = {
  { "Encrypt", aws_double_encrypt, "KeyId Plaintext EncryptionContext EncryptionAlgorithm GrantTokens DryRun" },
  { "Decrypt", aws_double_decrypt,
    "CiphertextBlob EncryptionContext KeyId EncryptionAlgorithm GrantTokens DryRun Recipient" },
  { "ReEncrypt", aws_double_reencrypt,
    "CiphertextBlob SourceKeyId SourceEncryptionContext SourceEncryptionAlgorithm DestinationKeyId "
    "DestinationEncryptionContext DestinationEncryptionAlgorithm GrantTokens DryRun" },
  { "GenerateDataKey", aws_double_generate_data_key,
    "KeyId NumberOfBytes KeySpec EncryptionContext GrantTokens DryRun Recipient" },
  { "GenerateDataKeyWithoutPlaintext", aws_double_generate_data_key_without_plaintext,
    "KeyId NumberOfBytes KeySpec EncryptionContext GrantTokens DryRun" },
  { "DescribeKey", aws_double_describe, "KeyId GrantTokens" },
  { "ListKeys", aws_double_list_keys, "Limit Marker" },
  { "ListAliases", aws_double_list_aliases, "KeyId Limit Marker" },
  { "ListResourceTags", aws_double_list_tags, "KeyId Limit Marker" },
  { "CreateKey", aws_double_create,
    "Description KeyUsage KeySpec Origin MultiRegion Policy Tags BypassPolicyLockoutSafetyCheck" },
  { "CreateAlias", aws_double_create_alias, "AliasName TargetKeyId" },
  { "UpdateAlias", aws_double_update_alias, "AliasName TargetKeyId" },
  { "DeleteAlias", aws_double_delete_alias, "AliasName" },
  { "EnableKeyRotation", aws_double_enable_rotation, "KeyId RotationPeriodInDays" },
  { "DisableKeyRotation", aws_double_disable_rotation, "KeyId" },
  { "RotateKeyOnDemand", aws_double_rotate_on_demand, "KeyId" },
  { "GetKeyRotationStatus", aws_double_get_rotation, "KeyId" },
  { "EnableKey", aws_double_enable, "KeyId" },
  { "DisableKey", aws_double_disable, "KeyId" },
  { "ScheduleKeyDeletion", aws_double_schedule_deletion, "KeyId PendingWindowInDays" },
  { "CancelKeyDeletion", aws_double_cancel_deletion, "KeyId" },
  { "UpdateKeyDescription", aws_double_update_description, "KeyId Description" },
  { "TagResource", aws_double_tag, "KeyId Tags" },
  { "UntagResource", aws_double_untag, "KeyId TagKeys" },
};

void
aws_double_script_free (AwsDoubleScript *self)
{
  g_free ((char *) self->answer.operation);
  g_free ((char *) self->answer.code);
  g_free ((char *) self->answer.message);
  g_free ((char *) self->answer.error_type);
  g_free ((char *) self->answer.body);
  g_free (self);
}

void
aws_double_add_answer (AwsDouble *self, const AwsDoubleAnswer *answer, guint times)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleScript *script = g_new0 (AwsDoubleScript, 1);

  script->answer.operation = g_strdup (answer->operation);
  script->answer.status = answer->status != 0 ? answer->status : 400;
  script->answer.code = g_strdup (answer->code);
  script->answer.message = g_strdup (answer->message);
  script->answer.error_type = g_strdup (answer->error_type);
  script->answer.body = g_strdup (answer->body);
  script->times = times;
  g_ptr_array_add (self->answers, script);
}

void
aws_double_clear_answers (AwsDouble *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_set_size (self->answers, 0);
}

void
aws_double_set_void (AwsDouble *self, AwsDoubleVoid kind)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->void_kind = kind;
}

static void
set_body (TestResponse *response, guint status, const char *text)
{
  g_autofree char *id = g_uuid_string_random ();

  response->status = status;
  g_byte_array_append (response->body, (const guint8 *) text, (guint) strlen (text));
  test_response_add_header (response, "Content-Type", TYPE);
  test_response_add_header (response, "x-amzn-RequestId", id);
}

static char *
write_object (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return json_to_string (node, FALSE);
}

static char *
make_error (const char *code, const char *message)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "__type", code);
  if (message != NULL)
    json_object_set_string_member (object, "message", message);
  return write_object (object);
}

static void
answer_error (AwsDoubleEntry *entry, TestResponse *response, guint status, const char *code, const char *message)
{
  g_autofree char *text = make_error (code, message);

  entry->status = status;
  entry->code = g_strdup (code);
  set_body (response, status, text);
}

/* TRUE if an answer was told. */
static gboolean
answer_as_told (AwsDouble *aws, AwsDoubleEntry *entry, TestResponse *response)
{
  for (guint i = 0; i < aws->answers->len; i++)
    {
      AwsDoubleScript *script = aws->answers->pdata[i];
      const AwsDoubleAnswer *answer = &script->answer;
      if (answer->operation != NULL && !g_str_equal (answer->operation, entry->operation))
        continue;
      g_autofree char *text = answer->body != NULL ? g_strdup (answer->body)
                                                   : make_error (answer->code, answer->message);
      entry->status = answer->status;
      entry->code = g_strdup (answer->code);
      set_body (response, answer->status, text);
      if (answer->error_type != NULL)
        test_response_add_header (response, "x-amzn-errortype", answer->error_type);
      if (script->times != 0 && --script->times == 0)
        g_ptr_array_remove_index (aws->answers, i);
      return TRUE;
    }
  return FALSE;
}

/* NULL after a refusal. */
static JsonObject *
read_body (AwsDoubleCall *call, const TestRequest *request, const char *members)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  if (text == NULL || !g_utf8_validate_len (text, length, NULL)
      || !json_parser_load_from_data (parser, text, (gssize) length, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    {
      aws_double_call_fail (call, "SerializationException", "The body is no object of JSON");
      return NULL;
    }
  JsonObject *body = json_node_get_object (json_parser_get_root (parser));
  g_auto (GStrv) known = g_strsplit (members, " ", -1);
  g_autoptr (GList) names = json_object_get_members (body);
  for (GList *at = names; at != NULL; at = at->next)
    if (!g_strv_contains ((const char *const *) known, at->data))
      {
        aws_double_call_fail (call, "SerializationException", "%s has no member %s", call->operation,
                              (const char *) at->data);
        return NULL;
      }
  return json_object_ref (body);
}

static void
note (AwsDoubleCall *call)
{
  static const char *const keys[] = { "KeyId", "DestinationKeyId", "TargetKeyId" };
  static const char *const contexts[] = { "EncryptionContext", "SourceEncryptionContext" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys) && call->entry->key_id == NULL; i++)
    call->entry->key_id = g_strdup (aws_double_call_get_text (call, keys[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (contexts) && call->entry->context == NULL; i++)
    if (json_object_has_member (call->body, contexts[i])
        && JSON_NODE_HOLDS_OBJECT (json_object_get_member (call->body, contexts[i])))
      call->entry->context = write_object (json_object_get_object_member (call->body, contexts[i]));
}

static void
run (AwsDoubleCall *call, const TestRequest *request)
{
  const char *type = test_request_get_header (request, "Content-Type");

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      if (!g_str_equal (operations[i].name, call->operation) || g_strcmp0 (type, TYPE) != 0)
        continue;
      call->body = read_body (call, request, operations[i].members);
      if (call->body != NULL)
        {
          note (call);
          operations[i].run (call);
        }
      return;
    }
  aws_double_call_fail (call, "UnknownOperationException", NULL);
}

static void
answer (AwsDoubleCall *call, TestResponse *response)
{
  static const char *const voids[] = {
    [AWS_DOUBLE_VOID_EMPTY] = "",
    [AWS_DOUBLE_VOID_OBJECT] = "{}",
    [AWS_DOUBLE_VOID_NULL] = "null",
  };

  if (call->code != NULL)
    {
      answer_error (call->entry, response, 400, call->code, call->message);
      return;
    }
  g_autofree char *text = call->answer != NULL ? write_object (call->answer) : NULL;
  set_body (response, 200, text != NULL ? text : voids[call->aws->void_kind]);
}

static void
call_clear (AwsDoubleCall *self)
{
  g_clear_pointer (&self->body, json_object_unref);
  g_clear_pointer (&self->answer, json_object_unref);
  g_free (self->code);
  g_free (self->message);
}

gboolean
aws_double_kms_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  const char *target = test_request_get_header (request, "X-Amz-Target");
  g_auto (AwsDoubleSigner) signer = { NULL };
  AwsDoubleRefusal refusal = { NULL };

  if (target == NULL || !g_str_has_prefix (target, TARGET) || !g_str_equal (request->method, "POST"))
    return FALSE;
  AwsDoubleEntry *entry = aws_double_add_entry (aws, target + strlen (TARGET));
  if (!aws_double_check_signature (aws, request, "kms", &signer, &refusal))
    {
      answer_error (entry, response, 400, refusal.code, refusal.message);
      g_free (refusal.message);
      return TRUE;
    }
  entry->access_key_id = g_strdup (signer.identity->id);
  entry->region = g_strdup (signer.region);
  if (answer_as_told (aws, entry, response))
    return TRUE;
  AwsDoubleCall call = {
    .aws = aws, .identity = signer.identity, .region = signer.region, .operation = entry->operation, .entry = entry
  };
  run (&call, request);
  answer (&call, response);
  call_clear (&call);
  return TRUE;
}
