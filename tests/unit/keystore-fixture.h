/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keystore in a temporary directory, and what tests do to it. */
#pragma once

#include "keystore.h"

G_BEGIN_DECLS

typedef struct
{
  char *top;       /* removed with all that is in it */
  char *directory; /* of the keystore; not made yet */
  const char *passphrase;
  guint n_asked;
} Fixture;

void fixture_init (Fixture *self);
void fixture_clear (Fixture *self);

/* Answers every question with the fixture's passphrase; cancelled where that is NULL. */
Keystore *fixture_open (Fixture *self, const char *root);
Keystore *fixture_open_with (Fixture *self, const char *root, const char *root_file, const char *passphrase_file);

char *fixture_path (Fixture *self, const char *name);
char *fixture_read (Fixture *self, const char *name, gsize *length);
void fixture_write (Fixture *self, const char *name, const char *data, gsize length);

/* Writes the checksum of a keystore file anew, as who edits it on purpose would. */
void fixture_write_with_sum (Fixture *self, const char *name, const char *text_without_sum);

void assert_fails (gboolean ok, GError **error, KmsError code, const char *part_of_message);
void assert_same_versions (LocalKey *a, LocalKey *b, guint n_versions);

/* Runs in a child with another uid (0: the same); the child's exit code is what it returns. */
typedef int (*ChildFunc) (Fixture *fixture, gpointer data);
int run_child (Fixture *fixture, uid_t uid, ChildFunc func, gpointer data);

gboolean rotate_change (LocalKey *key, gpointer data, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

G_END_DECLS
