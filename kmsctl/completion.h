/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completion scripts, written from the table. */
#pragma once

#include "command.h"

G_BEGIN_DECLS

void kmsctl_complete_bash (GString *out);
void kmsctl_complete_zsh (GString *out);
void kmsctl_complete_fish (GString *out);

typedef void KmsctlOptionFunc (const KmsctlOption *option, gpointer user_data);

/* Each option of the program once, whichever commands have it. */
void kmsctl_each_option (KmsctlOptionFunc *func, gpointer user_data);

/* "status|doctor|provider list|…" */
char *kmsctl_join_commands (const char *separator);

/* The words that may follow: after nothing, or after a group. In order, each once. */
GPtrArray *kmsctl_next_words (const char *group);

/* " --in --out -c ": options with a value, with blanks around each. */
char *kmsctl_join_valued (void);

/* The first word of a command's arguments, without brackets and dots: "TARGET", "PROVIDER", "bash|zsh|fish", "". */
char *kmsctl_first_argument (const KmsctlCommand *command);

/* For between single quotes of any of the three shells. */
char *kmsctl_quote (const char *text);

G_END_DECLS
