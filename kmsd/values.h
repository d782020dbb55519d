/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods that encrypt, decrypt and rewrap have in common: their options, the run, what is told besides. */
#pragma once

#include "call.h"
#include "context-options.h"
#include "operation.h"

G_BEGIN_DECLS

typedef void (*ValuesOpenFunc) (Call *call, gboolean is_open);

/* call->data of these methods. */
typedef struct
{
  Operation operation;
  KmsBatch *batch;
  GPtrArray *contexts; /* of KmsContext, of each item, or one for all */
  GPtrArray *versions; /* of text: what ciphertexts say that they are */
  gboolean bare;       /* the provider's bytes, without version and base64 */
  gboolean brief;      /* one result for all that are alike */
  guint32 version;     /* of bare ciphertexts */
  ContextOptions context, new_context;
  KmsJsonDialect dialect; /* of contexts */
  guint dialects;         /* that their bytes leave over, a bit for each; 0: there were none */
  int fd;                 /* of plaintexts that are still to be read, or -1 */
  gint64 run_started;     /* monotonic */
  KmsSecret *data_key;    /* that was made for the caller, or NULL */
  GError *refusal;        /* of lockdown, while the batch ran */
  gboolean is_open;       /* all providers that are needed */
  gboolean is_compared;   /* is_alike is known */
  gboolean is_alike;      /* all items have succeeded, and there is the same to say of each */
  KmsContext *shown;      /* borrowed: the context that was shown last, and what of it */
  char *shown_text;
  AuditContextPolicy shown_form;
  const char *opening; /* the version whose provider is waited for: values-open.c's */
  ValuesOpenFunc opened;
  CallFunc answer; /* called when the batch was run */
} Values;

#define N_VALUES_OPTIONS 9
extern const OptionSpec values_batch_options[N_VALUES_OPTIONS];
extern const OptionSpec values_options[N_VALUES_OPTIONS];

/* Makes call->data of the options. */
gboolean values_init (Call *call, Operation operation, GError **error);
Values *values_get (Call *call);

/* The context of an a{ss}, and, when those are made, the one that is meant from now on (NULL: the same). */
KmsContext *values_make_context (Call *call, GVariant *map, gsize index, GError **error);
gboolean values_make_new_context (Call *call, KmsContext **context, GError **error);

/* The context of the next item is known before its plaintext is. One for all is the same object each time. */
void values_add_context (Call *call, KmsContext *context);

/* Borrowed; NULL where it is not known yet. */
KmsContext *values_get_context (Call *call, guint index);

/* Adds a ciphertext as the caller sent it (ay), with its contexts. */
gboolean values_add_ciphertext (Call *call, GVariant *bytes, KmsContext *context, KmsContext *new_context,
                                GError **error);

/* Asks whether it is permitted to so many items. */
void values_permit (Call *call, guint n_items, CallFunc next);

/* Looks at lockdown again and runs the batch; then lockdown once more, and answer() when the outcomes are in the audit
 * log. If the batch is of one item, its error is the call's; else they are answer's matter. */
void values_run (Call *call, CallFunc answer);

/* ay: a ciphertext as the caller wants it. */
GVariant *values_get_ciphertext (Call *call, guint index);

/* aay: all of a batch. */
GVariant *values_list_ciphertexts (Call *call);

/* The version of a ciphertext, or the one that encrypts. */
const char *values_get_version (Call *call, guint index);

/* a{sv}, floating or borrowed: what is told besides; and whether it is the same of two items. */
GVariant *values_get_info (Call *call, guint index);
gboolean values_have_same_info (Call *call, guint index, guint other);

/* Once the batch was run: whether all items have succeeded, and there is the same to say of each. */
gboolean values_succeed_alike (Call *call);

G_END_DECLS
