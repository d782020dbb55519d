/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that lockdown is kept in: its text, and its replacement on the disk. */
#pragma once

#include "lockdown.h"

G_BEGIN_DECLS

#define LOCKDOWN_FILE_NAME "lockdown.state"
#define LOCKDOWN_MAX_BOXES 1024
#define LOCKDOWN_MAX_BY 128

LockdownState *lockdown_state_new (LockdownMode mode, gint64 since_usec, const char *reason, const char *by);
LockdownState *lockdown_state_copy (const LockdownState *self);
void lockdown_state_free (LockdownState *self);

/* Box name → LockdownState; "" is the daemon, which is always there. */
GHashTable *lockdown_table_new (void);

/* One line of people's text: UTF-8, nothing that would move a cursor. */
gboolean lockdown_text_is_fit (const char *text, gsize max_length);
gboolean lockdown_name_is_fit (const char *name);

char *lockdown_file_write (GHashTable *table, gsize *length);

/* NULL with an error for anything that lockdown_file_write() would not have written. */
GHashTable *lockdown_file_parse (const char *text, gsize length, GError **error);

/* NULL without an error where there is no such file. */
char *lockdown_file_load (int directory, const char *path, gsize *length, GError **error);

/* Whole or not at all, and on the disk when it returns TRUE. */
gboolean lockdown_file_save (int directory, const char *path, const char *text, gsize length, GError **error);

G_END_DECLS
