/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the author of a provider on HTTP includes, besides nothing else: kms-module.h comes with it. */
#pragma once

#include <libkms/kms-module.h>

#define KMS_HTTP_INSIDE
#include <kms-http-buffer.h>
#include <kms-http-json.h>
#include <kms-http-message.h>
#include <kms-http-credentials.h>
#include <kms-http-direct.h>
#include <kms-http-provider.h>
#undef KMS_HTTP_INSIDE
