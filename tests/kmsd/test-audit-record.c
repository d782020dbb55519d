/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as lines: what stands in them, whatever comes from outside, and that they are read as they were written. */
#include <audit-record.h>

static char *
write_line (const AuditRecord *record)
{
  g_autoptr (GString) text = g_string_new (NULL);

  audit_record_write (record, text);
  g_string_append_c (text, '}');
  return g_strdup (text->str);
}

static AuditRecord *
whole_record (void)
{
  AuditRecord *record = audit_record_new ("decrypt", AUDIT_OUTCOME_FAILED);

  record->sequence = 17;
  record->time_usec = G_GINT64_CONSTANT (1795528242000042); /* date -u -d @1795528242 */
  record->box = g_strdup ("orders");
  record->version = g_strdup ("2");
  record->provider = g_strdup ("vault-eu");
  record->key_id = g_strdup ("vault/shop");
  record->context = g_strdup ("{\"model_id\":\"1\"}");
  record->caller = (AuditCaller){ 1001, 4711, g_strdup ("shop.service"), g_strdup ("system_u:system_r:shop_t:s0"),
                                  g_strdup ("system") };
  record->error = g_strdup ("unavailable");
  record->detail = g_strdup ("reason");
  record->duration_usec = 1234;
  record->request_id = g_strdup ("6f1c");
  record->intent = 16;
  record->items = 3;
  record->cached = TRUE;
  return record;
}

/* The form is documented in kms-audit(5), and must not change. */
static void
test_form (void)
{
  g_autoptr (AuditRecord) whole = whole_record ();
  g_autoptr (AuditRecord) bare = audit_record_new ("start", AUDIT_OUTCOME_DONE);
  g_autofree char *line = write_line (whole);

  g_assert_cmpstr (line, ==,
                   "{\"sequence\":17,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"decrypt\","
                   "\"outcome\":\"failed\",\"box\":\"orders\",\"version\":\"2\",\"provider\":\"vault-eu\","
                   "\"key_id\":\"vault/shop\",\"context\":{\"model_id\":\"1\"},\"caller\":{\"uid\":1001,\"pid\":4711,"
                   "\"unit\":\"shop.service\",\"label\":\"system_u:system_r:shop_t:s0\",\"bus\":\"system\"},"
                   "\"error\":\"unavailable\",\"detail\":\"reason\",\"duration_usec\":1234,\"request_id\":\"6f1c\","
                   "\"intent\":16,\"items\":3,\"cached\":true}");
  bare->sequence = 1;
  bare->time_usec = 0;
  g_autofree char *short_line = write_line (bare);
  g_assert_cmpstr (short_line, ==,
                   "{\"sequence\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"operation\":\"start\","
                   "\"outcome\":\"done\"}");
}

static void
test_read (void)
{
  g_autoptr (AuditRecord) whole = whole_record ();
  g_autofree char *line = write_line (whole);
  g_autoptr (GError) error = NULL;
  g_autoptr (AuditRecord) read = audit_record_parse (line, strlen (line), &error);

  g_assert_no_error (error);
  g_autofree char *again = write_line (read);
  g_assert_cmpstr (again, ==, line);
  g_autoptr (AuditRecord) copy = audit_record_copy (read);
  g_autofree char *copied = write_line (copy);
  g_assert_cmpstr (copied, ==, line);
}

static void
test_contexts (void)
{
  static const char *const members[] = { "context", "context_hmac", "context_names" };
  static const char *const values[] = { "{\"a\":\"\\\"}\"}", "\"00ff\"", "[\"a\",\"b\"]" };

  for (guint form = 0; form < N_AUDIT_CONTEXTS; form++)
    {
      g_autoptr (AuditRecord) record = audit_record_new ("encrypt", AUDIT_OUTCOME_DONE);
      record->sequence = 1;
      record->context = g_strdup (values[form]);
      record->context_form = (AuditContextPolicy) form;
      g_autofree char *line = write_line (record);
      g_autofree char *member = g_strdup_printf (",\"%s\":%s", members[form], values[form]);
      g_assert_nonnull (strstr (line, member));
      g_autoptr (AuditRecord) read = audit_record_parse (line, strlen (line), NULL);
      g_assert_cmpstr (read->context, ==, values[form]);
      g_assert_cmpint (read->context_form, ==, form);
    }
}

/* A caller chooses names; it can neither end a line nor put a member in, nor make it long. */
static void
test_hostile (void)
{
  g_autoptr (AuditRecord) record = audit_record_new ("decrypt", AUDIT_OUTCOME_REFUSED);
  g_autofree char *flood = g_strnfill (1000000, '\1');

  record->sequence = 1;
  record->box = g_strdup ("a\",\"outcome\":\"done\\\n\x7f\x1b[31m");
  record->caller.unit = g_strdup ("no UTF-8: \xff\xfe");
  char **texts[] = { &record->version, &record->provider,     &record->key_id,     &record->error,
                     &record->detail,  &record->caller.label, &record->request_id, &record->caller.bus };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup (flood);
  record->context = g_strnfill (AUDIT_MAX_CONTEXT, '1');
  g_autofree char *line = write_line (record);
  g_assert_cmpuint (strlen (line) + 100, <, AUDIT_MAX_LINE);
  g_assert_true (g_utf8_validate (line, -1, NULL));
  for (const char *p = line; *p != '\0'; p++)
    g_assert_true ((guint8) *p >= 0x20 && *p != 0x7f);
  g_autoptr (AuditRecord) read = audit_record_parse (line, strlen (line), NULL);
  g_assert_nonnull (read);
  g_assert_cmpstr (read->box, ==, record->box);
  g_assert_cmpint (read->outcome, ==, AUDIT_OUTCOME_REFUSED);
  g_assert_true (g_str_has_suffix (read->detail, "…"));
  g_assert_cmpuint (strlen (read->detail), <=, AUDIT_MAX_TEXT);
}

/* Cut between characters, not in one. */
static void
test_cut_text (void)
{
  for (guint extra = 0; extra < 8; extra++)
    {
      g_autoptr (AuditRecord) record = audit_record_new ("decrypt", AUDIT_OUTCOME_DONE);
      g_autofree char *start = g_strnfill (AUDIT_MAX_TEXT - 8 + extra, 'x');
      record->sequence = 1;
      record->detail = g_strconcat (start, "€€€€", NULL);
      g_autofree char *line = write_line (record);
      g_autoptr (AuditRecord) read = audit_record_parse (line, strlen (line), NULL);
      g_assert_nonnull (read);
      g_assert_true (g_utf8_validate (read->detail, -1, NULL));
      g_assert_true (g_str_has_suffix (read->detail, "…"));
      g_assert_null (strstr (read->detail, "\xef\xbf\xbd"));
    }
}

static const char *const no_records[] = {
  "",
  "{}",
  "null",
  "{\"sequence\":1}",
  "{\"sequence\":0,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"done\"}",
  "{\"sequence\":-1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"done\"}",
  "{\"sequence\":1,\"time\":\"2026-11-24 13:50:42\",\"operation\":\"x\",\"outcome\":\"done\"}",
  "{\"sequence\":1,\"time\":\"2026-11-31T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"done\"}",
  "{\"sequence\":1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"well\"}",
  "{\"sequence\":1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":7,\"outcome\":\"done\"}",
  "{\"sequence\":1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"done\"} x",
  "{\"sequence\":1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\",\"outcome\":\"done\",\"caller\":7}",
};

static void
test_no_records (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (no_records); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (AuditRecord) record = audit_record_parse (no_records[i], strlen (no_records[i]), &error);
      if (record != NULL)
        g_error ("taken for a record: %s", no_records[i]);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

/* A later version may write more. */
static void
test_unknown_members (void)
{
  static const char line[] = "{\"sequence\":1,\"time\":\"2026-11-24T13:50:42.000042Z\",\"operation\":\"x\","
                             "\"outcome\":\"done\",\"new\":{\"a\":[1,{}]},\"caller\":{\"uid\":7,\"new\":[]}}";
  g_autoptr (AuditRecord) record = audit_record_parse (line, strlen (line), NULL);

  g_assert_nonnull (record);
  g_assert_cmpint (record->caller.uid, ==, 7);
}

static const struct
{
  int code;
  AuditOutcome outcome;
  const char *id;
} errors[] = {
  { KMS_ERROR_LOCKED_DOWN, AUDIT_OUTCOME_REFUSED, "locked-down" },
  { KMS_ERROR_NOT_AUTHORIZED, AUDIT_OUTCOME_REFUSED, "not-authorized" },
  { KMS_ERROR_NOT_AUTHORIZED_DISMISSED, AUDIT_OUTCOME_REFUSED, "not-authorized-dismissed" },
  { KMS_ERROR_QUOTA, AUDIT_OUTCOME_REFUSED, "quota" },
  { KMS_ERROR_INVALID_CIPHERTEXT, AUDIT_OUTCOME_FAILED, "invalid-ciphertext" },
  { KMS_ERROR_UNAVAILABLE, AUDIT_OUTCOME_FAILED, "unavailable" },
};

/* The message may quote what the caller sent, so it never gets there. */
static void
test_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autoptr (AuditRecord) record = audit_record_new ("decrypt", AUDIT_OUTCOME_DONE);
      g_autoptr (GError) error = g_error_new (KMS_ERROR, errors[i].code, "a message with secrets");
      kms_error_set_service (error, 503, "Sealed", "6f1c");
      audit_record_set_error (record, error);
      g_assert_cmpint (record->outcome, ==, errors[i].outcome);
      g_assert_cmpstr (record->error, ==, errors[i].id);
      g_assert_cmpstr (record->request_id, ==, "6f1c");
      g_autofree char *line = write_line (record);
      g_assert_null (strstr (line, "secrets"));
    }
  g_autoptr (AuditRecord) record = audit_record_new ("decrypt", AUDIT_OUTCOME_FAILED);
  g_autoptr (GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "gone");
  audit_record_set_error (record, cancelled);
  g_assert_cmpint (record->outcome, ==, AUDIT_OUTCOME_FAILED);
  g_assert_cmpstr (record->error, ==, "cancelled");
  audit_record_set_error (record, NULL);
  g_assert_cmpint (record->outcome, ==, AUDIT_OUTCOME_DONE);
  g_assert_null (record->error);
}

static void
test_outcome_of_intent (void)
{
  g_autoptr (AuditRecord) intent = whole_record ();
  g_autoptr (AuditRecord) outcome = audit_record_new_outcome (intent, AUDIT_OUTCOME_DONE);

  g_assert_cmpuint (outcome->intent, ==, 17);
  g_assert_cmpuint (outcome->sequence, ==, 0);
  g_assert_cmpint (outcome->time_usec, ==, 0);
  g_assert_cmpstr (outcome->box, ==, "orders");
  g_assert_cmpstr (outcome->caller.unit, ==, "shop.service");
  g_assert_null (outcome->error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/audit-record/form", test_form);
  g_test_add_func ("/audit-record/read", test_read);
  g_test_add_func ("/audit-record/contexts", test_contexts);
  g_test_add_func ("/audit-record/hostile", test_hostile);
  g_test_add_func ("/audit-record/cut-text", test_cut_text);
  g_test_add_func ("/audit-record/no-records", test_no_records);
  g_test_add_func ("/audit-record/unknown-members", test_unknown_members);
  g_test_add_func ("/audit-record/errors", test_errors);
  g_test_add_func ("/audit-record/outcome-of-intent", test_outcome_of_intent);
  return g_test_run ();
}
