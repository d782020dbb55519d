/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shared object like thousands of others. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern int mock_something;
int mock_something = 1;
