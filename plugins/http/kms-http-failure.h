/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong where no answer came. */
#pragma once

#include "kms-http-transport.h"

G_BEGIN_DECLS

/* An error of ours for what libsoup or GIO reported about the message. `sent`: whether the request may have left. */
KmsHttpFailure _kms_http_failure_classify (SoupMessage *message, const GError *cause, gboolean sent, GError **error);

/* The host and port of the message, for people; nothing else of its URL. */
char *_kms_http_failure_dup_server (SoupMessage *message);

G_END_DECLS
