/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings without a version, as version 0 of the Ruby gem wrote them for each service. */
#include "box-fixture.h"

#include <string.h>

/* "p/l/r/k/3" and "hello", both with a line break. */
#define GOOGLE "$gc$cC9sL3Ivay8z\n$aGVsbG8=\n"
#define GOOGLE_TOLD "google: key=projects/p/locations/l/keyRings/r/cryptoKeys/k form=0 context=(none) input=hello"

static void
add_google (BoxFixture *self)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "google", "kms-tells.so", "Matches=projects/");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

static void
test_google (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) first = box_new (self, "1", "insecure-test-key");
  g_autoptr (KmsBox) later = box_new (self, "2", "tells/x");

  box_assert_refused (later, GOOGLE, -1, NULL, KMS_ERROR_NOT_FOUND, "projects/p/locations/l/keyRings/r/cryptoKeys/k");
  add_google (self);
  box_assert_decrypts (first, GOOGLE, NULL, GOOGLE_TOLD);
  box_assert_decrypts (later, GOOGLE, NULL, GOOGLE_TOLD);
  /* The third "$" belongs to the ciphertext, where it means nothing; five parts or more, only four count. */
  box_assert_decrypts (later, "$gc$cC9sL3Ivay8z\n$aGVs$bG8=\n", NULL, GOOGLE_TOLD);
  box_assert_decrypts (later, "$gc$cC9sL3Ivay8zL3g=$aGVsbG8", NULL, GOOGLE_TOLD);
  box_assert_decrypts (later, "$gc$cC9s\nL3I\nvaw==\n$aGVsbG8=\n", NULL, GOOGLE_TOLD);
}

/* Who takes what nobody claims did not encrypt what names its key. */
static void
test_google_fallback (BoxFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "aws", "kms-tells.so", "Fallback=true");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  g_autoptr (KmsBox) box = box_new (self, "1", "alias/x");
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, GOOGLE, -1, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (kms_inspection_get_provider (inspection));
  box_assert_refused (box, GOOGLE, -1, NULL, KMS_ERROR_NOT_FOUND, "claims the key id \"projects/p/locations/l/");
  box_assert_decrypts (box, "QQ==", NULL, "aws: key=alias/x form=0 context=(none) input=A");
}

static void
test_google_context (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "2", "tells/x");
  g_autoptr (KmsContext) context = box_context ("{\"b\":2,\"a\":\"1\"}");

  add_google (self);
  box_assert_decrypts (box, GOOGLE, context,
                       "google: key=projects/p/locations/l/keyRings/r/cryptoKeys/k form=3 "
                       "context={\"b\":2,\"a\":\"1\"} input=hello");
}

static void
test_google_damaged (BoxFixture *self, gconstpointer data)
{
  static const char *const damaged[] = {
    "$gc$",                     /* nothing at all */
    "$gc$cC9sL3Ivay8z",         /* no ciphertext */
    "$gc$$aGVsbG8=",            /* no key id */
    "$gc$cC9sL3I=\n$aGVsbG8=",  /* p/l/r */
    "$gc$cC9sLy9rLzE=$aGVsbG8", /* p/l//k/1 */
    "$gc$L2wvci9r\n$aGVsbG8=",  /* /l/r/k */
    "$gc$cAAvbC9yL2s=$aGVsbG8", /* p NUL /l/r/k */
    "$gc$/y9sL3Ivaw==$aGVsbG8", /* 0xff/l/r/k */
    "$gc$!!!!$aGVsbG8=",        /* not base64 */
  };
  g_autoptr (KmsBox) box = box_new (self, "1", "tells/x");

  add_google (self);
  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autoptr (KmsInspection) inspection = kms_inspect (damaged[i], -1, NULL);
      g_assert_cmpint (kms_inspection_get_format (inspection), ==, KMS_STORED_FORMAT_LEGACY_GOOGLE);
      g_assert_null (kms_inspection_get_key_id (inspection));
      box_assert_refused (box, damaged[i], -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "the key id between \"$gc$\" and");
    }
}

static void
test_near_misses (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "tells/x");

  /* All of them base64 with something in it that the lenient reader skips. */
  box_assert_decrypts (box, "$gcQUJD", NULL, "tells: key=x form=0 context=(none) input=\x81\xc4\x14\x24");
  box_assert_decrypts (box, " $gc$QUJD", NULL, "tells: key=x form=0 context=(none) input=\x81\xc4\x14\x24");
  box_assert_decrypts (box, "QUJD\nREVG\n", NULL, "tells: key=x form=0 context=(none) input=ABCDEF");
  box_assert_decrypts (box, "", NULL, "tells: key=x form=0 context=(none) input=");
}

static void
test_vault (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "vault/orders");
  g_autoptr (KmsBox) later = box_new (self, "2", "vault/orders");

  box_assert_decrypts (box, "vault:v1:AAAA/+==\n", NULL,
                       "tells: key=orders form=0 context=(none) input=vault:v1:AAAA/+==\n");
  box_assert_decrypts (box, "v1:dmF1bHQ6djE6QUFBQQ==", NULL,
                       "tells: key=orders form=0 context=(none) input=vault:v1:AAAA");
  box_assert_refused (later, "vault:v1:AAAA", -1, NULL, KMS_ERROR_NOT_ACTIVE, "version not active: 1");
}

static void
test_upgrade_context (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsContext) context = kms_context_new ("a", "1", NULL);

  add_google (self);
  kms_box_builder_set_key (builder, "1", "tells/x", NULL);
  kms_box_builder_set_upgrade_context (builder, TRUE);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autoptr (KmsBox) plain = box_new (self, "1", "tells/x");

  /* The empty map, which is not none. */
  box_assert_decrypts (box, "QQ==", context, "tells: key=x form=1 context={} input=A");
  box_assert_decrypts (box, "QQ==", NULL, "tells: key=x form=1 context={} input=A");
  box_assert_decrypts (box, "vault:v1:A", context, "tells: key=x form=1 context={} input=vault:v1:A");
  box_assert_decrypts (box, GOOGLE, context,
                       "google: key=projects/p/locations/l/keyRings/r/cryptoKeys/k form=1 context={} input=hello");
  box_assert_decrypts (box, "v1:QQ==", context, "tells: key=x form=1 context={\"a\":\"1\"} input=A");
  box_assert_decrypts (plain, "QQ==", context, "tells: key=x form=3 context={\"a\":\"1\"} input=A");
}

/* The bytes of to_json: the order and the types that were given, whatever they were. */
static void
test_contexts (BoxFixture *self, gconstpointer data)
{
  static const struct
  {
    const char *given;
    const char *told;
  } legacy[] = {
    { "{\"b\":1,\"a\":\"1\"}", "{\"b\":1,\"a\":\"1\"}" },
    { "{\"a\":null,\"b\":1.50,\"c\":[1,{\"d\":true}],\"e\":\"<\"}",
      "{\"a\":null,\"b\":1.50,\"c\":[1,{\"d\":true}],\"e\":\"\\u003c\"}" },
    { "[1, 2]", "[1,2]" },
    { "\"text\"", "\"text\"" },
    { "12", "12" },
  };
  g_autoptr (KmsBox) box = box_new (self, "1", "tells/x");
  g_autoptr (KmsContext) map = box_context ("{\"b\":1,\"a\":\"1\"}");
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "a\"b<", 4);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();

  for (guint i = 0; i < G_N_ELEMENTS (legacy); i++)
    {
      g_autoptr (KmsContext) context = kms_context_new_legacy (legacy[i].given, -1, NULL);
      g_autofree char *told = g_strdup_printf ("tells: key=x form=3 context=%s input=A", legacy[i].told);
      box_assert_decrypts (box, "QQ==", context, told);
    }
  box_assert_decrypts (box, "QQ==", map, "tells: key=x form=3 context={\"b\":1,\"a\":\"1\"} input=A");
  box_assert_decrypts (box, "v1:QQ==", map, "tells: key=x form=1 context={\"a\":\"1\",\"b\":\"1\"} input=A");
  box_assert_decrypts (box, "QQ==", raw, "tells: key=x form=3 context=\"a\\\"b\\u003c\" input=A");
  box_assert_decrypts (box, "v1:QQ==", raw, "tells: key=x form=2 context=a\"b< input=A");
  box_assert_decrypts (box, "QQ==", empty, "tells: key=x form=3 context={} input=A");
  box_assert_decrypts (box, "QQ==", NULL, "tells: key=x form=0 context=(none) input=A");
}

static void
test_order_matters (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "insecure-test-key");
  g_autofree char *stored = box_seal ("", "hello", "{\"b\":1,\"a\":2}");
  g_autoptr (KmsContext) right = box_context ("{\"b\":1,\"a\":2}");
  g_autoptr (KmsContext) turned = box_context ("{\"a\":2,\"b\":1}");
  g_autoptr (KmsContext) quoted = box_context ("{\"b\":\"1\",\"a\":2}");

  box_assert_decrypts (box, stored, right, "hello");
  box_assert_refused (box, stored, -1, turned, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
  box_assert_refused (box, stored, -1, quoted, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("legacy/google", test_google);
  BOX_TEST ("legacy/google-fallback", test_google_fallback);
  BOX_TEST ("legacy/google-context", test_google_context);
  BOX_TEST ("legacy/google-damaged", test_google_damaged);
  BOX_TEST ("legacy/near-misses", test_near_misses);
  BOX_TEST ("legacy/vault", test_vault);
  BOX_TEST ("legacy/upgrade-context", test_upgrade_context);
  BOX_TEST ("legacy/contexts", test_contexts);
  BOX_TEST ("legacy/order-matters", test_order_matters);
  return g_test_run ();
}
