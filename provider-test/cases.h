/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of cases. */
#pragma once

#include "fixture.h"
#include "options.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name; /* GROUP/CASE: stable, since files of known failures name it */
  const char *asks; /* what has to be so, as a sentence */
  void (*run) (Fixture *fixture);
  FixtureNeeds needs;
} TestCase;

/* One table a group, ended by a case without a name. */
extern const TestCase cases_load[];
extern const TestCase cases_type[];
extern const TestCase cases_lifecycle[];
extern const TestCase cases_settings[];
extern const TestCase cases_contract[];
extern const TestCase cases_errors[];
extern const TestCase cases_keys[];
extern const TestCase cases_round_trip[];
extern const TestCase cases_rewrap[];
extern const TestCase cases_tamper[];
extern const TestCase cases_limits[];
extern const TestCase cases_concurrency[];
extern const TestCase cases_fork[];

const TestCase *cases_find (const char *name);

/* The cases that the options choose, in their order. */
GPtrArray *cases_select (const Options *options, GError **error);

G_END_DECLS
