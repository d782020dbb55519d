/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its type is a provider of which no instance can be made. */
#include "mock.h"

typedef struct
{
  KmsProvider parent_instance;
} MockAbstract;

typedef KmsProviderClass MockAbstractClass;

GType mock_abstract_get_type (void);
G_DEFINE_ABSTRACT_TYPE (MockAbstract, mock_abstract, KMS_TYPE_PROVIDER)

static void
mock_abstract_init (MockAbstract *self)
{
}

static void
mock_abstract_class_init (MockAbstractClass *klass)
{
  mock_behave (klass);
}

KMS_MODULE_DEFINE (.id = "abstract-type", .type_name = "MockAbstract", .get_type = mock_abstract_get_type, MOCK_ORIGIN);
