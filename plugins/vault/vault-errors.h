/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong on the server, in our words: the one table. */
#pragma once

#include "vault-envelope.h"
#include "vault-message.h"

G_BEGIN_DECLS

typedef enum {
  VAULT_DOING_OTHER = 1 << 0,
  VAULT_DOING_ENCRYPT = 1 << 1,
  VAULT_DOING_DECRYPT = 1 << 2, /* and rewrap */
} VaultDoing;

/* What an error is about. */
typedef struct
{
  const char *path; /* what was asked for */
  VaultDoing doing;
  const char *request_id; /* nullable */
  gboolean may_renew;     /* another token might help */
  VaultRoute *route;      /* nullable: a sealed server is not asked again then */
  gboolean show_words;    /* the server's own, filtered: what was sent held no secret */
} VaultScene;

/* The status may be 0 for the error of one item; `texts` are the server's. Never KMS_HTTP_DONE or KMS_HTTP_AGAIN. */
KmsHttpVerdict vault_errors_judge (guint status, const char *const *texts, guint n_texts, const VaultScene *scene,
                                   GError **error);

/* For an answer that is an error as a whole, or none that can be read. */
KmsHttpVerdict vault_errors_judge_answer (guint status, const VaultEnvelope *answer, const VaultScene *scene,
                                          GError **error);

/* Whether the server says that it was the token, not its policy. */
gboolean vault_errors_blame_token (const VaultEnvelope *answer);

G_END_DECLS
