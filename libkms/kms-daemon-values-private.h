/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kmsd's keys may say. The library checks them, so that "config check" and a box with a mistake say so without a
 * daemon; the daemon compiles the same file. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who is meant by an entry of EncryptFor= and its like. */
typedef enum {
  KMS_SUBJECT_UID,
  KMS_SUBJECT_GID,
  KMS_SUBJECT_USER,
  KMS_SUBJECT_GROUP,
  KMS_SUBJECT_EVERYBODY,
  KMS_SUBJECT_ASK,
} KmsSubjectKind;

typedef struct
{
  KmsSubjectKind kind;
  guint32 id;       /* of UID and GID */
  const char *name; /* of USER and GROUP, within the text */
} KmsSubject;

#define KMS_AUDIT_CONTEXTS "plain|hmac|names"
#define KMS_ALERT_ACTIONS "signal|encrypt-only|sealed"
#define KMS_AUDIT_MIN_SIZE 65536

gboolean _kms_subject_parse (const char *text, KmsSubject *subject, GError **error);

/* Whether the key is one of kmsd's, in kms.conf or in a box's file. */
gboolean _kms_daemon_key_is_known (gboolean in_box, const char *group, const char *key);

/* TRUE for keys that are not kmsd's. The error is CONFIG; the caller puts in front where the value stands. */
gboolean _kms_daemon_value_check (const char *group, const char *key, const char *value, GError **error);

G_END_DECLS
