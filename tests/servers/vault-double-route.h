/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which path of the Vault double does what. */
#pragma once

#include "vault-double-call.h"

G_BEGIN_DECLS

typedef struct
{
  /* Of the engine: what its mount is of. */
  const char *type;
  /* Segments; "*" is the call's name, "+" its kind. */
  const char *pattern;
  /* "update" also serves "create". */
  const char *operation;
  void (*run) (DoubleCall *call);
  /* The fields of the body that it knows, separated by blanks; NULL: all. */
  const char *fields;
  /* Whether what a name stands for is there: where it is not, "create" is needed instead of "update". */
  gboolean (*exists) (DoubleCall *call);
  /* Needs no token. */
  gboolean is_open;
  /* Reads its fields one by one: what is wrong with one is told in fewer words. */
  gboolean is_crypt;
} DoubleRoute;

/* Finds the engine and the route, and takes the names out of the path. NULL without one, and the answer is set, which only
 * who may ask is to see. */
const DoubleRoute *double_route_find (DoubleCall *call, const char *operation);
/* Warns of each field that the route does not know. */
void double_route_check_fields (DoubleCall *call, const DoubleRoute *route);

G_END_DECLS
