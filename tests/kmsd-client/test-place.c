/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key ids of boxes that a daemon keeps, and errors that it sends. */
#include <string.h>

#include "kmsd-failure.h"
#include "kmsd-place.h"

static void
test_good (void)
{
  static const struct
  {
    const char *key_id, *socket, *box, *start;
    KmsdBus bus;
  } cases[] = {
    { "system/orders", NULL, "orders", "system/", KMSD_BUS_SYSTEM },
    { "session/a.b-c_d", NULL, "a.b-c_d", "session/", KMSD_BUS_SESSION },
    { "socket:/run/kmsd/private/orders", "/run/kmsd/private", "orders", "socket:/run/kmsd/private/", KMSD_BUS_SOCKET },
    { "socket:/s/b", "/s", "b", "socket:/s/", KMSD_BUS_SOCKET },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KmsdPlace) place = { 0 };
      g_autoptr (GError) error = NULL;
      const char *box;

      g_assert_true (kmsd_place_parse (cases[i].key_id, &place, &box, &error));
      g_assert_no_error (error);
      g_autofree char *start = kmsd_place_to_string (&place);
      g_assert_cmpint (place.bus, ==, cases[i].bus);
      g_assert_cmpstr (place.socket, ==, cases[i].socket);
      g_assert_cmpstr (box, ==, cases[i].box);
      g_assert_cmpstr (start, ==, cases[i].start);
    }
}

static void
test_bad (void)
{
  g_autofree char *long_path = g_strnfill (200, 'x');
  g_autofree char *too_long = g_strconcat ("socket:/", long_path, "/orders", NULL);
  const char *const cases[] = {
    "",          "orders",      "system",        "system/",         "system/a/b",          "session/",
    "sessionx/", "socket:",     "socket:orders", "socket:/orders",  "socket:/run/x/",      "socket:run/x/orders",
    "System/a",  "system/\xff", "socket://a",    "socket:/run//ab", "local/system/orders", "system/a\nb",
    "a\xffz",    too_long,
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KmsdPlace) place = { 0 };
      g_autoptr (GError) error = NULL;
      const char *box;

      if (kmsd_place_parse (cases[i], &place, &box, &error))
        g_error ("\"%s\" was taken", cases[i]);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      g_assert_null (place.socket);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\n'));
    }
}

static void
test_failures (void)
{
  static const struct
  {
    const char *name;
    KmsError code;
    gboolean is_loss;
  } cases[] = {
    { "org.libkms.Kms1.Error.LockedDown", KMS_ERROR_LOCKED_DOWN, FALSE },
    { "org.libkms.Kms1.Error.NotAuthorized.Dismissed", KMS_ERROR_NOT_AUTHORIZED_DISMISSED, FALSE },
    { "org.libkms.Kms1.Error.OfNextYear", KMS_ERROR_FAILED, FALSE },
    { "org.freedesktop.DBus.Error.ServiceUnknown", KMS_ERROR_UNAVAILABLE, FALSE },
    { "org.freedesktop.DBus.Error.Spawn.ChildExited", KMS_ERROR_UNAVAILABLE, FALSE },
    { "org.freedesktop.DBus.Error.NoReply", KMS_ERROR_UNAVAILABLE, TRUE },
    { "org.freedesktop.DBus.Error.AccessDenied", KMS_ERROR_NOT_AUTHORIZED, FALSE },
    { "org.freedesktop.DBus.Error.LimitsExceeded", KMS_ERROR_QUOTA, FALSE },
    { "org.freedesktop.DBus.Error.UnknownMethod", KMS_ERROR_NOT_SUPPORTED, FALSE },
    { "com.example.Whatever", KMS_ERROR_FAILED, FALSE },
  };
  const KmsdPlace place = { KMSD_BUS_SESSION, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError)
        error = kmsd_failure_of_call (&place, g_dbus_error_new_for_dbus_error (cases[i].name, "as it was said"));

      g_assert_error (error, KMS_ERROR, (int) cases[i].code);
      g_assert_cmpstr (kms_error_get_service_code (error), ==, cases[i].name);
      g_assert_nonnull (strstr (error->message, "as it was said"));
      g_assert_null (strstr (error->message, "GDBus.Error"));
      g_assert_cmpint (kmsd_failure_is_loss (error), ==, cases[i].is_loss);
    }
}

static void
test_local_failures (void)
{
  const KmsdPlace place = { KMSD_BUS_SOCKET, (char *) "/run/x" };
  g_autoptr (GError)
    closed = kmsd_failure_of_call (&place, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "closed"));
  g_autoptr (GError)
    late = kmsd_failure_of_call (&place, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "late"));
  g_autoptr (GError)
    cancelled = kmsd_failure_of_call (&place, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "no more"));

  g_assert_error (closed, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  g_assert_true (kmsd_failure_is_loss (closed));
  g_assert_nonnull (strstr (closed->message, "the socket /run/x"));
  g_assert_error (late, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_false (kmsd_failure_is_loss (late));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kmsd-client/place/good", test_good);
  g_test_add_func ("/kmsd-client/place/bad", test_bad);
  g_test_add_func ("/kmsd-client/failure/remote", test_failures);
  g_test_add_func ("/kmsd-client/failure/local", test_local_failures);
  return g_test_run ();
}
