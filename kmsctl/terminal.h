/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions on the terminal. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* Whether somebody can be asked: there is a terminal, and neither --no-ask nor --json. */
gboolean kmsctl_can_ask (Kmsctl *self);

/* Without echo; an empty answer is an empty secret. */
KmsSecret *kmsctl_ask_secret (Kmsctl *self, const char *prompt, gboolean confirm, GError **error);

/* TRUE for yes; without a terminal, default_answer. */
gboolean kmsctl_confirm (Kmsctl *self, const char *question, gboolean default_answer, GError **error);

/* What kms_registry_set_ask_secret_func() gets. */
KmsSecret *kmsctl_ask_for_provider (KmsProvider *provider, const char *prompt, gboolean confirm,
                                    GCancellable *cancellable, gpointer kmsctl, GError **error);

/* A passphrase for what is not a provider's own: an exported key. */
KmsSecret *kmsctl_ask_passphrase (Kmsctl *self, const char *prompt, gboolean confirm, GError **error);

/* Turns the echo on again, where it was off. */
void kmsctl_terminal_restore (void);

G_END_DECLS
