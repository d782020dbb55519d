/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests do with records of the shop. */
#pragma once

#include "shop.h"

G_BEGIN_DECLS

KmsRecord *load (Shop *shop, KmsModel *model, const char *id);
void set_text (KmsRecord *record, const char *attribute, const char *text);
void assert_text (KmsRecord *record, const char *attribute, const char *expected);
void save (KmsRecord *record);

void assert_save_fails (KmsRecord *record, KmsError code, const char *message);
void assert_get_fails (KmsRecord *record, const char *attribute, KmsError code, const char *message);
void assert_load_fails (Shop *shop, KmsModel *model, const char *id, KmsError code, const char *message);

/* What the first cell of a statement's first row is. */
void assert_count (Shop *shop, const char *sql, const char *expected);

G_END_DECLS
