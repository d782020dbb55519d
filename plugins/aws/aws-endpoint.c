/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of AWS's own, and those that an administrator sets instead. */
#include "aws-endpoint.h"

#include "aws-region.h"

#include <string.h>

static const struct
{
  const char *host;      /* before the region */
  const char *fips_host; /* the same, where cryptography is validated */
  gboolean gov_is_fips;  /* in the government's partition every endpoint is */
  const char *variable;
  const char *section; /* below "services" of the config file */
  const char *signing_name;
} services[] = {
  [AWS_SERVICE_KMS] = { "kms", "kms-fips", FALSE, "AWS_ENDPOINT_URL_KMS", "kms", "kms" },
  [AWS_SERVICE_STS] = { "sts", "sts-fips", TRUE, "AWS_ENDPOINT_URL_STS", "sts", "sts" },
  [AWS_SERVICE_SSO] = { "portal.sso", "portal.sso-fips", TRUE, "AWS_ENDPOINT_URL_SSO", "sso", "awsssoportal" },
  [AWS_SERVICE_SSO_OIDC] = { "oidc", "oidc-fips", TRUE, "AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc", "sso-oauth" },
};

void
aws_endpoint_free (AwsEndpoint *self)
{
  g_free (self->url);
  g_free (self->host);
  g_free (self->path);
  g_free (self->region);
  g_free (self);
}

const char *
aws_service_get_signing_name (AwsService service)
{
  return services[service].signing_name;
}

static const char *
find_in_section (const AwsSettings *settings, AwsService service)
{
  const char *name = aws_settings_get (settings, "services");

  if (name == NULL)
    return NULL;
  return aws_profiles_get_section (settings->profiles, "services", name, services[service].section, "endpoint_url");
}

const char *
aws_endpoint_find_custom (const AwsSettings *settings, AwsService service, char **from)
{
  const char *url = service == AWS_SERVICE_KMS ? settings->endpoint : NULL;
  const char *found = "Endpoint= in the provider's file";

  if (url == NULL && !settings->ignore_endpoints)
    {
      if ((url = aws_environment_get (settings->environment, found = services[service].variable)) == NULL
          && (url = aws_environment_get (settings->environment, found = "AWS_ENDPOINT_URL")) == NULL
          && (url = find_in_section (settings, service)) != NULL)
        found = "endpoint_url in the section of services of the config file";
      if (url == NULL && (url = aws_settings_get (settings, "endpoint_url")) != NULL)
        found = "endpoint_url of the profile";
    }
  if (url != NULL && from != NULL)
    *from = g_strdup (found);
  return url;
}

/* As libsoup writes it: what is signed must be what is sent. */
static char *
make_host (GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);
  int port = g_uri_get_port (uri);
  g_autofree char *small = g_ascii_strdown (g_uri_get_host (uri), -1);
  gboolean own_port = port < 0 || port == (strcmp (scheme, "https") == 0 ? 443 : 80);
  gboolean is_ipv6 = strchr (small, ':') != NULL;
  g_autofree char *host = is_ipv6 ? g_strdup_printf ("[%s]", small) : g_steal_pointer (&small);

  return own_port ? g_steal_pointer (&host) : g_strdup_printf ("%s:%d", host, port);
}

static gboolean
is_plain (GUri *uri)
{
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  return host != NULL && host[0] != '\0' && strchr (host, '%') == NULL && !g_hostname_is_non_ascii (host)
         && g_uri_get_userinfo (uri) == NULL && g_uri_get_query (uri) == NULL && g_uri_get_fragment (uri) == NULL
         && (strcmp (g_uri_get_scheme (uri), "https") == 0 || strcmp (g_uri_get_scheme (uri), "http") == 0);
}

static AwsEndpoint *
make_custom (const char *url, const char *from, const char *region, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);

  if (!is_plain (uri))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s: \"%s\" is no address of a server; write https://HOST:PORT, with a path at most", from, url);
      return NULL;
    }
  AwsEndpoint *self = g_new0 (AwsEndpoint, 1);
  const char *path = g_uri_get_path (uri);
  self->host = make_host (uri);
  self->path = g_strconcat (path[0] == '/' ? "" : "/", path, g_str_has_suffix (path, "/") ? "" : "/", NULL);
  if (strcmp (path, "") == 0)
    {
      g_free (self->path);
      self->path = g_strdup ("/");
    }
  self->url = g_strconcat (g_uri_get_scheme (uri), "://", self->host, self->path, NULL);
  self->region = g_strdup (region);
  return self;
}

static char *
make_aws_host (const AwsSettings *settings, AwsService service, const char *region)
{
  const AwsPartition *partition = aws_region_get_partition (region);
  gboolean gov_is_fips = services[service].gov_is_fips && strcmp (partition->name, "aws-us-gov") == 0;
  const char *name = settings->use_fips && !gov_is_fips ? services[service].fips_host : services[service].host;

  return g_strdup_printf ("%s.%s.%s", name, region,
                          settings->use_dual_stack ? partition->dual_stack_suffix : partition->suffix);
}

/* The one of before there were regions. */
static gboolean
wants_global_sts (const AwsSettings *settings)
{
  const char *choice = aws_settings_get_either (settings, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
  return g_strcmp0 (choice, "legacy") == 0 && !settings->use_fips && !settings->use_dual_stack;
}

AwsEndpoint *
aws_endpoint_find (const AwsSettings *settings, AwsService service, const char *region, GError **error)
{
  g_autofree char *from = NULL;
  const char *custom = aws_endpoint_find_custom (settings, service, &from);
  AwsEndpoint *self;

  if (custom != NULL && (settings->use_fips || settings->use_dual_stack))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s names an endpoint, and other settings want one of AWS's %s endpoints; take one of them away",
                   from, settings->use_fips ? "FIPS" : "dual-stack");
      return NULL;
    }
  if (custom != NULL)
    return make_custom (custom, from, region, error);
  self = g_new0 (AwsEndpoint, 1);
  if (service == AWS_SERVICE_STS && wants_global_sts (settings)
      && strcmp (aws_region_get_partition (region)->name, "aws") == 0)
    {
      self->host = g_strdup ("sts.amazonaws.com");
      self->region = g_strdup ("us-east-1");
    }
  else
    {
      self->host = make_aws_host (settings, service, region);
      self->region = g_strdup (region);
    }
  self->path = g_strdup ("/");
  self->url = g_strconcat ("https://", self->host, "/", NULL);
  return self;
}
