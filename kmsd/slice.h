/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work of the main thread that comes in heaps: the answers of a hundred calls at once, the records of a hundred that one
 * sync brought onto the disk. It is done a little at a time, so that a call that takes no time meanwhile takes none. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long the main thread stays with one kind of work while others may wait. */
#define SLICE_USEC 1000

/* Calls back from the main loop, in the order of adding. Main thread only. */
void slice_add (GSourceOnceFunc func, gpointer user_data);

G_END_DECLS
