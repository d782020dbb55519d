/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every link of the chain of credentials, how each fails, and what doctor says of it. Whether keys are right is said by the
 * double, which checks each signature. */
#include "double-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEYS "aws_access_key_id = " AWS_DOUBLE_ADMIN "\naws_secret_access_key = " AWS_DOUBLE_ADMIN_SECRET "\n"
#define FUTURE "2099-01-01T00:00:00Z"
#define PRINTED                                                                                                        \
  "{\"Version\": 1, \"AccessKeyId\": \"" AWS_DOUBLE_ADMIN "\", \"SecretAccessKey\": \"" AWS_DOUBLE_ADMIN_SECRET "\"%"  \
  "s}"

/* Below HOME. */
static char *
write_file (DoubleFixture *fixture, const char *name, const char *text)
{
  char *path = g_build_filename (fixture->root, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  return path;
}

static void
write_config (DoubleFixture *fixture, const char *text)
{
  g_autofree char *path = write_file (fixture, ".aws/config", text);
}

static void
assert_works (DoubleFixture *fixture)
{
  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

static void
assert_says (const char *text, const char *words)
{
  if (strstr (text, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", text, words);
}

/* The open provider does not encrypt, and says why. No message holds a secret. */
static void
assert_refused (DoubleFixture *fixture, KmsError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = double_fixture_try_encrypt (fixture, ORDERS, NULL, &error);

  g_assert_null (ciphertext);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  assert_says (error->message, words);
  g_assert_null (strstr (error->message, AWS_DOUBLE_ADMIN_SECRET));
}

static void
assert_fails (DoubleFixture *fixture, KmsError code, const char *words)
{
  double_fixture_open (fixture, NULL, NULL);
  assert_refused (fixture, code, words);
}

static void
test_none (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();

  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "there are no credentials");
}

static void
test_environment (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();

  g_setenv ("AWS_ACCESS_KEY_ID", AWS_DOUBLE_ADMIN, TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "AWS_SECRET_ACCESS_KEY is not");
  g_setenv ("AWS_SECRET_ACCESS_KEY", AWS_DOUBLE_ADMIN_SECRET, TRUE);
  assert_works (fixture);
  g_setenv ("AWS_CREDENTIAL_EXPIRATION", FUTURE, TRUE);
  assert_works (fixture);
  g_setenv ("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "ended already");
  g_setenv ("AWS_CREDENTIAL_EXPIRATION", "soon", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "can't be read");
  g_unsetenv ("AWS_CREDENTIAL_EXPIRATION");
  g_setenv ("AWS_SESSION_TOKEN", "a\r\nX-Evil: b", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "session token is none");
}

/* A profile that the provider's file names stands above the variables; one that a variable names does not. */
static void
test_static (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  g_autofree char *credentials = write_file (fixture, ".aws/credentials",
                                             "[default]\n" KEYS "[half]\n"
                                             "aws_access_key_id = AKIAHALF\n");

  assert_works (fixture);
  write_config (fixture, "[profile prod]\n" KEYS);
  g_setenv ("AWS_PROFILE", "prod", TRUE);
  assert_works (fixture);
  g_setenv ("AWS_PROFILE", "half", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "profile half of the credentials file: there is no secret access key");
  g_unsetenv ("AWS_PROFILE");
  double_fixture_set_keys ("AKIAWRONG", "wrong", NULL);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "refused");
  double_fixture_open (fixture, NULL, "Profile=prod\n");
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

/* Keys that somebody wrote anew are read when the old ones are refused. */
static void
test_changed_file (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  g_autofree char *before =
    write_file (fixture, ".aws/credentials", "[default]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old\n");

  aws_double_add_access_key (fixture->aws, "AKIAOLD", "old", NULL);
  assert_works (fixture);
  g_autofree char *after = write_file (fixture, ".aws/credentials", "[default]\n" KEYS);
  aws_double_remove_access_key (fixture->aws, "AKIAOLD");
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

static void
test_process (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  g_autofree char *text =
    g_strdup_printf ("#!/bin/sh\ncat <<'E'\n" PRINTED "\nE\n", ", \"Expiration\": \"" FUTURE "\"");
  g_autofree char *path = write_file (fixture, "a program", text);
  g_autofree char *config = g_strdup_printf ("[default]\ncredential_process = \"%s\" --flag # not a comment\n", path);

  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  write_config (fixture, config);
  assert_works (fixture);
}

static void
test_process_failures (void)
{
  static const struct
  {
    const char *command, *words;
    KmsError code;
  } bad[] = {
    { "/bin/false", "exit code 1", KMS_ERROR_CREDENTIALS },
    { "/nonexistent/program", "can't be run", KMS_ERROR_CREDENTIALS },
    { "/bin/echo 'open", "command line", KMS_ERROR_CREDENTIALS },
    { "/bin/echo hunter2", "no JSON object", KMS_ERROR_CREDENTIALS },
    { "/bin/true", "no JSON object", KMS_ERROR_CREDENTIALS },
    { "/bin/echo '{\"Version\":2}'", "another Version", KMS_ERROR_CREDENTIALS },
    { "/bin/echo '{\"Version\":1,\"AccessKeyId\":\"hunter2\"}'", "no secret access key", KMS_ERROR_CREDENTIALS },
    { "/usr/bin/head -c 100000 /dev/zero", "more than keys take", KMS_ERROR_CREDENTIALS },
    { "/bin/sh -c '/bin/sleep 1000 & /bin/sleep 1000'", "did not end in time", KMS_ERROR_TIMED_OUT },
    { "/bin/sh -c 'exec >&-; exec /bin/sleep 1000'", "did not end in time", KMS_ERROR_TIMED_OUT },
  };
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *config = g_strdup_printf ("[default]\ncredential_process = %s\n", bad[i].command);
      write_config (fixture, config);
      double_fixture_open (fixture, NULL, "ProcessTimeout=1\n");
      g_autoptr (GBytes) ciphertext = double_fixture_try_encrypt (fixture, ORDERS, NULL, &error);
      g_assert_error (error, KMS_ERROR, (int) bad[i].code);
      g_test_message ("%s", error->message);
      assert_says (error->message, "credential_process of profile default: ");
      assert_says (error->message, bad[i].words);
      g_assert_null (strstr (error->message, "hunter2"));
    }
}

static void
test_role (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleRole first = { .external_id = "the id" }, second = { .external_id = NULL };

  aws_double_add_role (fixture->aws, "first", &first);
  aws_double_add_role (fixture->aws, "second", &second);
  write_config (fixture, "[profile base]\n" KEYS "[profile first]\nsource_profile = base\nexternal_id = the id\n"
                         "role_session_name = me@here\nduration_seconds = 900\n"
                         "role_arn = " AWS_DOUBLE_ROLE (
                           "first") "\n"
                                    "[default]\nsource_profile = first\nrole_arn = " AWS_DOUBLE_ROLE ("second") "\n");
  assert_works (fixture);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "AssumeRole"), ==, 2);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 0)->access_key_id, ==, AWS_DOUBLE_ADMIN);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 1)->access_key_id, !=, AWS_DOUBLE_ADMIN);

  /* One with keys of its own may be its own source. */
  write_config (fixture, "[default]\n" KEYS "source_profile = default\nrole_arn = " AWS_DOUBLE_ROLE ("second") "\n");
  assert_works (fixture);
}

static void
test_role_sources (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleRole role = { .external_id = NULL };
  AwsDoubleSession session = { .policy = NULL };

  aws_double_add_role (fixture->aws, "role", &role);
  write_config (fixture, "[profile a]\ncredential_source = environment\nrole_arn = " AWS_DOUBLE_ROLE (
                           "role") "\n"
                                   "[profile b]\ncredential_source = Ec2InstanceMetadata\nrole_arn = " AWS_DOUBLE_ROLE (
                                     "role") "\n");
  double_fixture_set_keys (AWS_DOUBLE_ADMIN, AWS_DOUBLE_ADMIN_SECRET, NULL);
  double_fixture_open (fixture, NULL, "Profile=a\n");
  g_autoptr (GBytes) from_environment = double_fixture_encrypt (fixture, ORDERS, NULL);
  double_fixture_open (fixture, NULL, "Profile=b\n");
  assert_refused (fixture, KMS_ERROR_CONFIG, "AWS_EC2_METADATA_DISABLED");
  g_unsetenv ("AWS_EC2_METADATA_DISABLED");
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_NORMAL, NULL, &session);
  double_fixture_open (fixture, NULL, "Profile=b\n");
  g_autoptr (GBytes) from_instance = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "AssumeRole"), ==, 2);
}

static void
test_role_failures (void)
{
#define ROLE "role_arn = " AWS_DOUBLE_ROLE ("role") "\n"
  static const struct
  {
    const char *config, *words;
    KmsError code;
  } bad[] = {
    { "[default]\nsource_profile = default\n" ROLE, "circle", KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\n" ROLE "[profile b]\nsource_profile = default\n" ROLE, "circle",
      KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = none\n" ROLE, "stands in neither file", KMS_ERROR_CONFIG },
    { "[default]\n" ROLE, "either source_profile or credential_source", KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\ncredential_source = Environment\n" ROLE "[profile b]\n" KEYS, "either",
      KMS_ERROR_CONFIG },
    { "[default]\ncredential_source = Moon\n" ROLE, "credential_source must be", KMS_ERROR_CONFIG },
    { "[default]\ncredential_source = Environment\n" ROLE, "AWS_ACCESS_KEY_ID is not set", KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\nmfa_serial = x\n" ROLE "[profile b]\n" KEYS, "mfa_serial", KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\nduration_seconds = 10\n" ROLE "[profile b]\n" KEYS, "duration_seconds",
      KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\nrole_session_name = a b\n" ROLE "[profile b]\n" KEYS, "role_session_name",
      KMS_ERROR_CONFIG },
    { "[default]\nsource_profile = b\n" ROLE "[profile b]\nregion = x\n", "has none", KMS_ERROR_CREDENTIALS },
    { "[default]\nsource_profile = b\n" ROLE "[profile b]\n" KEYS, "the role of profile default",
      KMS_ERROR_CREDENTIALS },
  };
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      write_config (fixture, bad[i].config);
      assert_fails (fixture, bad[i].code, bad[i].words);
    }
}

static void
test_web_identity (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleRole role = { .web_identity = "the.web/token+1=" };
  g_autofree char *path = write_file (fixture, "token", "the.web/token+1=\n");

  aws_double_add_role (fixture->aws, "web", &role);
  g_setenv ("AWS_WEB_IDENTITY_TOKEN_FILE", path, TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "AWS_ROLE_ARN");
  g_setenv ("AWS_ROLE_ARN", AWS_DOUBLE_ROLE ("web"), TRUE);
  assert_works (fixture);
  g_free (write_file (fixture, "token", "expired"));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "web identity of AWS_WEB_IDENTITY_TOKEN_FILE");
  g_free (write_file (fixture, "token", "two\r\nlines"));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "more than one line");
  g_free (write_file (fixture, "token", "\n"));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "is empty");
  g_unlink (path);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "does not exist");

  g_unsetenv ("AWS_WEB_IDENTITY_TOKEN_FILE");
  g_free (write_file (fixture, "token", "the.web/token+1="));
  g_autofree char *config =
    g_strdup_printf ("[default]\nweb_identity_token_file = %s\nrole_arn = " AWS_DOUBLE_ROLE ("web") "\n", path);
  write_config (fixture, config);
  assert_works (fixture);
}

static void
test_container (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };
  g_autofree char *url = g_strconcat (test_server_get_address (fixture->server), AWS_DOUBLE_CONTAINER_PATH, NULL);
  g_autofree char *path = write_file (fixture, "authorization", "Bearer abc\n");

  aws_double_set_container (fixture->aws, "Bearer abc", &session);
  g_setenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "HTTP status 401");
  g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc", TRUE);
  assert_works (fixture);
  g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc\r\nX: y", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "more than one line");
  g_setenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, TRUE);
  assert_works (fixture);
  /* Not through a proxy, and nowhere else. */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("no_proxy", "example.org", TRUE);
  double_fixture_open (fixture, NULL, NULL);
  guint before = aws_double_count_entries_of (fixture->aws, "container");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = double_fixture_try_encrypt (fixture, ORDERS, NULL, &error);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "container"), ==, before + 1);
  g_unsetenv ("http_proxy");
  g_unsetenv ("no_proxy");
  g_setenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.org/", TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "https");
  g_setenv ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.org/", TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "must begin with");
}

static void
test_container_redirects (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };
  TestFault away = { .kind = TEST_FAULT_ANSWER,
                     .status = 302,
                     .headers = "Location: " AWS_DOUBLE_CONTAINER_PATH "\r\n" };
  g_autofree char *url = g_strconcat (test_server_get_address (fixture->server), "/moved", NULL);

  aws_double_set_container (fixture->aws, NULL, &session);
  test_server_add_fault (fixture->server, "/moved", away, 0);
  g_setenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "HTTP status 302");
}

static void
test_imds (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };

  g_unsetenv ("AWS_EC2_METADATA_DISABLED");
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_NORMAL, AWS_DOUBLE_REGION, &session);
  assert_works (fixture);
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_BAD_REQUEST, NULL, &session);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "no token (HTTP status 400)");
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_FAILS, NULL, &session);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "AssumeRoleUnauthorizedAccess");
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_NO_ROLE, NULL, &session);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "there are no credentials");
  /* Version 1 is not asked unless somebody says so. */
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_NO_TOKENS, NULL, &session);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "there are no credentials");
  g_setenv ("AWS_EC2_METADATA_V1_DISABLED", "false", TRUE);
  assert_works (fixture);
}

/* Where nothing answers, that is known within its second. */
static void
test_imds_absent (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  TestFault silence = { .kind = TEST_FAULT_SILENCE };
  gint64 start = g_get_monotonic_time ();

  g_unsetenv ("AWS_EC2_METADATA_DISABLED");
  test_server_add_fault (fixture->server, "/latest/", silence, 0);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "there are no credentials");
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/latest/"), ==, 1);
  g_test_message ("%g s", (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
}

#define SSO                                                                                                            \
  "[default]\nsso_session = work\nsso_account_id = " AWS_DOUBLE_ACCOUNT "\nsso_role_name = reader\n"                   \
  "[sso-session work]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n"

static char *
write_sso_token (DoubleFixture *fixture, const char *token, const char *end, const char *rest)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, "work", -1);
  g_autofree char *name = g_strdup_printf (".aws/sso/cache/%s.json", digest);
  g_autofree char *text = g_strdup_printf ("{\"startUrl\":\"https://example.awsapps.com/start\",\"region\":"
                                           "\"us-east-1\",\"accessToken\":\"%s\",\"expiresAt\":\"%s\"%s}",
                                           token, end, rest);
  return write_file (fixture, name, text);
}

static void
test_sso (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };

  write_config (fixture, SSO);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "aws sso login");
  aws_double_add_sso (fixture->aws, "access", AWS_DOUBLE_ACCOUNT, "reader", &session);
  g_free (write_sso_token (fixture, "access", FUTURE, ""));
  assert_works (fixture);
  write_config (fixture, "[default]\nsso_account_id = 1\nsso_role_name = reader\nsso_session = work\n"
                         "[sso-session work]\nsso_region = us-east-1\nsso_start_url = https://a\n");
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "sso_account_id");
  write_config (fixture, SSO);
  g_free (write_sso_token (fixture, "other", FUTURE, ""));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "aws sso login");
  g_free (write_sso_token (fixture, "access", "2001-01-01T00:00:00Z", ""));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "aws sso login");
  g_free (write_sso_token (fixture, "access\\r\\nX: y", FUTURE, ""));
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "aws sso login");
  write_config (fixture, "[default]\nsso_account_id = 1\n");
  assert_fails (fixture, KMS_ERROR_CONFIG, "sso_role_name");
  write_config (fixture, SSO "[default]\nsso_region = eu-west-1\n");
  assert_fails (fixture, KMS_ERROR_CONFIG, "sso_region is another");
}

/* The new token is there for the other clients, and only for their owner. */
static void
test_sso_renewal (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };
  g_autofree char *content = NULL;
  GStatBuf info;

  write_config (fixture, SSO);
  aws_double_add_sso (fixture->aws, "old-access", AWS_DOUBLE_ACCOUNT, "reader", &session);
  aws_double_add_sso_refresh (fixture->aws, "client", "client secret", "refresh", "old-access", "newer");
  g_autofree char *path = write_sso_token (fixture, "old-access", "2001-01-01T00:00:00Z",
                                           ",\"clientId\":\"client\",\"clientSecret\":\"client secret\","
                                           "\"refreshToken\":\"refresh\",\"registrationExpiresAt\":\"" FUTURE "\"");
  assert_works (fixture);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "oidc"), ==, 1);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  assert_says (content, "\"accessToken\": \"newer\"");
  assert_says (content, "\"refreshToken\": \"the next refresh token\"");
  assert_says (content, "\"clientId\": \"client\"");
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
}

static void
test_doctor (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GString) all = g_string_new (NULL);
  const char *finding;

  write_config (fixture, "[default]\n" KEYS);
  double_fixture_open (fixture, NULL, NULL);
  kms_provider_diagnose (fixture->provider, ORDERS, report, NULL);
  for (guint i = 0; i < kms_report_get_n_findings (report); i++)
    {
      kms_report_get_finding (report, i, NULL, &finding, NULL);
      g_string_append_printf (all, "%s\n", finding);
    }
  g_test_message ("%s", all->str);
  assert_says (all->str, "not taken: environment: AWS_ACCESS_KEY_ID is not set");
  assert_says (all->str, "not taken: single sign-on: profile default has no sso_account_id");
  assert_says (all->str, "they come from profile default of the config file, access key " AWS_DOUBLE_ADMIN);
  g_assert_null (strstr (all->str, AWS_DOUBLE_ADMIN_SECRET));
}

static const struct
{
  const char *path;
  void (*run) (void);
} tests[] = {
  { "none", test_none },
  { "environment", test_environment },
  { "static", test_static },
  { "changed-file", test_changed_file },
  { "process", test_process },
  { "process-failures", test_process_failures },
  { "role", test_role },
  { "role-sources", test_role_sources },
  { "role-failures", test_role_failures },
  { "web-identity", test_web_identity },
  { "container", test_container },
  { "container-redirects", test_container_redirects },
  { "imds", test_imds },
  { "imds-absent", test_imds_absent },
  { "sso", test_sso },
  { "sso-renewal", test_sso_renewal },
  { "doctor", test_doctor },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/aws/credentials/", tests[i].path, NULL);
      g_test_add_func (path, tests[i].run);
    }
  return g_test_run ();
}
