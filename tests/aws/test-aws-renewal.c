/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* When keys are asked for anew: before they end, once for all who wait, and in vain. */
#include "double-fixture.h"

static void
set_container (DoubleFixture *fixture, const AwsDoubleSession *session)
{
  g_autofree char *url = g_strconcat (test_server_get_address (fixture->server), AWS_DOUBLE_CONTAINER_PATH, NULL);

  aws_double_set_container (fixture->aws, NULL, session);
  g_setenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, TRUE);
}

/* A process that lies about when its keys end is not asked for ever: one refusal, one more try. */
static void
test_refused_twice (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .expired_seconds = 60 };

  g_unsetenv ("AWS_EC2_METADATA_DISABLED");
  aws_double_set_imds (fixture->aws, AWS_DOUBLE_IMDS_NORMAL, NULL, &session);
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "Encrypt"), ==, 2);
}

/* Short sessions are replaced by themselves, while values go on. */
static void
test_renewal (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .seconds = 2 };
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  set_container (fixture, &session);
  double_fixture_open (fixture, NULL, NULL);
  while (aws_double_count_entries_of (fixture->aws, "container") < 3 && g_get_monotonic_time () < end)
    {
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
      g_usleep (20000);
    }
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "container"), ==, 3);
}

/* Keys that are good for a while are used on while nobody hands out new ones. */
static void
test_renewal_in_vain (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .seconds = 9 };
  TestFault broken = { .kind = TEST_FAULT_ANSWER, .status = 404 };

  set_container (fixture, &session);
  double_fixture_open (fixture, NULL, NULL);
  g_bytes_unref (double_fixture_encrypt (fixture, ORDERS, NULL));
  test_server_add_fault (fixture->server, AWS_DOUBLE_CONTAINER_PATH, broken, 0);
  guint before = test_server_count_requests_of (fixture->server, AWS_DOUBLE_CONTAINER_PATH);
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  while (test_server_count_requests_of (fixture->server, AWS_DOUBLE_CONTAINER_PATH) == before
         && g_get_monotonic_time () < end)
    {
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
      g_usleep (20000);
    }
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, AWS_DOUBLE_CONTAINER_PATH), >, before);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

static gpointer
encrypt_one (gpointer fixture)
{
  return double_fixture_encrypt (fixture, ORDERS, NULL);
}

/* However many wait for keys, they are asked for once. */
static void
test_single_flight (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new_without_keys ();
  AwsDoubleSession session = { .policy = NULL };
  TestFault slow = { .kind = TEST_FAULT_NONE, .delay_ms = 200 };
  GThread *threads[8];

  set_container (fixture, &session);
  test_server_add_fault (fixture->server, AWS_DOUBLE_CONTAINER_PATH, slow, 0);
  double_fixture_open (fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("encrypt", encrypt_one, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_bytes_unref (g_thread_join (threads[i]));
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "container"), ==, 1);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "Encrypt"), ==, G_N_ELEMENTS (threads));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/renewal/refused-twice", test_refused_twice);
  g_test_add_func ("/aws/renewal/short-sessions", test_renewal);
  g_test_add_func ("/aws/renewal/in-vain", test_renewal_in_vain);
  g_test_add_func ("/aws/renewal/single-flight", test_single_flight);
  return g_test_run ();
}
