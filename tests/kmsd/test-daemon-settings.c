/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* kms.conf's groups of the daemon: values, defaults, and mistakes that the library sees as well. */
#include <daemon-settings.h>

#include "config-fixture.h"

static void
test_defaults (void)
{
  g_autoptr (KmsConfigInfo) info = config_fixture_read_conf ("[Global]\nUserConfig=merge\n");
  g_auto (DaemonSettings) settings = { 0 };

  g_assert_true (daemon_settings_read (info, &settings, NULL));
  g_assert_false (settings.allow_insecure);
  g_assert_cmpuint (settings.idle_timeout, ==, 300);
  g_assert_null (settings.audit_directory);
  g_assert_cmpuint (settings.audit_max_size, ==, 16777216);
  g_assert_cmpint (settings.audit_context, ==, AUDIT_CONTEXT_PLAIN);
  g_assert_cmpuint (settings.alert.decrypts, ==, 0);
}

static void
test_values (void)
{
  g_autoptr (KmsConfigInfo)
    info = config_fixture_read_conf ("[Daemon]\nAllowInsecure=true\nIdleTimeout=0\n"
                                     "[Audit]\nDirectory=/srv/audit\nMaxSize=65536\nContext=hmac\n"
                                     "[Alert]\nDecrypts=5\nWindow=1\nAction=encrypt-only\n");
  g_auto (DaemonSettings) settings = { 0 };

  g_assert_null (kms_config_info_get_error (info));
  g_assert_null (kms_config_info_get_warnings (info)[0]);
  g_assert_true (daemon_settings_read (info, &settings, NULL));
  g_assert_true (settings.allow_insecure);
  g_assert_cmpuint (settings.idle_timeout, ==, 0);
  g_assert_cmpstr (settings.audit_directory, ==, "/srv/audit");
  g_assert_cmpuint (settings.audit_max_size, ==, 65536);
  g_assert_cmpint (settings.audit_context, ==, AUDIT_CONTEXT_HMAC);
  g_assert_cmpint (settings.alert.action, ==, ALERT_ENCRYPT_ONLY);
}

static const struct
{
  const char *text;
  const char *words;
} mistakes[] = {
  { "[Daemon]\nAllowInsecure=yes\n", "[Daemon] AllowInsecure: \"yes\"" },
  { "[Daemon]\nIdleTimeout=5s\n", "[Daemon] IdleTimeout: \"5s\"" },
  { "[Audit]\nDirectory=audit\n", "[Audit] Directory: \"audit\" is not an absolute path" },
  { "[Audit]\nMaxSize=64M\n", "[Audit] MaxSize: \"64M\"" },
  { "[Audit]\nMaxSize=1\n", "[Audit] MaxSize: \"1\"" },
  { "[Audit]\nContext=none\n", "[Audit] Context: \"none\"" },
  { "[Alert]\nWindow=\v5\n", "[Alert] Window: \"" },
  { "[Daemon]\nIdleTimeout=+5\n", "[Daemon] IdleTimeout: \"" },
  { "[Alert]\nWindow=0\n", "[Alert] Window: \"0\"" },
  { "[Alert]\nAction=stop\n", "[Alert] Action: \"stop\"" },
};

/* "kmsctl config check" needs no daemon to see them: the library does. */
static void
test_mistakes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (KmsConfigInfo) info = config_fixture_read_conf (mistakes[i].text);
      g_auto (DaemonSettings) settings = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (daemon_settings_read (info, &settings, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
      g_assert_nonnull (strstr (error->message, mistakes[i].words));
      g_assert_nonnull (kms_config_info_get_error (info));
      g_assert_nonnull (strstr (kms_config_info_get_error (info)->message, mistakes[i].words));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/daemon-settings/defaults", test_defaults);
  g_test_add_func ("/daemon-settings/values", test_values);
  g_test_add_func ("/daemon-settings/mistakes", test_mistakes);
  return g_test_run ();
}
