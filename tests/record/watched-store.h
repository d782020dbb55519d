/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store that hands everything to another one, whose dialect it speaks, and writes down what it was asked. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

#define WATCHED_TYPE_STORE (watched_store_get_type ())
G_DECLARE_FINAL_TYPE (WatchedStore, watched_store, WATCHED, STORE, KmsStore)

KmsStore *watched_store_new (KmsStore *inner);

/* The statements since the last time, a line each, without what reads. */
char *watched_store_steal_log (KmsStore *store);

/* Runs this at the inner store before the next statement that begins so. */
void watched_store_interfere (KmsStore *store, const char *prefix, const char *sql);

G_END_DECLS
