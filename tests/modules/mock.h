/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the mock modules share: a provider that would behave. Each mock then does one thing wrong. */
#pragma once

#include <string.h>

#include <libkms/kms-module.h>

/* A type that derives directly from KmsProvider; the mock writes prefix_class_init(). */
#define MOCK_DEFINE_TYPE(Type, prefix)                                                                                 \
  typedef struct                                                                                                       \
  {                                                                                                                    \
    KmsProvider parent_instance;                                                                                       \
  } Type;                                                                                                              \
  typedef KmsProviderClass Type##Class;                                                                                \
  GType prefix##_get_type (void);                                                                                      \
  G_DEFINE_TYPE (Type, prefix, KMS_TYPE_PROVIDER)                                                                      \
  static void prefix##_init (Type *self)                                                                               \
  {                                                                                                                    \
  }

#define MOCK_ORIGIN .version = "1", .license = "LGPL-2.1-or-later", .origin = "the tests of libkms"

/* The ciphertext is the plaintext: nobody may mistake these for real ones. */
static inline void
mock_echo_item (KmsItem *item)
{
  gsize length;
  const guint8 *input = kms_item_get_input (item, &length);
  guint8 *output = kms_item_reserve (item, length);

  if (output == NULL)
    return;
  memcpy (output, input, length);
  kms_item_commit (item, length);
}

static inline gboolean
mock_echo (KmsProvider *self, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    mock_echo_item (kms_call_get_item (call, i));
  return TRUE;
}

static inline void
mock_behave (KmsProviderClass *klass)
{
  klass->encrypt = mock_echo;
  klass->decrypt = mock_echo;
}

/* Answers every item with a text. */
static inline void
mock_answer_item (KmsItem *item, const char *text)
{
  guint8 *output = kms_item_reserve (item, strlen (text));

  if (output == NULL)
    return;
  memcpy (output, text, strlen (text));
  kms_item_commit (item, strlen (text));
}
