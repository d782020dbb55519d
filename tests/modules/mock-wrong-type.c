/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its type exists, but is no provider. */
#include "mock.h"

typedef GObject MockWrongType;
typedef GObjectClass MockWrongTypeClass;

GType mock_wrong_type_get_type (void);
G_DEFINE_TYPE (MockWrongType, mock_wrong_type, G_TYPE_OBJECT)

static void
mock_wrong_type_init (MockWrongType *self)
{
}

static void
mock_wrong_type_class_init (MockWrongTypeClass *klass)
{
}

KMS_MODULE_DEFINE (.id = "wrong-type", .type_name = "MockWrongType", .get_type = mock_wrong_type_get_type, MOCK_ORIGIN);
