/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shop's database for tests: a table "users" whose rows have wrapped keys and encrypted columns. */
#pragma once

#include <libkms/kms.h>

#include "record/kms-row-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *root, *path, *uri;
  KmsRegistry *registry;
  KmsModel *model; /* key "kms_key" of the box "users"; attributes "city" and "phone" of Lockbox */
  KmsStore *store;
} Shop;

/* What the model's file says of its table, before its keys. */
#define SHOP_MODEL "[Model]\nName=User\nTable=users\nUpdatedAt=updated_at\nLockVersion=lock_version\n"
#define SHOP_KEY "[Key kms_key]\nBox=users\nComplete=true\n"
#define SHOP_ATTRIBUTES                                                                                                \
  "[Attribute city]\nKey=kms_key\nFormat=lockbox\n"                                                                    \
  "[Attribute phone]\nKey=kms_key\nFormat=lockbox\nAssociatedData=phone\n"

/* An empty table, and the box at version 1. */
void shop_setup (Shop *self, gconstpointer data);
void shop_teardown (Shop *self, gconstpointer data);

/* One that is there already, as another process left it; close it. */
void shop_open (Shop *self, const char *root);
void shop_close (Shop *self);

/* Another model of the same table, whose groups follow the group [Model]. */
KmsModel *shop_make_model (Shop *self, const char *text);

/* Writes the box's file again, with that version on top of all below it. */
void shop_set_box_version (Shop *self, guint version);

/* Rows from the id `first` on, each with a data key of its own under the box's version of now; "city ID", "phone ID". */
void shop_fill (Shop *self, guint first, guint n_rows);

/* What an application does that read a row and saves it: another city, which its name tells, too. With a new data key both
 * attributes are written. FALSE: somebody else raised the lock meanwhile. */
typedef enum {
  SHOP_WRITE_NEW_KEY = 1 << 0,
  SHOP_WRITE_LOCK = 1 << 1,
} ShopWrite;
gboolean shop_write (Shop *self, guint id, const char *city, ShopWrite flags);

/* That there are so many rows, and that all of them have what was written last, read by nothing but their own keys. */
void shop_assert_values (Shop *self, guint n_rows);

/* From now on the database refuses whoever changes that row. */
void shop_refuse_update (Shop *self, guint id);

/* Any statement. */
void shop_run (Shop *self, const char *sql);

/* The first cell of what a statement finds, as text; NULL where it is NULL. */
char *shop_ask (Shop *self, const char *sql);

G_END_DECLS
