/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of the program: what was typed, what was opened for it, and how it ends. */
#pragma once

#include <glib/gi18n.h>
#include <libkms/kms.h>

#include "command.h"

G_BEGIN_DECLS

#define KMSCTL_MAX_PLAINTEXT (1024 * 1024)
#define KMSCTL_MAX_CIPHERTEXT (4 * 1024 * 1024)
#define KMSCTL_MAX_CONTEXT (1024 * 1024)

typedef struct
{
  const KmsctlOption *option;
  const char *value;
} KmsctlGiven;

struct _Kmsctl
{
  const KmsctlCommand *command; /* NULL until it is known */
  const char *group;            /* the group's name where only that was typed */
  GPtrArray *arguments;         /* const char * of argv */
  GArray *given;                /* KmsctlGiven */
  gboolean json, quiet, verbose, no_ask, color;

  KmsRegistry *registry;
  GCancellable *cancellable;
  struct _KmsdLink *link; /* to the kmsd that the command line names; NULL before the first call */
  GSubprocess *agent;     /* polkit's, on this terminal; NULL where nobody has to be asked */
  GHashTable *probed;     /* name of a provider → how its module ended a process, or NULL; NULL before the first */
  gboolean changed;       /* something was done that stays done, even if the answer can't be written */
  gboolean negative;      /* the answer was given, and it is no: exit code 1 without an error */
};

/* command-line.c: TRUE also where there is no command but --help or --version. */
gboolean kmsctl_parse (Kmsctl *self, int argc, char **argv, GError **error);
gboolean kmsctl_flag (Kmsctl *self, const char *name);
const char *kmsctl_text (Kmsctl *self, const char *name);
guint kmsctl_number (Kmsctl *self, const char *name, guint default_value);
guint64 kmsctl_count (Kmsctl *self, const char *name, guint64 default_value); /* a uid, too */
gint64 kmsctl_milliseconds (Kmsctl *self, const char *name, gint64 default_value);
GPtrArray *kmsctl_texts (Kmsctl *self, const char *name);
const char *kmsctl_argument (Kmsctl *self, guint index);

/* usage.c */
gboolean kmsctl_print_usage (Kmsctl *self, GError **error);

/* open.c: the registry is opened when it is first needed. */
KmsRegistry *kmsctl_open (Kmsctl *self, GError **error);

/* A failure of usage: exit code 2. */
gboolean kmsctl_usage_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
