/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fuzz target is: one function, which libFuzzer or the plain runner calls with bytes. */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

G_BEGIN_DECLS

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Unlike an assertion, this is there in every build, and it dies where both kinds of runner see it. */
#define FUZZ_CHECK(condition)                                                                                          \
  do                                                                                                                   \
    {                                                                                                                  \
      if (G_UNLIKELY (!(condition)))                                                                                   \
        {                                                                                                              \
          fprintf (stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                   \
          abort ();                                                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
  while (0)

/* Either a result or an error that says something, never both and never neither. */
#define FUZZ_CHECK_OUTCOME(ok, error)                                                                                  \
  do                                                                                                                   \
    {                                                                                                                  \
      FUZZ_CHECK ((ok) ? (error) == NULL : (error) != NULL);                                                           \
      FUZZ_CHECK ((error) == NULL || (error)->message[0] != '\0');                                                     \
    }                                                                                                                  \
  while (0)

G_END_DECLS
