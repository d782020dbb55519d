/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what: lists, defaults, names that are resolved once, and sentences that explain it. */
#include <access.h>

#include "config-fixture.h"

static guint n_lookups;

/* A machine with the user shop (1001) and the groups shop-decrypt (2001) and audit (2002). */
static gboolean
find_user (const char *name, guint32 *uid, gpointer user_data)
{
  n_lookups++;
  *uid = 1001;
  return strcmp (name, "shop") == 0;
}

static gboolean
find_group (const char *name, guint32 *gid, gpointer user_data)
{
  n_lookups++;
  *gid = strcmp (name, "shop-decrypt") == 0 ? 2001 : 2002;
  return strcmp (name, "shop-decrypt") == 0 || strcmp (name, "audit") == 0;
}

static const AccessResolver resolver = { find_user, find_group, NULL };

static AccessRules *
rules_of (const char *lines, AccessDefault unset)
{
  g_autoptr (KmsConfigInfo) info = config_fixture_read_box (lines, "");

  return access_rules_new (info, unset, 1000, &resolver);
}

static AccessDecision
check (AccessRules *rules, guint32 uid, guint32 gid, gboolean can_ask, AccessKind kind)
{
  guint32 gids[] = { 100, gid };
  AccessCaller caller = { uid, gids, G_N_ELEMENTS (gids), can_ask };

  return access_check (rules, &caller, kind);
}

/* The main case: who writes may not read. */
static void
test_encrypt_only_caller (void)
{
  g_autoptr (AccessRules)
    rules = rules_of ("EncryptFor=user:shop\nDecryptFor=group:shop-decrypt;uid:7\n", ACCESS_DEFAULT_NOBODY);

  g_assert_cmpint (check (rules, 1001, 1001, TRUE, ACCESS_ENCRYPT), ==, ACCESS_YES);
  g_assert_cmpint (check (rules, 1001, 1001, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 1002, 2001, TRUE, ACCESS_DECRYPT), ==, ACCESS_YES);
  g_assert_cmpint (check (rules, 1002, 2001, TRUE, ACCESS_ENCRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 7, 7, FALSE, ACCESS_DECRYPT), ==, ACCESS_YES);
  /* A number of a user is not one of a group. */
  g_assert_cmpint (check (rules, 2001, 1001, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 2001, 1001, TRUE, ACCESS_ENCRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 0, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
}

static void
test_unset (void)
{
  g_autoptr (AccessRules) system = rules_of ("EncryptFor=uid:1\n", ACCESS_DEFAULT_NOBODY);
  g_autoptr (AccessRules) session = rules_of ("EncryptFor=uid:1\n", ACCESS_DEFAULT_OWNER);

  g_assert_cmpint (check (system, 1000, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (system, 0, 0, TRUE, ACCESS_MANAGE), ==, ACCESS_NO);
  g_assert_cmpint (check (session, 1000, 0, FALSE, ACCESS_DECRYPT), ==, ACCESS_YES);
  g_assert_cmpint (check (session, 1000, 0, FALSE, ACCESS_MANAGE), ==, ACCESS_YES);
  g_assert_cmpint (check (session, 0, 0, FALSE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (session, 1000, 0, FALSE, ACCESS_ENCRYPT), ==, ACCESS_NO);
}

/* A list that is there and empty is no absent one. */
static void
test_empty (void)
{
  g_autoptr (AccessRules) session = rules_of ("DecryptFor=\n", ACCESS_DEFAULT_OWNER);

  g_assert_cmpint (check (session, 1000, 0, FALSE, ACCESS_DECRYPT), ==, ACCESS_NO);
}

static void
test_ask (void)
{
  g_autoptr (AccessRules) rules = rules_of ("EncryptFor=*\nDecryptFor=ask;user:shop\n", ACCESS_DEFAULT_NOBODY);

  g_assert_cmpint (check (rules, 5, 5, TRUE, ACCESS_DECRYPT), ==, ACCESS_ASK);
  g_assert_cmpint (check (rules, 5, 5, FALSE, ACCESS_DECRYPT), ==, ACCESS_NO);
  /* Who may anyway is not asked, wherever in the list that stands. */
  g_assert_cmpint (check (rules, 1001, 5, TRUE, ACCESS_DECRYPT), ==, ACCESS_YES);
  g_assert_cmpint (check (rules, 5, 5, FALSE, ACCESS_ENCRYPT), ==, ACCESS_YES);
}

static void
test_may_see (void)
{
  g_autoptr (AccessRules) rules = rules_of ("RewrapFor=uid:5\nManageFor=ask\n", ACCESS_DEFAULT_NOBODY);
  AccessCaller rewraps = { 5, NULL, 0, FALSE }, asks = { 6, NULL, 0, TRUE }, other = { 6, NULL, 0, FALSE };

  g_assert_true (access_may_see (rules, &rewraps));
  g_assert_true (access_may_see (rules, &asks));
  g_assert_false (access_may_see (rules, &other));
}

static void
test_unknown_names (void)
{
  g_autoptr (AccessRules)
    rules = rules_of ("DecryptFor=user:shopp;group:nobody-here;user:shop\n", ACCESS_DEFAULT_NOBODY);
  const char *const *warnings = access_rules_get_warnings (rules);

  g_assert_cmpuint (g_strv_length ((char **) warnings), ==, 2);
  g_assert_nonnull (strstr (warnings[0], "orders.box: [Box] DecryptFor: \"user:shopp\" is not known"));
  g_assert_nonnull (strstr (warnings[1], "group:nobody-here"));
  g_assert_cmpint (check (rules, 1001, 5, TRUE, ACCESS_DECRYPT), ==, ACCESS_YES);
  /* What the resolver left in the number is nobody's. */
  g_assert_cmpint (check (rules, 5, 2002, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
}

/* The registry refuses such a box; should its rules be asked for all the same, they let in who is understood. */
static void
test_broken_list (void)
{
  g_autoptr (AccessRules) rules = rules_of ("DecryptFor=root;uid:4294967295;uid:+5;uid:6\n", ACCESS_DEFAULT_OWNER);

  g_assert_cmpuint (g_strv_length ((char **) access_rules_get_warnings (rules)), ==, 3);
  g_assert_cmpint (check (rules, 0, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, G_MAXUINT32, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 5, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
  g_assert_cmpint (check (rules, 6, 0, TRUE, ACCESS_DECRYPT), ==, ACCESS_YES);
}

static void
test_names_once (void)
{
  n_lookups = 0;
  g_autoptr (AccessRules) rules = rules_of ("DecryptFor=user:shop;group:audit\n", ACCESS_DEFAULT_NOBODY);

  for (guint i = 0; i < 1000; i++)
    check (rules, i, i, TRUE, ACCESS_DECRYPT);
  g_assert_cmpuint (n_lookups, ==, 2);
}

/* The real resolver, on names that every machine has. */
static void
test_nss (void)
{
  g_autoptr (KmsConfigInfo) info = config_fixture_read_box ("DecryptFor=user:root;group:daemon\n", "");
  g_autoptr (AccessRules) rules = access_rules_new (info, ACCESS_DEFAULT_NOBODY, 0, NULL);

  g_assert_null (access_rules_get_warnings (rules)[0]);
  g_assert_cmpint (check (rules, 0, 500, TRUE, ACCESS_DECRYPT), ==, ACCESS_YES);
  g_assert_cmpint (check (rules, 500, 500, TRUE, ACCESS_DECRYPT), ==, ACCESS_NO);
}

static void
assert_explained (AccessRules *rules, guint32 uid, gboolean can_ask, AccessKind kind, const char *begin,
                  const char *words)
{
  AccessCaller caller = { uid, NULL, 0, can_ask };
  g_autofree char *text = access_explain (rules, &caller, kind);

  g_test_message ("%s", text);
  g_assert_true (g_str_has_prefix (text, begin));
  g_assert_nonnull (strstr (text, words));
}

static void
test_explain (void)
{
  g_autoptr (AccessRules)
    rules = rules_of ("EncryptFor=user:shop;uid:1\nDecryptFor=ask\nRewrapFor=\n", ACCESS_DEFAULT_NOBODY);
  g_autoptr (AccessRules) session = rules_of ("", ACCESS_DEFAULT_OWNER);

  assert_explained (rules, 1001, TRUE, ACCESS_ENCRYPT, "yes: uid 1001 is in EncryptFor (user:shop)", "orders.box");
  assert_explained (rules, 9, TRUE, ACCESS_ENCRYPT, "no: ", "names neither uid 9");
  assert_explained (rules, 9, TRUE, ACCESS_DECRYPT, "ask: ", "polkit");
  assert_explained (rules, 9, FALSE, ACCESS_DECRYPT, "no: ", "only on the system bus");
  assert_explained (rules, 9, FALSE, ACCESS_REWRAP, "no: ", "lets nobody in");
  assert_explained (rules, 9, FALSE, ACCESS_MANAGE, "no: box \"orders\" has no ManageFor=", "nobody");
  assert_explained (session, 1000, FALSE, ACCESS_MANAGE, "yes: ", "owner");
  assert_explained (session, 9, FALSE, ACCESS_MANAGE, "no: ", "uid 1000");
}

/* What each operation needs and what lockdown leaves of it: dbus.md's words, item by item. */
static const struct
{
  const char *operation;
  const char *key;
  gboolean in_encrypt_only;
  gboolean counts;
} expected[] = {
  { "encrypt", "EncryptFor", TRUE, FALSE },
  { "decrypt", "DecryptFor", FALSE, TRUE },
  { "rewrap", "RewrapFor", FALSE, FALSE },
  { "generate-data-key", "EncryptFor", TRUE, FALSE },
  { "generate-data-key-without-plaintext", "EncryptFor", TRUE, FALSE },
  { "rotate-key", "ManageFor", TRUE, FALSE },
};

static void
test_operations (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (expected), ==, N_OPERATIONS);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      Operation operation;
      g_assert_true (operation_from_string (expected[i].operation, &operation));
      g_assert_cmpstr (operation_to_string (operation), ==, expected[i].operation);
      g_assert_cmpstr (access_kind_get_key (operation_get_access (operation)), ==, expected[i].key);
      g_assert_true (operation_is_permitted_in (operation, LOCKDOWN_NORMAL));
      g_assert_cmpint (operation_is_permitted_in (operation, LOCKDOWN_ENCRYPT_ONLY), ==, expected[i].in_encrypt_only);
      g_assert_false (operation_is_permitted_in (operation, LOCKDOWN_SEALED));
      g_assert_false (operation_is_permitted_in (operation, (LockdownMode) 77));
      g_assert_cmpint (operation_counts_for_alert (operation), ==, expected[i].counts);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/access/encrypt-only-caller", test_encrypt_only_caller);
  g_test_add_func ("/access/unset", test_unset);
  g_test_add_func ("/access/empty", test_empty);
  g_test_add_func ("/access/ask", test_ask);
  g_test_add_func ("/access/may-see", test_may_see);
  g_test_add_func ("/access/unknown-names", test_unknown_names);
  g_test_add_func ("/access/broken-list", test_broken_list);
  g_test_add_func ("/access/names-once", test_names_once);
  g_test_add_func ("/access/nss", test_nss);
  g_test_add_func ("/access/explain", test_explain);
  g_test_add_func ("/access/operations", test_operations);
  return g_test_run ();
}
