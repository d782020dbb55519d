/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The syntax of AWS's shared files: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

#define AWS_INI_MAX_NAME 256
#define AWS_INI_MAX_VALUE 65536

/* One assignment, or a section's begin; nothing of it outlives the function that is told. */
typedef struct
{
  const char *section; /* between the brackets */
  const char *nested;  /* the key without a value below which it stands indented; NULL otherwise */
  const char *key;     /* in small letters; NULL where a section begins */
  const char *value;   /* ends at `length`, not in a NUL */
  gsize length;
  gboolean continues; /* a further line of the same key's value */
} AwsIniEntry;

/* FALSE with an error that says what is wrong with it; the line is added. */
typedef gboolean (*AwsIniFunc) (const AwsIniEntry *entry, gpointer data, GError **error);

/* Errors name a line and never what stands in it. */
gboolean aws_ini_parse (const char *text, gsize length, AwsIniFunc func, gpointer data, GError **error);

G_END_DECLS
