/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods that encrypt, decrypt and rewrap have in common: their options, the run, what is told besides. */
#pragma once

#include "call.h"
#include "context-options.h"
#include "operation.h"

G_BEGIN_DECLS

/* call->data of these methods. */
typedef struct
{
  Operation operation;
  KmsBatch *batch;
  gboolean bare;   /* the provider's bytes, without version and base64 */
  guint32 version; /* of bare ciphertexts */
  ContextOptions context, new_context;
  gboolean has_dialect;
  KmsJsonDialect dialect;
  int fd;          /* of plaintexts that are still to be read, or -1 */
  CallFunc answer; /* called when the batch was run */
} Values;

extern const OptionSpec values_options[];
#define N_VALUES_OPTIONS 5 /* of encrypting and decrypting */
#define N_REWRAP_OPTIONS 8

/* Makes call->data of the options. */
gboolean values_init (Call *call, Operation operation, GError **error);
Values *values_get (Call *call);

/* The context of an a{ss}. */
KmsContext *values_make_context (Call *call, GVariant *map, GError **error);

/* Adds a ciphertext as the caller sent it (ay), with its contexts. */
gboolean values_add_ciphertext (Call *call, GVariant *bytes, KmsContext *context, KmsContext *new_context,
                                GError **error);

/* Looks at lockdown again and runs the batch; then lockdown once more, and answer() if all is well. Items that failed
 * alone are the answer's matter. */
void values_run (Call *call, CallFunc answer);

/* ay: a ciphertext as the caller wants it. */
GVariant *values_get_ciphertext (Call *call, guint index);

/* a{sv}: what is told besides. */
GVariant *values_get_info (Call *call, guint index);

G_END_DECLS
