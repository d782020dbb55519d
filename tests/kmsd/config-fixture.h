/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration of the daemon's engines, read by the registry as the daemon does. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* The groups of a box besides [Box] Version= and [Version 1], which are added. */
KmsConfigInfo *config_fixture_read_box (const char *more_of_box, const char *more_groups);

/* kms.conf with that text; broken files are read, too. */
KmsConfigInfo *config_fixture_read_conf (const char *text);

G_END_DECLS
