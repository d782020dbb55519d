/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the base class share. */
#pragma once

#include "kms-http-exchange.h"
#include "kms-http-network.h"
#include "kms-http-provider.h"

G_BEGIN_DECLS

#define KMS_HTTP_N_OPTIONS (KMS_HTTP_OPTION_RESPONSE_SIZE + 1)

/* Settled when the provider is opened, but for the engine, which its own thread makes, uses and frees. */
typedef struct
{
  KmsHttpNetwork network;
  gint64 options[KMS_HTTP_N_OPTIONS];
  KmsHttpEngine *engine;
  GThread *thread; /* atomic: the provider's own, once the engine was made; never looked into */
} KmsHttpProviderPrivate;

KmsHttpProviderPrivate *_kms_http_provider_get_private (KmsHttpProvider *self);

/* On the provider's own thread. */
KmsHttpEngine *_kms_http_provider_get_engine (KmsHttpProvider *self);

/* For as long as it takes, but not for ever: a last request, which nobody may wait for. */
void _kms_http_provider_say_farewell (KmsHttpProvider *self, KmsHttpEngine *engine);

/* TLS settings of the provider's file, above what the provider itself has set. */
gboolean _kms_http_provider_load_tls (KmsHttpProvider *self, GError **error);

G_END_DECLS
