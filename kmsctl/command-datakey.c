/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* datakey generate and unwrap: the plaintext key goes to a descriptor or a file, never to stdout by accident. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "cipher.h"
#include "command-groups.h"

#define MAX_DATA_KEY 4096

static gboolean
check_destination (Kmsctl *self, GError **error)
{
  const char *path = kmsctl_text (self, "plaintext-file"), *number = kmsctl_text (self, "plaintext-fd");
  int fd = (int) kmsctl_number (self, "plaintext-fd", 0);

  if (path == NULL && number == NULL)
    return kmsctl_usage_error (error,
                               _ ("say where the plaintext key goes: --plaintext-fd=FD or --plaintext-file=FILE"));
  if (path != NULL && number != NULL)
    return kmsctl_usage_error (error, _ ("give --plaintext-fd or --plaintext-file, not both"));
  if (number == NULL)
    return TRUE;
  if (fcntl (fd, F_GETFL) == -1 || (fcntl (fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
    return kmsctl_usage_error (error, _ ("--plaintext-fd=%d: not open for writing; the shell opens it: %d>FILE"), fd,
                               fd);
  if (self->json && fd == STDOUT_FILENO)
    return kmsctl_usage_error (error, _ ("--plaintext-fd=1: with --json, stdout is for the JSON document"));
  if (isatty (fd))
    return kmsctl_usage_error (error, _ ("--plaintext-fd=%d: a key is binary, and this is a terminal"), fd);
  return TRUE;
}

static gboolean
write_key (Kmsctl *self, KmsSecret *key, KmsctlBefore before, gpointer before_data, GError **error)
{
  const char *path = kmsctl_text (self, "plaintext-file");
  int fd = (int) kmsctl_number (self, "plaintext-fd", 0);
  gsize length;
  const guint8 *data = kms_secret_get_data (key, &length);
  g_autofree char *name = g_strdup_printf (_ ("descriptor %d"), fd);

  if (path != NULL)
    return kmsctl_write_file_after (self, path, data, length, before, before_data, error);
  return (before == NULL || before (self, before_data, error))
         && kmsctl_write_all (self, fd, name, data, length, error);
}

typedef struct
{
  KmsctlTarget *target;
  const char *wrapped;
} Wrapped;

static gboolean
print_wrapped (Kmsctl *self, gpointer data, GError **error)
{
  const Wrapped *made = data;
  const KmsctlTarget *target = made->target;
  KmsctlFields fields;

  if (!self->json)
    {
      g_autofree char *line = g_strconcat (made->wrapped, "\n", NULL);
      return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), line, strlen (line), error);
    }
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "wrapped", made->wrapped);
  kmsctl_fields_text (&fields, target->is_box ? "box" : "key", target->name);
  kmsctl_fields_text (&fields, "version", kms_box_get_version (target->box));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

gboolean
kmsctl_run_datakey_generate (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;
  g_autoptr (KmsSecret) key = NULL;
  guint length = kmsctl_number (self, "length", 32);

  if (length == 0 || length > MAX_DATA_KEY)
    return kmsctl_usage_error (error, _ ("--length=%u: a data key has 1 to %d bytes"), length, MAX_DATA_KEY);
  if (kmsctl_number (self, "plaintext-fd", STDIN_FILENO) == STDOUT_FILENO)
    return kmsctl_usage_error (error, _ ("--plaintext-fd=1: stdout is for the wrapped key"));
  if (!check_destination (self, error) || !kmsctl_target_resolve (self, TRUE, &target, error)
      || !kmsctl_read_context (self, &context, error))
    return FALSE;
  g_autofree char *wrapped = kms_box_generate_data_key (target.box, length, context, &key, self->cancellable, error);
  if (wrapped == NULL)
    return FALSE;
  /* In this order: the wrapped key can be unwrapped again, while what is encrypted under a key whose wrapped form is
   * lost, is lost too. */
  Wrapped made = { &target, wrapped };
  return write_key (self, key, print_wrapped, &made, error);
}

gboolean
kmsctl_run_datakey_unwrap (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;
  const char *stored;
  gsize length;
  KmsctlFields fields;

  if (!check_destination (self, error) || !kmsctl_target_resolve (self, TRUE, &target, error)
      || !kmsctl_read_context (self, &context, error))
    return FALSE;
  g_autoptr (KmsSecret) input = kmsctl_read_stored (self, &stored, &length, error);
  if (input == NULL)
    return FALSE;
  g_autoptr (KmsSecret) key = kms_box_decrypt (target.box, stored, (gssize) length, context, self->cancellable, error);
  if (key == NULL || !write_key (self, key, NULL, NULL, error))
    return FALSE;
  if (!self->json)
    return TRUE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, target.is_box ? "box" : "key", target.name);
  kmsctl_fields_number (&fields, "length", (gint64) kms_secret_get_length (key));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
