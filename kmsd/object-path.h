/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names in object paths, escaped as systemd does it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define OBJECT_ROOT "/org/libkms/Kms1"
#define OBJECT_MANAGER OBJECT_ROOT "/Manager"
#define OBJECT_BOXES OBJECT_ROOT "/boxes"
#define OBJECT_PROVIDERS OBJECT_ROOT "/providers"

/* What may stand between two slashes: letters and digits, the others as _xx. */
char *object_path_escape (const char *name);
char *object_path_new (const char *parent, const char *name);

G_END_DECLS
