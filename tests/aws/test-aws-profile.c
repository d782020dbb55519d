/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared files of AWS's clients: what people and programs write into them, and what is none. */
#include "../../plugins/aws/aws-profile.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static AwsProfiles *
parse (AwsFile file, const char *text)
{
  g_autoptr (GError) error = NULL;
  AwsProfiles *profiles = aws_profiles_parse (file, "the file", text, strlen (text), &error);

  g_assert_no_error (error);
  return profiles;
}

static void
assert_secret (KmsSecret *secret, const char *text)
{
  gsize length;

  g_assert_nonnull (secret);
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (data, length, text, strlen (text));
}

static void
test_config (void)
{
  g_autoptr (AwsProfiles) profiles = parse (AWS_FILE_CONFIG, "# a comment\n"
                                                             "[default]\n"
                                                             "region = eu-west-1\n"
                                                             "Output=json\n"
                                                             "\n"
                                                             "[profile prod]\n"
                                                             "role_arn=arn:aws:iam::1:role/a=b\n"
                                                             "[sso-session work]\n"
                                                             "sso_region = us-east-1\n"
                                                             "[prod]\n"
                                                             "region = nowhere\n"
                                                             "[profile empty]\n");

  g_assert_cmpstr (aws_profile_get (profiles, "default", "region"), ==, "eu-west-1");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "output"), ==, "json");
  g_assert_cmpstr (aws_profile_get (profiles, "prod", "role_arn"), ==, "arn:aws:iam::1:role/a=b");
  g_assert_null (aws_profile_get (profiles, "prod", "region"));
  g_assert_cmpstr (aws_profiles_get_section (profiles, "sso-session", "work", NULL, "sso_region"), ==, "us-east-1");
  g_assert_true (aws_profiles_has_section (profiles, "sso-session", "work"));
  g_assert_true (aws_profiles_has (profiles, "empty"));
  g_assert_false (aws_profiles_has (profiles, "work"));
}

static void
test_lines (void)
{
  g_autoptr (AwsProfiles) profiles = parse (AWS_FILE_CONFIG, "\xef\xbb\xbf[default] ; the usual one\r\n"
                                                             "region = eu-west-1 # near\r\n"
                                                             "output =#json;x\r\n"
                                                             "  ; indented\r\n"
                                                             "empty = # nothing\r\n"
                                                             "credential_process = /bin/x \"a # b\"\r\n"
                                                             "quoted = \"a b\"\r\n"
                                                             "percent = 100%(x)s\r\n"
                                                             "two = a\r\n"
                                                             "  b\r\n"
                                                             "last = end");

  g_assert_cmpstr (aws_profile_get (profiles, "default", "region"), ==, "eu-west-1");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "output"), ==, "#json;x");
  g_assert_null (aws_profile_get (profiles, "default", "empty"));
  g_assert_cmpstr (aws_profile_get (profiles, "default", "credential_process"), ==, "/bin/x \"a # b\"");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "quoted"), ==, "\"a b\"");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "percent"), ==, "100%(x)s");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "two"), ==, "a\nb");
  g_assert_cmpstr (aws_profile_get (profiles, "default", "last"), ==, "end");
}

static void
test_names (void)
{
  g_autoptr (AwsProfiles) profiles = parse (AWS_FILE_CONFIG, "[profile \"a b\"]\nregion=one\n"
                                                             "[profile\t'c']\nregion=two\n"
                                                             "[ profile d ]\nregion=three\n"
                                                             "[profile e f]\nregion=four\n"
                                                             "[profile]\nregion=five\n"
                                                             "[profile default]\nregion=six\n"
                                                             "[profile \"open]\nregion=seven\n");
  g_autoptr (AwsProfiles) credentials = parse (AWS_FILE_CREDENTIALS, "[a b]\nregion=one\n[\"c d\"]\nregion=two\n");

  g_assert_cmpstr (aws_profile_get (profiles, "a b", "region"), ==, "one");
  g_assert_cmpstr (aws_profile_get (profiles, "c", "region"), ==, "two");
  g_assert_cmpstr (aws_profile_get (profiles, "d", "region"), ==, "three");
  g_assert_false (aws_profiles_has (profiles, "e"));
  g_assert_false (aws_profiles_has (profiles, "e f"));
  g_assert_cmpstr (aws_profile_get (profiles, "default", "region"), ==, "six");
  g_assert_cmpstr (aws_profile_get (credentials, "a b", "region"), ==, "one");
  g_assert_cmpstr (aws_profile_get (credentials, "c d", "region"), ==, "two");
}

static void
test_nested (void)
{
  g_autoptr (AwsProfiles) profiles = parse (AWS_FILE_CONFIG, "[services mine]\n"
                                                             "kms =\n"
                                                             "  endpoint_url = http://127.0.0.1:1\n"
                                                             "\n"
                                                             "  other = x\n"
                                                             "sts = \n"
                                                             "\tendpoint_url = http://127.0.0.1:2\n"
                                                             "[profile indented]\n"
                                                             "  region = eu-west-1\n"
                                                             "  services = mine\n"
                                                             "  s3 =\n"
                                                             "    max = 10\n"
                                                             "  output = json\n");

#define NESTED(service, key) aws_profiles_get_section (profiles, "services", "mine", service, key)
  g_assert_cmpstr (NESTED ("kms", "endpoint_url"), ==, "http://127.0.0.1:1");
  g_assert_cmpstr (NESTED ("kms", "other"), ==, "x");
  g_assert_cmpstr (NESTED ("sts", "endpoint_url"), ==, "http://127.0.0.1:2");
  g_assert_null (NESTED (NULL, "endpoint_url"));
  g_assert_cmpstr (aws_profile_get (profiles, "indented", "region"), ==, "eu-west-1");
  g_assert_cmpstr (aws_profile_get (profiles, "indented", "services"), ==, "mine");
  g_assert_cmpstr (aws_profile_get (profiles, "indented", "output"), ==, "json");
  g_assert_null (aws_profile_get (profiles, "indented", "max"));
}

static void
test_secrets (void)
{
  g_autoptr (AwsProfiles)
    profiles = parse (AWS_FILE_CREDENTIALS, "[a]\naws_access_key_id = AKIA\nAWS_Secret_Access_Key = " SECRET "\n"
                                            "aws_session_token =\n[b]\naws_session_token = T==\n");

  assert_secret (aws_profile_get_secret (profiles, "a", "aws_secret_access_key"), SECRET);
  g_assert_null (aws_profile_get (profiles, "a", "aws_secret_access_key"));
  g_assert_null (aws_profile_get_secret (profiles, "a", "aws_session_token"));
  assert_secret (aws_profile_get_secret (profiles, "b", "aws_session_token"), "T==");
  g_assert_null (aws_profile_get_secret_of (profiles, AWS_FILE_CONFIG, "b", "aws_session_token"));
}

static void
assert_bad (const char *text, gsize length, const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsProfiles) profiles = aws_profiles_parse (AWS_FILE_CREDENTIALS, "/the/file", text, length, &error);

  g_assert_null (profiles);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "/the/file"));
  g_assert_nonnull (strstr (error->message, line));
  g_assert_null (strstr (error->message, SECRET));
}

static void
test_bad_lines (void)
{
  static const struct
  {
    const char *text, *line;
  } bad[] = {
    { "[a]\n" SECRET "\n", "line 2:" },
    { "[a\nx=y\n", "line 1:" },
    { "[a] " SECRET "\n", "line 1:" },
    { "[a]\n= " SECRET "\n", "line 2:" },
    { "[]\n", "line 1:" },
    { "[a]\r\n\r\nx = \xff\xfe\r\n", "line 3:" },
    { "[a]\nx =\n  " SECRET "\n", "line 3:" },
    { "[a]\naws_secret_access_key = " SECRET "\n  " SECRET "\n", "line 3:" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_bad (bad[i].text, strlen (bad[i].text), bad[i].line);
  assert_bad ("[a]\nx = a\0b\n", 12, "line 2:");
}

/* A long comment is nothing; a long value or name would be. */
static void
test_long_lines (void)
{
  g_autofree char *filler = g_strnfill (1024 * 1024, 'x');
  g_autofree char *comment = g_strconcat ("[a]\n# ", filler, "\nregion = eu-west-1\n", NULL);
  g_autofree char *value = g_strconcat ("[a]\nregion = ", filler, "\n", NULL);
  g_autofree char *name = g_strconcat ("[a]\n", filler, " = 1\n", NULL);
  g_autofree char *section = g_strconcat ("[", filler, "]\n", NULL);
  g_autofree char *nothing = g_strconcat ("[a]\n", filler, NULL);
  g_autoptr (AwsProfiles) profiles = parse (AWS_FILE_CREDENTIALS, comment);

  g_assert_cmpstr (aws_profile_get (profiles, "a", "region"), ==, "eu-west-1");
  assert_bad (value, strlen (value), "line 2: a value is longer");
  assert_bad (name, strlen (name), "line 2: a name is longer");
  assert_bad (section, strlen (section), "line 1: a name is longer");
  assert_bad (nothing, strlen (nothing), "line 2:");
}

static char *
write_file (const char *directory, const char *name, const char *text)
{
  char *path = g_build_filename (directory, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("aws-profile-XXXXXX", &error);
  g_autofree char *config = write_file (directory, "config", "[profile a]\nregion=one\noutput=json\n");
  g_autofree char *credentials = write_file (directory, "credentials", "[a]\nregion=two\n[b]\n");
  g_autofree char *missing = g_build_filename (directory, "missing", NULL);
  AwsProfileFiles files = { .config = config, .credentials = credentials };
  AwsProfileFiles none = { .config = missing, .credentials = "/dev/null" };
  AwsProfileFiles needed = { .config = missing, .config_must_exist = TRUE };
  AwsProfileFiles wrong = { .credentials = directory };

  g_autoptr (AwsProfiles) both = aws_profiles_load (&files, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (aws_profile_get (both, "a", "region"), ==, "two");
  g_assert_cmpstr (aws_profile_get_of (both, AWS_FILE_CONFIG, "a", "region"), ==, "one");
  g_assert_cmpstr (aws_profile_get (both, "a", "output"), ==, "json");
  g_assert_true (aws_profiles_has (both, "b"));

  g_autoptr (AwsProfiles) empty = aws_profiles_load (&none, &error);
  g_assert_no_error (error);
  g_assert_false (aws_profiles_has (empty, "a"));
  g_assert_null (aws_profiles_load (&needed, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_clear_error (&error);
  g_assert_null (aws_profiles_load (&wrong, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_unlink (config);
  g_unlink (credentials);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/profile/config", test_config);
  g_test_add_func ("/aws/profile/lines", test_lines);
  g_test_add_func ("/aws/profile/names", test_names);
  g_test_add_func ("/aws/profile/nested", test_nested);
  g_test_add_func ("/aws/profile/secrets", test_secrets);
  g_test_add_func ("/aws/profile/bad-lines", test_bad_lines);
  g_test_add_func ("/aws/profile/long-lines", test_long_lines);
  g_test_add_func ("/aws/profile/files", test_files);
  return g_test_run ();
}
