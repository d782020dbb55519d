/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts forks: a child knows by it that locked memory, threads and sockets stayed with its parent. */
#include "kms-fork-private.h"

#include <pthread.h>

guint _kms_fork_generation;

static void
in_child (void)
{
  _kms_fork_generation++;
}

__attribute__ ((constructor)) static void
watch_forks (void)
{
  pthread_atfork (NULL, NULL, in_child);
}
