/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the kmsd that the command line names. It is found when it is first called. */
#pragma once

#include "kmsctl.h"
#include "kmsd-link.h"

G_BEGIN_DECLS

#define KMSCTL_MANAGER "/org/libkms/Kms1/Manager"

/* The interface without "org.libkms.Kms1."; takes the floating parameters. Errors are those of the library. Where polkit
 * wants to know who is there, and somebody can be asked, they are. */
GVariant *kmsctl_daemon_call (Kmsctl *self, const char *path, const char *interface, const char *method,
                              GVariant *parameters, const char *reply_type, GError **error);

/* For an answer of a descriptor; -1 and an error where there is none. */
int kmsctl_daemon_call_for_pipe (Kmsctl *self, const char *path, const char *interface, const char *method,
                                 GVariant *parameters, GError **error);

/* org.freedesktop.DBus.Properties.Get; the value. */
GVariant *kmsctl_daemon_get (Kmsctl *self, const char *path, const char *interface, const char *property,
                             GError **error);

/* The path of a box that the caller may use; without a name, the manager's. */
char *kmsctl_daemon_find_box (Kmsctl *self, const char *name, GError **error);

/* What Box.GetInfo tells of it. */
GVariant *kmsctl_daemon_get_box (Kmsctl *self, const char *name, GError **error);

/* Where it is; kmsd_place_clear() it. */
void kmsctl_daemon_get_place (Kmsctl *self, KmsdPlace *place);

/* The connection, made again where it was closed. Borrowed. */
KmsdLink *kmsctl_daemon_open (Kmsctl *self, GError **error);
void kmsctl_daemon_close (Kmsctl *self);

/* Whether polkit may ask the user, on a desktop or here. */
gboolean kmsctl_may_interact (Kmsctl *self);

/* Options that nobody uses yet. */
GVariant *kmsctl_no_options (void);

G_END_DECLS
