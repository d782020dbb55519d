/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *module; /* absolute, without links; NULL only with list or version */
  char *id;     /* of kms-ID.so */
  char *provider_file;
  char **settings; /* NAME=VALUE */
  char *key_id;
  char *second_key_id;
  char **groups;
  char **patterns;
  char *expect;
  int timeout; /* seconds a case */
  gboolean list;
  gboolean version;

  /* For the process of one case, which gets the same command line and these two. */
  char *run_case;
  int verdict_fd;
} Options;

gboolean options_parse (Options *self, char ***arguments, GError **error);
void options_clear (Options *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

G_END_DECLS
