/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that is full, hangs, or loses what was not synced, and a process that dies at any step: linked in front of the
 * system calls that write (--wrap). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  DISK_WRITE,
  DISK_FDATASYNC,
  DISK_FSYNC,
  DISK_TRUNCATE,
  DISK_RENAME,
  N_DISK_CALLS,
} DiskCall;

/* From the n-th such call on (1 is the next) they fail with that error; 0 ends it. A write that fails leaves half of its
 * bytes behind. Only writes to regular files count. */
void disk_fail (DiskCall call, guint nth, int number);

/* The next such calls wait until disk_go_on(). */
void disk_hang (DiskCall call);
void disk_go_on (void);
void disk_wait_until_hanging (void);

/* The process kills itself at the n-th step of all calls: before it, in the middle (a write that is half done), after. */
typedef enum {
  DISK_BEFORE,
  DISK_MIDDLE,
  DISK_AFTER,
} DiskMoment;

void disk_kill_at (guint nth, DiskMoment moment);

guint disk_get_n_steps (void);

G_END_DECLS
