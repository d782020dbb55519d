/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit log in a temporary directory, and hands to do to it what somebody might. */
#pragma once

#include <audit-reader.h>

G_BEGIN_DECLS

typedef struct
{
  char *root;
  char *directory; /* in the root; not there yet */
  AuditOptions options;
  AuditLog *log;
} AuditFixture;

void audit_fixture_set_up (AuditFixture *self, gconstpointer data);
void audit_fixture_tear_down (AuditFixture *self, gconstpointer data);

/* Closes the one that is open. */
void audit_fixture_open (AuditFixture *self);
void audit_fixture_close (AuditFixture *self);
void audit_fixture_assert_refuses_to_open (AuditFixture *self, const char *words);

/* A record as the daemon makes it for a decryption. */
AuditRecord *audit_fixture_record (const char *box);

/* Appends so many, one by one; stops the test if one fails. */
void audit_fixture_append (AuditFixture *self, guint n);

/* The records of one group; NULL with an error. */
GPtrArray *audit_fixture_try_append (AuditFixture *self, guint n, GError **error);

/* Paths of the log's files, in order; free with g_strfreev(). */
char **audit_fixture_list (AuditFixture *self);

/* All lines of all files. */
char **audit_fixture_read_lines (AuditFixture *self);

/* Replaces the only file. */
void audit_fixture_write_lines (AuditFixture *self, char **lines);

void audit_fixture_verify (AuditFixture *self, const AuditHead *expected, AuditVerdict *verdict);
void audit_fixture_assert_whole (AuditFixture *self, guint64 n_lines);

G_END_DECLS
