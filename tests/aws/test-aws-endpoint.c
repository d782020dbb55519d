/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where KMS is, and what region a key is in: as AWS publishes it for its own clients. */
#include <aws-endpoint.h>
#include <aws-key-id.h>
#include <aws-region.h>

#include <string.h>

#define KEY "key/1234abcd-12ab-34cd-56ef-1234567890ab"

/* Pairs of names and values, up to a NULL. */
static char *
read_pair (const char *variable, gpointer data)
{
  const char *const *pairs = data;

  for (guint i = 0; pairs[i] != NULL; i += 2)
    if (strcmp (pairs[i], variable) == 0)
      return g_strdup (pairs[i + 1]);
  return NULL;
}

static AwsSettings *
make_settings (const char *const *pairs)
{
  static const char *const none[] = { NULL };
  AwsProfileFiles files = { NULL };
  AwsSettings *settings = g_new0 (AwsSettings, 1);

  settings->label = "aws";
  settings->environment = aws_environment_new (read_pair, (gpointer) (pairs != NULL ? pairs : none));
  settings->profiles = aws_profiles_load (&files, NULL);
  settings->profile = g_strdup ("default");
  return settings;
}

static void
test_hosts (void)
{
  static const struct
  {
    const char *region, *plain, *fips, *dual_stack, *both;
  } cases[] = {
    { "eu-west-1", "kms.eu-west-1.amazonaws.com", "kms-fips.eu-west-1.amazonaws.com", "kms.eu-west-1.api.aws",
      "kms-fips.eu-west-1.api.aws" },
    { "cn-north-1", "kms.cn-north-1.amazonaws.com.cn", "kms-fips.cn-north-1.amazonaws.com.cn",
      "kms.cn-north-1.api.amazonwebservices.com.cn", "kms-fips.cn-north-1.api.amazonwebservices.com.cn" },
    { "us-gov-west-1", "kms.us-gov-west-1.amazonaws.com", "kms-fips.us-gov-west-1.amazonaws.com",
      "kms.us-gov-west-1.api.aws", "kms-fips.us-gov-west-1.api.aws" },
    { "us-iso-east-1", "kms.us-iso-east-1.c2s.ic.gov", "kms-fips.us-iso-east-1.c2s.ic.gov",
      "kms.us-iso-east-1.api.aws.ic.gov", "kms-fips.us-iso-east-1.api.aws.ic.gov" },
    { "us-isob-east-1", "kms.us-isob-east-1.sc2s.sgov.gov", "kms-fips.us-isob-east-1.sc2s.sgov.gov",
      "kms.us-isob-east-1.api.aws.scloud", "kms-fips.us-isob-east-1.api.aws.scloud" },
    { "eu-isoe-west-1", "kms.eu-isoe-west-1.cloud.adc-e.uk", "kms-fips.eu-isoe-west-1.cloud.adc-e.uk",
      "kms.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "kms-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk" },
    { "us-isof-south-1", "kms.us-isof-south-1.csp.hci.ic.gov", "kms-fips.us-isof-south-1.csp.hci.ic.gov",
      "kms.us-isof-south-1.api.aws.hci.ic.gov", "kms-fips.us-isof-south-1.api.aws.hci.ic.gov" },
    { "eusc-de-east-1", "kms.eusc-de-east-1.amazonaws.eu", "kms-fips.eusc-de-east-1.amazonaws.eu",
      "kms.eusc-de-east-1.api.amazonwebservices.eu", "kms-fips.eusc-de-east-1.api.amazonwebservices.eu" },
    { "xx-new-9", "kms.xx-new-9.amazonaws.com", "kms-fips.xx-new-9.amazonaws.com", "kms.xx-new-9.api.aws",
      "kms-fips.xx-new-9.api.aws" },
  };
  g_autoptr (AwsSettings) settings = make_settings (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint kind = 0; kind < 4; kind++)
      {
        const char *wanted[] = { cases[i].plain, cases[i].fips, cases[i].dual_stack, cases[i].both };
        settings->use_fips = (kind & 1) != 0;
        settings->use_dual_stack = (kind & 2) != 0;
        g_autoptr (AwsEndpoint) endpoint = aws_endpoint_find (settings, AWS_SERVICE_KMS, cases[i].region, NULL);
        g_autofree char *url = g_strdup_printf ("https://%s/", wanted[kind]);
        g_assert_cmpstr (endpoint->host, ==, wanted[kind]);
        g_assert_cmpstr (endpoint->url, ==, url);
        g_assert_cmpstr (endpoint->path, ==, "/");
        g_assert_cmpstr (endpoint->region, ==, cases[i].region);
      }
}

static void
test_sts_hosts (void)
{
  static const char *const legacy[] = { "AWS_STS_REGIONAL_ENDPOINTS", "legacy", NULL };
  g_autoptr (AwsSettings) regional = make_settings (NULL), global = make_settings (legacy);
  g_autoptr (AwsEndpoint) a = aws_endpoint_find (regional, AWS_SERVICE_STS, "eu-west-1", NULL);
  g_autoptr (AwsEndpoint) b = aws_endpoint_find (global, AWS_SERVICE_STS, "eu-west-1", NULL);
  g_autoptr (AwsEndpoint) c = aws_endpoint_find (global, AWS_SERVICE_STS, "cn-north-1", NULL);
  g_autoptr (AwsEndpoint) portal = aws_endpoint_find (regional, AWS_SERVICE_SSO, "eu-west-1", NULL);
  g_autoptr (AwsEndpoint) tokens = aws_endpoint_find (regional, AWS_SERVICE_SSO_OIDC, "eu-west-1", NULL);

  g_assert_cmpstr (a->url, ==, "https://sts.eu-west-1.amazonaws.com/");
  g_assert_cmpstr (b->url, ==, "https://sts.amazonaws.com/");
  g_assert_cmpstr (b->region, ==, "us-east-1");
  g_assert_cmpstr (c->url, ==, "https://sts.cn-north-1.amazonaws.com.cn/");
  g_assert_cmpstr (portal->url, ==, "https://portal.sso.eu-west-1.amazonaws.com/");
  g_assert_cmpstr (tokens->url, ==, "https://oidc.eu-west-1.amazonaws.com/");
}

/* The host is what stands on the wire: the port, where it is not the scheme's own. */
static void
test_custom (void)
{
  static const struct
  {
    const char *given, *url, *host, *path; /* NULL: refused */
  } cases[] = {
    { "https://kms.example.org", "https://kms.example.org/", "kms.example.org", "/" },
    { "https://KMS.example.org/", "https://kms.example.org/", "kms.example.org", "/" },
    { "https://kms.example.org:443", "https://kms.example.org/", "kms.example.org", "/" },
    { "http://127.0.0.1:80/", "http://127.0.0.1/", "127.0.0.1", "/" },
    { "http://127.0.0.1:443/", "http://127.0.0.1:443/", "127.0.0.1:443", "/" },
    { "https://h:8443/kms/v1", "https://h:8443/kms/v1/", "h:8443", "/kms/v1/" },
    { "http://[fd00::1]:4566", "http://[fd00::1]:4566/", "[fd00::1]:4566", "/" },
    { "kms.example.org", NULL, NULL, NULL },
    { "ftp://kms.example.org", NULL, NULL, NULL },
    { "https://user@h/", NULL, NULL, NULL },
    { "https://h/?a=b", NULL, NULL, NULL },
    { "https://h/#a", NULL, NULL, NULL },
    { "https://", NULL, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *const pairs[] = { "AWS_ENDPOINT_URL_KMS", cases[i].given, NULL };
      g_autoptr (AwsSettings) settings = make_settings (pairs);
      g_autoptr (GError) error = NULL;
      g_autoptr (AwsEndpoint) endpoint = aws_endpoint_find (settings, AWS_SERVICE_KMS, "eu-west-1", &error);
      g_test_message ("%s", cases[i].given);
      if (cases[i].url == NULL)
        {
          g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpstr (endpoint->url, ==, cases[i].url);
      g_assert_cmpstr (endpoint->host, ==, cases[i].host);
      g_assert_cmpstr (endpoint->path, ==, cases[i].path);
      g_assert_cmpstr (endpoint->region, ==, "eu-west-1");
    }
}

static void
test_which_custom (void)
{
  static const char *const both[] = { "AWS_ENDPOINT_URL", "http://all:1", "AWS_ENDPOINT_URL_KMS", "http://kms:2",
                                      NULL };
  g_autoptr (AwsSettings) settings = make_settings (both);
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;

  g_assert_cmpstr (aws_endpoint_find_custom (settings, AWS_SERVICE_KMS, &from), ==, "http://kms:2");
  g_assert_cmpstr (from, ==, "AWS_ENDPOINT_URL_KMS");
  g_assert_cmpstr (aws_endpoint_find_custom (settings, AWS_SERVICE_STS, NULL), ==, "http://all:1");
  settings->endpoint = g_strdup ("http://own:3");
  g_assert_cmpstr (aws_endpoint_find_custom (settings, AWS_SERVICE_KMS, NULL), ==, "http://own:3");
  g_assert_cmpstr (aws_endpoint_find_custom (settings, AWS_SERVICE_STS, NULL), ==, "http://all:1");
  settings->ignore_endpoints = TRUE;
  g_assert_cmpstr (aws_endpoint_find_custom (settings, AWS_SERVICE_KMS, NULL), ==, "http://own:3");
  g_assert_null (aws_endpoint_find_custom (settings, AWS_SERVICE_STS, NULL));

  settings->use_fips = TRUE;
  g_assert_null (aws_endpoint_find (settings, AWS_SERVICE_KMS, "eu-west-1", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
}

static void
test_regions (void)
{
  static const char *const good[] = { "eu-west-1", "us-gov-east-1", "a", "1" };
  static const char *const bad[] = { "",   "EU-WEST-1", "eu west", "eu_west_1", "eu-west-1.evil.org",
                                     "-a", "a-",        "é",       "a/b" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (aws_region_check (good[i], "here", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (aws_region_check (bad[i], "here", NULL));
  g_autofree char *long_one = g_strnfill (64, 'a');
  g_assert_false (aws_region_check (long_one, "here", NULL));
  g_assert_true (aws_region_check (long_one + 1, "here", NULL));
}

static void
check_address (const AwsSettings *settings, const char *key_id, const char *found, const char *region, const char *sent)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeyAddress) address = aws_key_address_new (settings, key_id, found, &error);

  g_test_message ("%.200s", key_id);
  if (region == NULL)
    {
      g_assert_null (address);
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (address->region, ==, region);
  g_assert_cmpstr (address->key_id, ==, sent);
}

static void
test_key_addresses (void)
{
  g_autoptr (AwsSettings) settings = make_settings (NULL);
  g_autofree char *long_id = g_strnfill (2049, 'a');

  check_address (settings, "arn:aws:kms:eu-west-1:111122223333:" KEY, NULL, "eu-west-1",
                 "arn:aws:kms:eu-west-1:111122223333:" KEY);
  check_address (settings, "arn:aws-cn:kms:cn-north-1:111122223333:alias/a", "eu-west-1", "cn-north-1",
                 "arn:aws-cn:kms:cn-north-1:111122223333:alias/a");
  check_address (settings, "alias/a", NULL, NULL, NULL);
  check_address (settings, "alias/a", "us-east-1", "us-east-1", "alias/a");
  settings->region = g_strdup ("us-west-2");
  settings->region_from = g_strdup ("AWS_REGION");
  check_address (settings, "alias/a", "us-east-1", "us-west-2", "alias/a");
  /* A variable does not contradict an ARN, a setting does. */
  check_address (settings, "arn:aws:kms:eu-west-1:111122223333:alias/a", NULL, "eu-west-1",
                 "arn:aws:kms:eu-west-1:111122223333:alias/a");
  settings->explicit_region = TRUE;
  check_address (settings, "arn:aws:kms:eu-west-1:111122223333:alias/a", NULL, NULL, NULL);
  check_address (settings, "arn:aws:kms:us-west-2:111122223333:alias/a", NULL, "us-west-2",
                 "arn:aws:kms:us-west-2:111122223333:alias/a");
  check_address (settings, "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123", NULL, "us-west-2",
                 "arn:aws:kms:us-west-2:111122223333:key/mrk-0123");

  check_address (settings, "arn:aws:s3:eu-west-1:111122223333:" KEY, NULL, NULL, NULL);
  check_address (settings, "arn:aws:kms::111122223333:" KEY, NULL, NULL, NULL);
  check_address (settings, "arn:aws:kms:evil.org/:111122223333:" KEY, NULL, NULL, NULL);
  check_address (settings, "arn:aws:kms:us-west-2:" KEY, NULL, NULL, NULL);
  check_address (settings, "arn:aws:kms:us-west-2:111122223333:grant/x", NULL, NULL, NULL);
  check_address (settings, "", NULL, NULL, NULL);
  check_address (settings, "a b", NULL, NULL, NULL);
  check_address (settings, "\303\251", NULL, NULL, NULL);
  check_address (settings, long_id, NULL, NULL, NULL);
  check_address (settings, long_id + 1, NULL, "us-west-2", long_id + 1);
}

static void
test_key_names (void)
{
  g_assert_true (aws_key_id_is_alias ("alias/a"));
  g_assert_true (aws_key_id_is_alias ("arn:aws:kms:eu-west-1:1:alias/a"));
  g_assert_false (aws_key_id_is_alias ("arn:aws:kms:eu-west-1:1:key/alias"));
  g_assert_false (aws_key_id_is_alias ("mrk-1"));
  g_assert_cmpstr (aws_key_id_get_short ("arn:aws:kms:eu-west-1:1:key/mrk-1"), ==, "mrk-1");
  g_assert_cmpstr (aws_key_id_get_short ("mrk-1"), ==, "mrk-1");
  g_assert_cmpstr (aws_key_id_get_short ("arn:short"), ==, "arn:short");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/endpoint/hosts", test_hosts);
  g_test_add_func ("/aws/endpoint/sts", test_sts_hosts);
  g_test_add_func ("/aws/endpoint/custom", test_custom);
  g_test_add_func ("/aws/endpoint/which-custom", test_which_custom);
  g_test_add_func ("/aws/endpoint/regions", test_regions);
  g_test_add_func ("/aws/endpoint/key-addresses", test_key_addresses);
  g_test_add_func ("/aws/endpoint/key-names", test_key_names);
  return g_test_run ();
}
