/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and reads the key file of the audit log, and computes MACs. */
#include "audit-key.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "libkms/kms-permissions-private.h"

#define FILE_LENGTH (2 * AUDIT_MAC_SIZE + 1)
#define NO_MEMORY "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\""

void
audit_mac_to_hex (const guint8 mac[AUDIT_MAC_SIZE], char hex[2 * AUDIT_MAC_SIZE + 1])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < AUDIT_MAC_SIZE; i++)
    {
      hex[2 * i] = digits[mac[i] >> 4];
      hex[2 * i + 1] = digits[mac[i] & 15];
    }
  hex[2 * AUDIT_MAC_SIZE] = '\0';
}

/* One spelling: what is a MAC is compared as bytes, what stands in the file as text. */
gboolean
audit_mac_from_hex (const char *hex, gsize length, guint8 mac[AUDIT_MAC_SIZE])
{
  if (length != 2 * AUDIT_MAC_SIZE)
    return FALSE;
  for (guint i = 0; i < AUDIT_MAC_SIZE; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]), low = g_ascii_xdigit_value (hex[2 * i + 1]);
      if (high < 0 || low < 0 || g_ascii_isupper (hex[2 * i]) || g_ascii_isupper (hex[2 * i + 1]))
        return FALSE;
      mac[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

static gboolean
fail (const char *what, const char *path, int number, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "can't %s %s, the key of the audit log: %s", what, path,
               number == ELOOP ? "it is a symbolic link, which is not followed here" : g_strerror (number));
  return FALSE;
}

static gboolean
write_and_sync (int fd, const char *text)
{
  gsize done = 0;

  while (done < FILE_LENGTH)
    {
      gssize written = write (fd, text + done, FILE_LENGTH - done);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      done += (gsize) written;
    }
  return fsync (fd) == 0;
}

static gboolean
sync_parent (const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);
  int fd = open (parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return synced;
}

/* Under another name first: a key that is half written would be taken for a damaged one. The directory's lock is held,
 * so nobody else makes one meanwhile. */
static gboolean
create (const char *path, GError **error)
{
  g_autofree char *new_path = g_strconcat (path, ".new", NULL);
  guint8 bytes[AUDIT_MAC_SIZE];
  char text[FILE_LENGTH + 1];

  if (gnutls_rnd (GNUTLS_RND_KEY, bytes, sizeof bytes) < 0)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_AUDIT, "no random numbers for the key of the audit log");
      return FALSE;
    }
  audit_mac_to_hex (bytes, text);
  text[FILE_LENGTH - 1] = '\n';
  unlink (new_path);
  int fd = open (new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean made = fd >= 0 && write_and_sync (fd, text);
  int number = errno;
  if (fd >= 0)
    close (fd);
  gnutls_memset (bytes, 0, sizeof bytes);
  gnutls_memset (text, 0, sizeof text);
  if (made && rename (new_path, path) == 0 && sync_parent (path))
    return TRUE;
  number = made ? errno : number;
  unlink (new_path);
  return fail ("write", path, number, error);
}

static gboolean
check_file (int fd, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  struct stat info;

  if (fstat (fd, &info) < 0)
    return fail ("read", path, errno, error);
  if (!S_ISREG (info.st_mode) || info.st_size != FILE_LENGTH)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_AUDIT,
        "%s is no key of an audit log, which has %d bytes: restore it from a backup, or move it away together "
        "with the log, whose lines nobody can check then",
        path, FILE_LENGTH);
      return FALSE;
    }
  if (_kms_permissions_check_secret (path, &info, &local))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_AUDIT, local->message);
  return FALSE;
}

static KmsSecret *
derive (const guint8 *bytes, const char *label, GError **error)
{
  guint8 *out;
  KmsSecret *secret = kms_secret_reserve (AUDIT_MAC_SIZE, &out);

  if (secret == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_AUDIT, NO_MEMORY);
      return NULL;
    }
  if (gnutls_hmac_fast (GNUTLS_MAC_SHA256, bytes, AUDIT_MAC_SIZE, label, strlen (label), out) < 0)
    {
      kms_secret_unref (secret);
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_AUDIT, "HMAC-SHA-256 is not to be had");
      return NULL;
    }
  kms_secret_commit (secret, AUDIT_MAC_SIZE);
  return secret;
}

static gboolean
read_key (int fd, const char *path, AuditKey *key, GError **error)
{
  char text[FILE_LENGTH];
  guint8 bytes[AUDIT_MAC_SIZE];

  if (!check_file (fd, path, error))
    return FALSE;
  if (pread (fd, text, sizeof text, 0) != sizeof text)
    return fail ("read", path, errno, error);
  gboolean ok = text[FILE_LENGTH - 1] == '\n' && audit_mac_from_hex (text, FILE_LENGTH - 1, bytes);
  gnutls_memset (text, 0, sizeof text);
  if (!ok)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                   "%s does not hold a key, which is 64 digits 0-9 and a-f: restore it from a backup", path);
      return FALSE;
    }
  key->chain = derive (bytes, "libkms-audit-chain", error);
  key->context = key->chain == NULL ? NULL : derive (bytes, "libkms-audit-context", error);
  gnutls_memset (bytes, 0, sizeof bytes);
  return key->context != NULL;
}

gboolean
audit_key_load (const char *path, gboolean may_create, AuditKey *key, GError **error)
{
  g_auto (AuditKey) read = { NULL, NULL };
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

  if (fd < 0 && errno == ENOENT && may_create)
    {
      if (!create (path, error))
        return FALSE;
      fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
  if (fd < 0 && errno == ENOENT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                   "%s, the key of the audit log, is missing: restore it from a backup, or move the log's files away; "
                   "without it nobody can check them",
                   path);
      return FALSE;
    }
  if (fd < 0)
    return fail ("read", path, errno, error);
  gboolean ok = read_key (fd, path, &read, error);
  close (fd);
  if (!ok)
    return FALSE;
  *key = read;
  read = (AuditKey){ NULL, NULL };
  return TRUE;
}

void
audit_key_clear (AuditKey *self)
{
  g_clear_pointer (&self->chain, kms_secret_unref);
  g_clear_pointer (&self->context, kms_secret_unref);
}

gboolean
audit_key_mac_line (const AuditKey *self, const guint8 previous[AUDIT_MAC_SIZE], const char *text, gsize length,
                    guint8 mac[AUDIT_MAC_SIZE])
{
  const guint8 *key = kms_secret_get_data (self->chain, NULL);
  gnutls_hmac_hd_t handle;

  if (key == NULL || gnutls_hmac_init (&handle, GNUTLS_MAC_SHA256, key, AUDIT_MAC_SIZE) < 0)
    return FALSE;
  gboolean ok = gnutls_hmac (handle, previous, AUDIT_MAC_SIZE) >= 0 && gnutls_hmac (handle, text, length) >= 0;
  gnutls_hmac_deinit (handle, mac);
  return ok;
}

gboolean
audit_key_mac_context (const AuditKey *self, const char *json, gsize length, guint8 mac[AUDIT_MAC_SIZE])
{
  const guint8 *key = kms_secret_get_data (self->context, NULL);

  return key != NULL && gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, AUDIT_MAC_SIZE, json, length, mac) >= 0;
}
