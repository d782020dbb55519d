/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys */
#include "cases.h"

const TestCase cases_keys[] = {
  { NULL },
};
