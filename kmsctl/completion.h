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

/* What a shell offers for an option's value or a command's first argument. */
typedef enum {
  KMSCTL_OFFER_NOTHING,
  KMSCTL_OFFER_FILES,
  KMSCTL_OFFER_DIRECTORIES,
  KMSCTL_OFFER_BOXES,
  KMSCTL_OFFER_PROVIDERS,
  KMSCTL_OFFER_CONFIGURED, /* boxes and providers */
  KMSCTL_OFFER_WORDS,
  KMSCTL_N_OFFERS,
} KmsctlOffer;

/* Options that lead to other boxes: what stands on the line of them goes to the "kmsctl box list" that is asked, too. */
#define KMSCTL_THROUGH_FLAGS "--system --user --direct"
#define KMSCTL_THROUGH_VALUED "--socket --config-root"

/* `words` gets the words, blanks between them, for KMSCTL_OFFER_WORDS. */
KmsctlOffer kmsctl_offer_values (const KmsctlOption *option, char **words);
KmsctlOffer kmsctl_offer_arguments (const KmsctlCommand *command, char **words);

/* For shells with "case": a line for each option with a value, and for each command with a first argument. `snippets`
 * says what each offer is in the shell; "%s" in that for words stands for them. */
void kmsctl_append_value_cases (GString *out, const char *const snippets[KMSCTL_N_OFFERS]);
void kmsctl_append_argument_cases (GString *out, const char *const snippets[KMSCTL_N_OFFERS]);

/* "status|doctor|provider list|…" */
char *kmsctl_join_commands (const char *separator);

/* The words that may follow: after nothing, or after a group. In order, each once. */
GPtrArray *kmsctl_next_words (const char *group);

/* " --in --out -c ": options with a value, with blanks around each. */
char *kmsctl_join_valued (void);

/* For between single quotes of any of the three shells. */
char *kmsctl_quote (const char *text);

G_END_DECLS
