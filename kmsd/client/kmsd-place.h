/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a kmsd is: what the first part of a key id such as system/orders says. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

typedef enum {
  KMSD_BUS_SYSTEM,
  KMSD_BUS_SESSION,
  KMSD_BUS_SOCKET, /* no bus at all */
} KmsdBus;

typedef struct
{
  KmsdBus bus;
  char *socket; /* the path, only of a socket */
} KmsdPlace;

/* Reads system/BOX, session/BOX or socket:PATH/BOX; the box is what stands behind the last slash of a socket's. `box`
 * points into the key id. INVALID_ARGUMENT for anything else. */
gboolean kmsd_place_parse (const char *key_id, KmsdPlace *place, const char **box, GError **error);
void kmsd_place_clear (KmsdPlace *place);
void kmsd_place_copy (const KmsdPlace *from, KmsdPlace *to);
gboolean kmsd_place_equal (const KmsdPlace *a, const KmsdPlace *b);

/* What stands before the name of a box: "system/", "session/", "socket:/run/x/". */
char *kmsd_place_to_string (const KmsdPlace *place);

/* For people: "the system bus", "the session bus", "the socket /run/x". */
char *kmsd_place_describe (const KmsdPlace *place);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsdPlace, kmsd_place_clear)

G_END_DECLS
