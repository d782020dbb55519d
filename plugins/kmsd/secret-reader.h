/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plaintexts out of a pipe, straight into the locked memory of their items. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

/* A pipe that was written whole and closed before it was sent. Settles the item. Takes the descriptor. */
void secret_read_single (int fd, KmsItem *item);

typedef void (*SecretReadFunc) (gpointer user_data);

/* Frames, for each item one; those that are settled already have an empty one. Settles all. Takes the descriptor; the
 * items outlive the call of the function. */
void secret_read_frames (int fd, GPtrArray *items, SecretReadFunc func, gpointer user_data);

G_END_DECLS
