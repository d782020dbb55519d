/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before a batch is run: the providers that it needs are opened, where that holds nobody up. */
#pragma once

#include "values.h"

G_BEGIN_DECLS

/* Calls back when the providers of all items are open; or, with FALSE, when one can't be opened, or is not known before
 * the string is read: then the batch is run with values_run_elsewhere(), and its items tell what is wrong. */
void values_open (Call *call, ValuesOpenFunc func);

/* kms_box_run_async() from a thread that may be kept waiting; the callback comes in this one. */
void values_run_elsewhere (Call *call, GAsyncReadyCallback callback);

G_END_DECLS
