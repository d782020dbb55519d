/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads GIO and GnuTLS, as every command here must, and exits: the partner of bench-start. */
#include <gio/gio.h>
#include <gnutls/gnutls.h>

int
main (void)
{
  return g_io_error_quark () == 0 || gnutls_check_version (NULL) == NULL ? 1 : 0;
}
