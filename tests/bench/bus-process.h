/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Services as processes on the benchmark's bus, and what they use. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns when the process owns the name. */
pid_t bus_process_start (GDBusConnection *connection, const char *name, const char *const *argv);
void bus_process_end (pid_t pid);

/* Nanoseconds of processor time, in all threads. */
double bus_process_get_cpu (pid_t pid);

/* kB of a line of /proc/PID/status: "VmRSS". */
guint64 bus_process_get_memory (pid_t pid, const char *line);

/* -1: who asks may not know. */
int bus_process_count_descriptors (pid_t pid);

G_END_DECLS
