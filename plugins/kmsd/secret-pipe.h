/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plaintexts of items into a pipe. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

typedef struct _SecretPipe SecretPipe;

/* The input of each item, framed by its length or, of a single one, as it is. What does not fit now is written while the
 * other side reads. The items outlive the pipe. */
SecretPipe *secret_pipe_new (GPtrArray *items, gboolean framed, GError **error);
void secret_pipe_free (SecretPipe *self);

/* Borrowed: the reading end. */
int secret_pipe_get_fd (SecretPipe *self);

G_END_DECLS
