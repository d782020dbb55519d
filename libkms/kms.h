/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What applications include: everything but what only module authors need. */
#pragma once

#define KMS_INSIDE
#include <libkms/kms-version.h>
#include <libkms/kms-types.h>
#include <libkms/kms-error.h>
#include <libkms/kms-base64.h>
#include <libkms/kms-secret.h>
#include <libkms/kms-context.h>
#include <libkms/kms-key.h>
#include <libkms/kms-report.h>
#include <libkms/kms-batch.h>
#include <libkms/kms-provider.h>
#include <libkms/kms-audit-hasher.h>
#include <libkms/kms-key-admin.h>
#include <libkms/kms-config-info.h>
#include <libkms/kms-registry.h>
#include <libkms/kms-box.h>
#include <libkms/kms-lockbox.h>
#include <libkms/kms-value.h>
#include <libkms/kms-model.h>
#include <libkms/kms-store.h>
#include <libkms/kms-rotation.h>
#include <libkms/kms-record.h>
#include <libkms/kms-record-reader.h>
#include <libkms/kms-enums.h>
#undef KMS_INSIDE
