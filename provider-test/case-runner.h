/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one case in a process of its own, and says what became of it. */
#pragma once

#include "cases.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *failures; /* texts; none: the case passed */
  GPtrArray *notes;
  char *skipped; /* the reason, or NULL */
} Outcome;

typedef struct
{
  const Options *options;
  char **arguments; /* of this process */
  const char *directory;
} CaseRunner;

/* Ends at once, with a failure, when the loop's owner sets *interrupted and wakes the default main context. */
void case_runner_run (const CaseRunner *self, const TestCase *test, const gboolean *interrupted, Outcome *outcome);
void outcome_clear (Outcome *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

G_END_DECLS
