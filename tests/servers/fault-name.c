/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of faults. */
#include "fault-name.h"

static const char *const kinds[] = {
  [TEST_FAULT_NONE] = "none",
  [TEST_FAULT_ANSWER] = "answer",
  [TEST_FAULT_SILENCE] = "silence",
  [TEST_FAULT_RESET_BEFORE_READING] = "reset-before-reading",
  [TEST_FAULT_RESET_AFTER_READING] = "reset-after-reading",
  [TEST_FAULT_RESET_AFTER_HANDLING] = "reset-after-handling",
  [TEST_FAULT_CLOSE_AFTER_READING] = "close-after-reading",
  [TEST_FAULT_HALF_HEADERS] = "half-headers",
  [TEST_FAULT_HALF_BODY] = "half-body",
  [TEST_FAULT_TRUNCATED_BODY] = "truncated-body",
  [TEST_FAULT_WRONG_TYPE] = "wrong-type",
  [TEST_FAULT_HTML] = "html",
  [TEST_FAULT_CHUNKED_WITHOUT_END] = "chunked-without-end",
  [TEST_FAULT_CHUNKED_CUT] = "chunked-cut",
  [TEST_FAULT_LENGTH_TOO_LONG] = "length-too-long",
  [TEST_FAULT_LENGTH_TOO_SHORT] = "length-too-short",
  [TEST_FAULT_ENDLESS_BODY] = "endless-body",
  [TEST_FAULT_ENDLESS_CHUNKS] = "endless-chunks",
  [TEST_FAULT_STALE] = "stale",
  [TEST_FAULT_GARBAGE] = "garbage",
};

gboolean
fault_kind_from_name (const char *name, TestFaultKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i], name))
      {
        *kind = (TestFaultKind) i;
        return TRUE;
      }
  return FALSE;
}
