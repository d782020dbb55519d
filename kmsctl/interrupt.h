/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals and the --timeout: both cancel what is running. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* First of all in main(), while there is one thread: later threads inherit the mask. */
void kmsctl_interrupt_block (void);
gboolean kmsctl_interrupt_watch (GCancellable *cancellable, gint64 milliseconds, GError **error);

/* 0 where no signal came. */
int kmsctl_interrupt_get_signal (void);
gboolean kmsctl_interrupt_is_timed_out (void);

/* For a child process, which must not inherit our mask; nothing here allocates. */
void kmsctl_interrupt_unblock_in_child (gpointer unused);

/* What a second signal removes before it ends the process; NULL for nothing. */
void kmsctl_interrupt_set_temporary (const char *path);

G_END_DECLS
