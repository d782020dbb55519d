/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* kmsd's state belongs to the main thread. While that one sleeps, waiting for something to happen, nobody uses it: then
 * another thread may come in as a guest and do what the main thread would have been woken for. A short call is answered
 * by the thread that read it, without two changes of threads that cost more than the call itself. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In the main thread, which lives here from then on, and lets guests in while the default main context sleeps. */
void house_open (void);

/* No more guests. */
void house_close (void);

/* Never waits: FALSE if the main thread is awake, or another guest is there. Inside, everything is as in the main thread:
 * what is begun asynchronously ends in the default main context. */
gboolean house_enter (void);
void house_leave (void);

/* Soon, in the house: from a guest, after what it has sent is on its way; else at once. */
void house_do_after (GSourceOnceFunc func, gpointer user_data);

G_END_DECLS
