/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A registry with providers of every kind, for the tests of boxes. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"

G_BEGIN_DECLS

/* Key ids: insecure-test-key; local/…; tells/… and vault/… (calls run elsewhere), inline/… (calls run here),
 * rewraps/… (rewraps within itself): these answer with what they got; hangs/… never answers;
 * late/PATH encrypts once the file is there, and writes to it what it then reads of the plaintext. */
typedef struct
{
  char *root;
  KmsRegistry *registry;
} BoxFixture;

void box_fixture_setup (BoxFixture *self, gconstpointer data);
void box_fixture_teardown (BoxFixture *self, gconstpointer data);

/* Makes a master key of the local provider. */
void box_fixture_add_local_key (BoxFixture *self, const char *name);

KmsBox *box_new (BoxFixture *self, const char *version, const char *key_id);
KmsBox *box_end (KmsBoxBuilder *builder);

KmsSecret *box_secret (const char *text);

/* A context from its JSON. */
KmsContext *box_context (const char *json);

/* What the test key makes of a text and the JSON of its context (NULL: none), put together without libkms. */
char *box_seal (const char *prefix, const char *text, const char *json);

/* A stored string for bytes. */
char *box_store (const char *prefix, const char *bytes);

char *box_encrypt (KmsBox *box, const char *text, KmsContext *context);
void box_assert_decrypts (KmsBox *box, const char *stored, KmsContext *context, const char *expected);
void box_assert_refused (KmsBox *box, const char *stored, gssize length, KmsContext *context, KmsError code,
                         const char *part);
void box_assert_refuses_to_encrypt (KmsBox *box, KmsContext *context, KmsError code, const char *part);
void box_assert_error (const GError *error, KmsError code, const char *part);

#define BOX_TEST(path, function)                                                                                       \
  g_test_add ("/box/" path, BoxFixture, NULL, box_fixture_setup, function, box_fixture_teardown)

G_END_DECLS
