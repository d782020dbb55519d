/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A temporary KMS_CONFIG_ROOT for tests, and the files in it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A new directory with nothing in it; free it with config_root_remove(). */
char *config_root_new (void);
void config_root_remove (char *root);

/* Writes a file with mode 0644, whatever the umask is, and makes the directories above it. */
void config_root_write (const char *root, const char *path, const char *text);
void config_root_write_bytes (const char *root, const char *path, const void *bytes, gsize length);

/* A provider's file for a module, with more lines behind [Provider]'s first two. */
void config_root_add_provider (const char *root, const char *name, const char *module, const char *lines);

void config_root_delete (const char *root, const char *path);

typedef char ConfigRoot;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigRoot, config_root_remove)

G_END_DECLS
