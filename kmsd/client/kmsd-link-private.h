/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a link looks inside. */
#pragma once

#include "kmsd-link.h"

G_BEGIN_DECLS

struct _KmsdLink
{
  gatomicrefcount refs;
  KmsdPlace place;
  GDBusConnection *connection;
  gboolean is_bus;
  char *daemon;      /* the unique name that answered last, of a bus */
  GHashTable *boxes; /* name to path, as that one said */
};

/* Takes the connection. */
KmsdLink *kmsd_link_new (const KmsdPlace *place, GDBusConnection *connection, gboolean is_bus);

G_END_DECLS
