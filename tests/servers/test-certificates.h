/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate authority for the time of a test, and what it signed. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

/* Files in a directory of their own, all PEM. */
typedef struct
{
  char *directory;
  char *ca_file;     /* what clients trust */
  char *server_file; /* certificate and key of the server */
  char *client_file; /* certificate of the client */
  char *client_key_file;
} TestCertificates;

/* With the faults that the flags want. */
TestCertificates *test_certificates_new (TestServerFlags flags);
void test_certificates_free (TestCertificates *self);

G_END_DECLS
