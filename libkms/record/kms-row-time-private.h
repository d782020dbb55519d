/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The time of now as Rails writes it into columns such as updated_at. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define KMS_ROW_TIME_SIZE 40

/* "2001-02-03 04:05:06.000007", in UTC. Returns its length. */
gsize _kms_row_time_now (char text[KMS_ROW_TIME_SIZE]);

G_END_DECLS
