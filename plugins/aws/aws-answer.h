/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of AWS's JSON protocol, read where they stand. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* A member that is wanted, and its text, which lives as long as the body; NULL where it is absent, or null. */
typedef struct
{
  const char *name;
  const char *text;
  gsize length;
} AwsField;

/* Texts of the object that is the answer; whatever else is in there is skipped. FALSE if it is no object. */
gboolean aws_answer_read (guint8 *body, gsize length, AwsField *fields, guint n_fields);

/* Reads members of an object that is a member; must read or skip the value of every name. */
typedef void (*AwsMemberFunc) (KmsHttpJson *json, const char *name, gpointer data);

/* Calls `member` for each of the answer. What is empty, or null, is an object without members: services answer so where
 * there is nothing to say. */
gboolean aws_answer_walk (guint8 *body, gsize length, AwsMemberFunc member, gpointer data);

/* Reads an object that is a value; skips whatever else it is. */
void aws_json_read_object (KmsHttpJson *json, AwsMemberFunc member, gpointer data);

/* Reads a value if it is of the type, and skips it if not. Numbers are whole or have a fraction, which is cut. */
void aws_json_read_text (KmsHttpJson *json, char **text);
void aws_json_read_boolean (KmsHttpJson *json, gboolean *value);
void aws_json_read_number (KmsHttpJson *json, gint64 *value);

G_END_DECLS
