/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* For providers that use sockets: a module leaves the process as it found it. */
#pragma once

#include <gio/gio.h>
#include <signal.h>

/* GSocket's class has SIGPIPE ignored in the whole process, and itself never raises it: what the program had is put
 * back. */
static inline void
load_sockets (void)
{
  struct sigaction before;

  if (sigaction (SIGPIPE, NULL, &before) != 0)
    return;
  g_type_class_unref (g_type_class_ref (G_TYPE_SOCKET));
  sigaction (SIGPIPE, &before, NULL);
}
