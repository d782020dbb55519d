/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What looks at what callers send, and counts it: quotas, options, contexts, frames; and who is at a socket. */
#include <byte-strings.h>
#include <caller.h>
#include <context-options.h>
#include <frames.h>
#include <options.h>
#include <quota.h>
#include <readiness.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_quotas (void)
{
  g_autoptr (Quotas) quotas = quotas_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < QUOTA_PIPES; i++)
    g_assert_true (quotas_take (quotas, 7, QUOTA_KIND_PIPE, NULL));
  g_assert_false (quotas_take (quotas, 7, QUOTA_KIND_PIPE, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_QUOTA);
  g_assert_nonnull (strstr (error->message, "uid 7"));
  /* Other things, and other users, are not concerned. */
  g_assert_true (quotas_take (quotas, 7, QUOTA_KIND_CALL, NULL));
  g_assert_true (quotas_take (quotas, 0, QUOTA_KIND_PIPE, NULL));
  g_assert_true (quotas_take (quotas, G_MAXUINT32 - 1, QUOTA_KIND_PIPE, NULL));
  quotas_give_back (quotas, 7, QUOTA_KIND_PIPE);
  g_assert_true (quotas_take (quotas, 7, QUOTA_KIND_PIPE, NULL));
  for (guint i = 0; i < QUOTA_PIPES; i++)
    quotas_give_back (quotas, 7, QUOTA_KIND_PIPE);
  quotas_give_back (quotas, 7, QUOTA_KIND_CALL);
  g_assert_true (quotas_take (quotas, 7, QUOTA_KIND_PIPE, NULL));
}

static void
test_quota_of_many (void)
{
  g_autoptr (Quotas) quotas = quotas_new ();

  g_assert_true (quotas_take_many (quotas, 7, QUOTA_KIND_BYTES, QUOTA_BYTES - 1, NULL));
  g_assert_false (quotas_take_many (quotas, 7, QUOTA_KIND_BYTES, 2, NULL));
  g_assert_false (quotas_take_many (quotas, 7, QUOTA_KIND_BYTES, G_MAXUINT, NULL));
  g_assert_true (quotas_take_many (quotas, 7, QUOTA_KIND_BYTES, 1, NULL));
  g_assert_true (quotas_take_many (quotas, 7, QUOTA_KIND_BYTES, 0, NULL));
  quotas_give_back_many (quotas, 7, QUOTA_KIND_BYTES, QUOTA_BYTES);
  g_assert_cmpuint (quotas_count (quotas, QUOTA_KIND_BYTES), ==, 0);
}

static GVariant *
parse (const char *type, const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
test_options (void)
{
  static const OptionSpec specs[] = { { "bare", "b" }, { "version", "u" } };
  static const struct
  {
    const char *text;
    const char *problem; /* a word of the error; NULL: none */
  } cases[] = {
    { "{}", NULL },
    { "{'bare': <true>, 'version': <uint32 1>}", NULL },
    { "{'x-anything': <[1]>, 'bare': <false>}", NULL },
    { "{'bare': <1>}", "type i" },
    { "{'bare': <<true>>}", "type v" },
    { "{'Bare': <true>}", "\"Bare\"" },
    { "{'': <true>}", "unknown" },
    { "{'bare': <true>, 'bare': <false>}", "twice" },
    { "{'x-a': <1>, 'x-a': <2>}", "twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) options = parse ("a{sv}", cases[i].text);
      g_autoptr (GError) error = NULL;
      g_assert_true (options_check (options, specs, G_N_ELEMENTS (specs), &error) == (cases[i].problem == NULL));
      if (cases[i].problem == NULL)
        continue;
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, cases[i].problem));
    }
}

static void
test_many_options (void)
{
  g_autoptr (GError) error = NULL;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < 65; i++)
    {
      g_autofree char *name = g_strdup_printf ("x-%u", i);
      g_variant_builder_add (&builder, "{sv}", name, g_variant_new_boolean (TRUE));
    }
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_assert_false (options_check (options, NULL, 0, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

/* What a context is written as, or the id of the error. */
static char *
try_context (const char *options_text, const char *map_text)
{
  g_autoptr (GVariant) options = parse ("a{sv}", options_text);
  g_autoptr (GVariant) map = parse ("a{ss}", map_text);
  g_auto (ContextOptions) how = { 0 };
  g_autoptr (GError) error = NULL;
  guint dialects = 0;
  g_autoptr (KmsContext) context = NULL;

  if (context_options_read (options, "", &how, &error))
    context = context_options_make (&how, map, 0, &dialects, &error);
  g_assert_true ((context == NULL) == (error != NULL));
  if (context == NULL)
    return g_strdup (kms_error_get_id (error));
  g_assert_cmpint (kms_context_get_form (context), ==, how.form);
  if (how.form == KMS_CONTEXT_FORM_NONE)
    return g_strdup ("none");
  KmsJsonDialect dialect = dialects == 0 ? KMS_JSON_DIALECT_RAILS : (KmsJsonDialect) g_bit_nth_lsf (dialects, -1);
  return kms_context_to_json (context, dialect, how.form, NULL, NULL);
}

static void
test_contexts (void)
{
  static const struct
  {
    const char *options, *map, *expected;
  } cases[] = {
    { "{}", "{}", "{}" },
    { "{}", "{'b': '2', 'a': '<'}", "{\"a\":\"\\u003c\",\"b\":\"2\"}" },
    { "{'context-form': <'none'>}", "{}", "none" },
    { "{'context-form': <'none'>}", "{'a': '1'}", "invalid-argument" },
    { "{'context-form': <'none'>, 'context-bytes': <b'{}'>}", "{}", "invalid-argument" },
    { "{'context-form': <'raw'>, 'context-bytes': <@ay [0x61, 0x22]>}", "{}", "a\"" },
    { "{'context-form': <'raw'>}", "{}", "invalid-argument" },
    { "{'context-form': <'raw'>, 'context-bytes': <@ay [0x61]>}", "{'a': '1'}", "invalid-argument" },
    { "{'context-form': <'legacy'>, 'context-bytes': <@ay [0x5b, 0x31, 0x20, 0x5d]>}", "{}", "[1]" },
    { "{'context-form': <'legacy'>, 'context-bytes': <@ay [0x5b]>}", "{}", "invalid-argument" },
    { "{'context-form': <'legacy'>, 'context-bytes': <@ay []>}", "{}", "invalid-argument" },
    { "{'context-form': <'Map'>}", "{}", "invalid-argument" },
    /* {"a":"<"}, in a dialect that leaves it as it is. */
    { "{'context-bytes': <@ay [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0x3c, 0x22, 0x7d]>}", "{'a': '<'}",
      "{\"a\":\"<\"}" },
    { "{'context-bytes': <@ay [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0x3c, 0x22, 0x7d]>}", "{'a': '>'}",
      "invalid-argument" },
    { "{'context-bytes': <@ay [0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0x3c, 0x22, 0x7d]>}", "{}", "invalid-argument" },
    { "{'context-bytes': <@ay []>}", "{}", "invalid-argument" },
    { "{}", "{'a': '1', 'a': '2'}", "invalid-argument" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = try_context (cases[i].options, cases[i].map);
      g_test_message ("%s %s", cases[i].options, cases[i].map);
      g_assert_cmpstr (found, ==, cases[i].expected);
    }
}

static void
test_large_context (void)
{
  g_autofree char *large = g_strnfill (MAX_CONTEXT, 'x');
  g_autofree char *map = g_strdup_printf ("{'a': '%s'}", large);
  g_autofree char *found = try_context ("{}", map);

  g_assert_cmpstr (found, ==, "too-large");
}

/* In pieces of each length: frames may begin and end anywhere. */
static void
test_frames (void)
{
  static const guint8 bytes[] = "\0\0\0\3abc\0\0\0\0\0\0\0\1x";
  const gsize n = sizeof bytes - 1;

  for (gsize piece = 1; piece <= n; piece++)
    {
      g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);
      g_autoptr (GError) error = NULL;
      for (gsize at = 0; at < n; at += piece)
        g_ptr_array_add (chunks, kms_secret_new (bytes + at, MIN (piece, n - at)));
      g_autoptr (GPtrArray) secrets = frames_split (chunks, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (secrets->len, ==, 3);
      g_assert_cmpuint (kms_secret_get_length (secrets->pdata[1]), ==, 0);
      g_assert_cmpmem (kms_secret_get_data (secrets->pdata[0], NULL), kms_secret_get_length (secrets->pdata[0]), "abc",
                       3);
      g_assert_cmpmem (kms_secret_get_data (secrets->pdata[2], NULL), kms_secret_get_length (secrets->pdata[2]), "x",
                       1);
    }
}

static void
test_frames_that_lie (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
  } cases[] = { { "\0", 1 }, { "\0\0\0", 3 }, { "\0\0\0\2a", 5 }, { "\xff\xff\xff\xff", 4 }, { "\0\0\0\1ab", 6 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);
      g_autoptr (GError) error = NULL;
      g_ptr_array_add (chunks, kms_secret_new ((const guint8 *) cases[i].bytes, cases[i].length));
      g_assert_null (frames_split (chunks, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_caller (void)
{
  g_autoptr (GError) error = NULL;
  int ends[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  g_autoptr (GSocket) socket = g_socket_new_from_fd (ends[0], &error);
  g_assert_no_error (error);
  g_autoptr (Caller) caller = caller_new_from_socket (socket, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (caller->access.uid, ==, geteuid ());
  g_assert_cmpuint (caller->access.gids[0], ==, getegid ());
  g_assert_cmpint ((gint64) caller->access.n_gids, ==, 1 + getgroups (0, NULL));
  g_assert_cmpint (caller->pid, ==, getpid ());
  g_assert_false (caller->access.can_ask);
  close (ends[1]);
}

/* The kernel tells nobody of these, so nobody it is. */
static void
test_caller_unknown (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket)
    socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_assert_null (caller_new_from_socket (socket, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED);
}

static void
test_sockets_of_manager (void)
{
  static const char *const counts[] = { "\v1", "\v+1", "+1", "-1", " 1", "1 ", "", "17", "99999999999999999999" };
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());
  g_autofree char *odd_pid = g_strconcat ("\v", pid, NULL);

  g_assert_cmpuint (readiness_count_sockets (), ==, 0);
  g_setenv ("LISTEN_PID", pid, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_setenv ("LISTEN_FDS", counts[i], TRUE);
      g_assert_cmpuint (readiness_count_sockets (), ==, 0);
    }
  g_setenv ("LISTEN_FDS", "1", TRUE);
  g_assert_cmpuint (readiness_count_sockets (), ==, 1);
  g_setenv ("LISTEN_PID", odd_pid, TRUE);
  g_assert_cmpuint (readiness_count_sockets (), ==, 0);
  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
}

/* What GVariant itself makes of the same; offsets of one, two and four bytes, and where one begins to be too small. */
static void
test_byte_strings (void)
{
  static const guint counts[] = { 0, 1, 3, 25, 26, 30, 600, 1024 };
  g_autofree char *text = g_strnfill (200, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    for (gsize longest = 0; longest <= 200; longest += 10)
      {
        ByteStrings *strings = byte_strings_new (counts[i]);
        GVariantBuilder builder;
        g_variant_builder_init (&builder, G_VARIANT_TYPE_BYTESTRING_ARRAY);
        for (guint j = 0; j < counts[i]; j++)
          {
            gsize length = longest - longest * j / MAX (counts[i], 1);
            byte_strings_add (strings, text, length);
            g_variant_builder_add_value (&builder, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, length, 1));
          }
        g_autoptr (GVariant) expected = g_variant_ref_sink (g_variant_builder_end (&builder));
        g_autoptr (GVariant) made = g_variant_ref_sink (byte_strings_end (strings));
        g_assert_true (g_variant_equal (made, expected));
        g_assert_cmpmem (g_variant_get_data (made), g_variant_get_size (made), g_variant_get_data (expected),
                         g_variant_get_size (expected));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/parts/quotas", test_quotas);
  g_test_add_func ("/parts/quotas/many", test_quota_of_many);
  g_test_add_func ("/parts/options", test_options);
  g_test_add_func ("/parts/options/many", test_many_options);
  g_test_add_func ("/parts/contexts", test_contexts);
  g_test_add_func ("/parts/contexts/large", test_large_context);
  g_test_add_func ("/parts/byte-strings", test_byte_strings);
  g_test_add_func ("/parts/frames", test_frames);
  g_test_add_func ("/parts/frames/that-lie", test_frames_that_lie);
  g_test_add_func ("/parts/caller", test_caller);
  g_test_add_func ("/parts/caller/unknown", test_caller_unknown);
  g_test_add_func ("/parts/sockets-of-the-service-manager", test_sockets_of_manager);
  return g_test_run ();
}
