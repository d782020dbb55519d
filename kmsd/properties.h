/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the properties of all objects are. */
#pragma once

#include "box-table.h"

G_BEGIN_DECLS

const char *box_state_to_string (KmsBoxState state);

G_END_DECLS
