/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the author of a provider includes: the module contract, items and calls, besides all of kms.h. */
#pragma once

#include <libkms/kms.h>

#define KMS_INSIDE
#include <libkms/kms-module-info.h>
#include <libkms/kms-item.h>
#include <libkms/kms-call.h>
#include <libkms/kms-provider-class.h>
#undef KMS_INSIDE
