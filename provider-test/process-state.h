/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What belongs to the whole process, and so to nobody's module. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ProcessState ProcessState;

ProcessState *process_state_new (void);
void process_state_free (ProcessState *self);

/* A line for each thing that differs. */
GPtrArray *process_state_compare (const ProcessState *before, const ProcessState *after);

guint process_count_descriptors (void);
guint process_count_threads (void);
/* Descriptors from 3 on that a program which is executed would inherit. */
GPtrArray *process_list_inheritable (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcessState, process_state_free)

G_END_DECLS
