/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what a caller wrote into a pipe, straight into locked memory, within a deadline and without ever blocking. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* What was read, in pieces (of KmsSecret, at least one, all full but for the last); borrowed. NULL with an error. */
typedef void (*PipeReadFunc) (GPtrArray *chunks, const GError *error, gpointer user_data);

/* Takes the descriptor over. A pipe is read to its end; a memfd must be sealed, so that nobody changes it meanwhile;
 * everything else is refused (files, sockets, devices). TOO_LARGE beyond max_length, TIMED_OUT for a pipe that stays open.
 * Calls back once, perhaps at once; after a cancellation with that error. */
/* Whether there may be so many bytes more. */
typedef gboolean (*PipeRoomFunc) (gsize n_bytes, gpointer user_data, GError **error);

void pipe_read (int fd, gsize max_length, gsize chunk_size, GCancellable *cancellable, PipeRoomFunc room,
                PipeReadFunc func, gpointer user_data);

G_END_DECLS
