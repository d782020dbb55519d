/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An item on its way to a box, with its contexts as they go over D-Bus. */
#pragma once

#include "shipment.h"

G_BEGIN_DECLS

typedef struct
{
  KmsContextForm form;
  GVariant *map;   /* a{ss}; empty where the bytes say it all */
  GVariant *bytes; /* ay, or NULL where any dialect would make the same of the map */
  guint dialects;  /* that make these bytes, a bit for each; 0 without bytes or of another form */
} ContextParts;

typedef struct
{
  Shipment *shipment; /* holds it */
  KmsItem *item;
  char *box;
  guint32 version, new_version; /* 0: whatever the box has */
  ContextParts context, new_context;
  gboolean keeps_context; /* of a rewrap */
  gboolean is_alone;      /* has failed in company */
  gboolean is_repeated;
} Entry;

/* NULL with an error where the item can't go over D-Bus. */
Entry *entry_new (Shipment *shipment, KmsItem *item, const char *box, GError **error);
void entry_free (Entry *self);

/* Takes the error. */
void entry_fail (Entry *self, GError *error);

gboolean entry_may_join (const Entry *self, const Entry *other);
gsize entry_get_size (const Entry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entry, entry_free)

G_END_DECLS
