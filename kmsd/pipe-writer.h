/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives secrets to a caller through a pipe. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* The reading end of a pipe that holds the secret; -1 with an error: TOO_LARGE beyond MAX_SECRET. */
int pipe_write (KmsSecret *secret, GError **error);

/* The same with any number of bytes: what does not fit is written while the other end reads, until PIPE_TIMEOUT_MS have
 * passed without progress, or nobody reads any more. Calls done at the end, whatever it was; perhaps at once. */
int pipe_write_on (KmsSecret *secret, GDestroyNotify done, gpointer user_data, GError **error);

G_END_DECLS
