/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dictionaries of options: what is not known is refused, so that no caller believes that something was heeded. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  const char *type;
} OptionSpec;

/* TRUE if all names are among the specs, each with its type. Names that begin with "x-" are anybody's. */
gboolean options_check (GVariant *options, const OptionSpec *specs, guint n_specs, GError **error);

G_END_DECLS
