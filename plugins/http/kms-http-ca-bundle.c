/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificate authorities that stand in no file of their own. GTlsDatabase is made of files only: they are gathered in
 * one that has no name and goes with its descriptor. */
#include "kms-http-network.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of one file of a directory; the bundles of whole distributions have a quarter of it. */
#define LARGEST_FILE (1024 * 1024)

static gboolean
write_all (int fd, const char *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize n = write (fd, data, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int code = errno;
          g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "no memory for the certificate authorities: %s",
                       g_strerror (code));
          return FALSE;
        }
      data += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
set_ca_bundle (KmsHttpNetwork *self, const char *origin, GString *pem, GError **error)
{
  int fd = memfd_create ("kms-ca-bundle", MFD_CLOEXEC);

  if (fd < 0)
    {
      int code = errno;
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "no memory for the certificate authorities of %s: %s", origin,
                   g_strerror (code));
      return FALSE;
    }
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  gboolean success = write_all (fd, pem->str, pem->len, error) && _kms_http_network_set_ca_file (self, path, NULL);
  if (!success && (error == NULL || *error == NULL))
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                 "no certificate authority in %s; it must hold certificates in PEM format", origin);
  if (self->ca_bundle >= 0)
    close (self->ca_bundle);
  self->ca_bundle = fd;
  return success;
}

gboolean
_kms_http_network_set_ca_pem (KmsHttpNetwork *self, const char *pem, gsize length, GError **error)
{
  g_autoptr (GString) bundle = g_string_new_len (pem, (gssize) length);
  return set_ca_bundle (self, "the certificates given as text", bundle, error);
}

/* Files that can't be read or are too large to be certificates are left out, as OpenSSL does with such directories. */
static void
append_file (GString *bundle, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *content = NULL;
  gsize length;
  GStatBuf about;

  if (g_stat (path, &about) != 0 || !S_ISREG (about.st_mode) || about.st_size > LARGEST_FILE
      || !g_file_get_contents (path, &content, &length, NULL))
    {
      g_debug ("%s: no certificate authority is read from it", path);
      return;
    }
  g_string_append_len (bundle, content, (gssize) length);
  g_string_append_c (bundle, '\n');
}

gboolean
_kms_http_network_set_ca_directory (KmsHttpNetwork *self, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &local);
  g_autoptr (GString) bundle = g_string_new (NULL);
  const char *name;

  if (directory == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "no certificate authorities from the directory \"%s\": %s", path,
                   local->message);
      return FALSE;
    }
  while ((name = g_dir_read_name (directory)) != NULL)
    append_file (bundle, path, name);
  g_autofree char *origin = g_strdup_printf ("the directory \"%s\"", path);
  return set_ca_bundle (self, origin, bundle, error);
}
