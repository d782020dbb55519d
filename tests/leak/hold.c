/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that uses the box "orders", and stays until it was looked into. Each line of stdin is a command and a path: a
 * pipe from which a secret comes, or into which a data key goes. What was decrypted is kept until "drop". */
#include <fcntl.h>
#include <libkms/kms.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define N_ITEMS 20

typedef struct
{
  KmsBox *box;
  KmsContext *context;
  KmsContext *other_context;
  char *stored;
  KmsBatch *stored_batch;
  KmsSecret *kept;
  KmsBatch *kept_batch;
} Program;

static KmsSecret *
read_secret (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  KmsSecret *secret = kms_secret_new_from_fd (fd, 4096, NULL, error);

  close (fd);
  return secret;
}

static gboolean
encrypt (Program *self, const char *path, GError **error)
{
  g_autoptr (KmsSecret) secret = read_secret (path, error);

  g_free (self->stored);
  self->stored = secret == NULL ? NULL : kms_box_encrypt (self->box, secret, self->context, NULL, error);
  return self->stored != NULL;
}

static gboolean
decrypt (Program *self, const char *path, GError **error)
{
  self->kept = kms_box_decrypt (self->box, self->stored, -1, self->context, NULL, error);
  return self->kept != NULL;
}

static gboolean
decrypt_with_another_context (Program *self, const char *path, GError **error)
{
  self->kept = kms_box_decrypt (self->box, self->stored, -1, self->other_context, NULL, error);
  return self->kept != NULL;
}

static gboolean
rewrap (Program *self, const char *path, GError **error)
{
  g_autofree char *old = g_steal_pointer (&self->stored);

  self->stored = kms_box_rewrap (self->box, old, -1, self->context, NULL, NULL, error);
  return self->stored != NULL;
}

static gboolean
generate_data_key (Program *self, const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  g_autofree char *stored = kms_box_generate_data_key (self->box, 4096, self->context, &self->kept, NULL, error);
  gboolean done = stored != NULL && kms_secret_write_to_fd (self->kept, fd, NULL, error);

  close (fd);
  return done;
}

static gboolean
encrypt_batch (Program *self, const char *path, GError **error)
{
  g_autoptr (KmsSecret) secret = read_secret (path, error);

  if (secret == NULL)
    return FALSE;
  g_clear_object (&self->stored_batch);
  self->stored_batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  for (guint i = 0; i < N_ITEMS; i++)
    kms_batch_add_secret (self->stored_batch, secret, self->context);
  gboolean done = kms_box_run (self->box, self->stored_batch, NULL, error);
  /* The batch has the plaintexts as long as it lives. */
  g_autoptr (KmsBatch) encrypted = g_steal_pointer (&self->stored_batch);
  self->stored_batch = kms_batch_new (KMS_OPERATION_REWRAP);
  for (guint i = 0; done && i < N_ITEMS; i++)
    kms_batch_add_stored (self->stored_batch, kms_batch_get_stored (encrypted, i), -1, self->context, NULL);
  return done;
}

static gboolean
rewrap_batch (Program *self, const char *path, GError **error)
{
  return kms_box_run (self->box, self->stored_batch, NULL, error);
}

/* Every third has another context, and fails. */
static gboolean
decrypt_batch (Program *self, const char *path, GError **error)
{
  self->kept_batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  for (guint i = 0; i < N_ITEMS; i++)
    kms_batch_add_stored (self->kept_batch, kms_batch_get_stored (self->stored_batch, i), -1,
                          i % 3 == 0 ? self->other_context : self->context, NULL);
  kms_box_run (self->box, self->kept_batch, NULL, error);
  if (kms_batch_get_n_failed (self->kept_batch) != (N_ITEMS + 2) / 3)
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (KmsSecret) secret = kms_box_decrypt_finish (KMS_BOX (source), result, NULL);
  (*(guint *) data)--;
}

/* Some before they were sent, some while they are under way, some when they are done. */
static gboolean
cancel (Program *self, const char *path, GError **error)
{
  guint n_left = N_ITEMS;

  for (guint i = 0; i < N_ITEMS; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      kms_box_decrypt_async (self->box, self->stored, -1, self->context, cancellable, on_cancelled, &n_left);
      for (guint turn = 0; turn < i; turn++)
        g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
    }
  while (n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  return TRUE;
}

static gboolean
drop (Program *self, const char *path, GError **error)
{
  g_clear_pointer (&self->kept, kms_secret_unref);
  g_clear_object (&self->kept_batch);
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean (*run) (Program *self, const char *path, GError **error);
} commands[] = {
  { "encrypt", encrypt },
  { "decrypt", decrypt },
  { "decrypt-with-another-context", decrypt_with_another_context },
  { "rewrap", rewrap },
  { "generate-data-key", generate_data_key },
  { "encrypt-batch", encrypt_batch },
  { "rewrap-batch", rewrap_batch },
  { "decrypt-batch", decrypt_batch },
  { "cancel", cancel },
  { "drop", drop },
};

static void
run (Program *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (words[0], commands[i].name) == 0 && !commands[i].run (self, words[1], &error))
      {
        printf ("%s\n", error->message);
        return;
      }
  printf ("done\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new_default (&error);
  Program self = { .box = registry == NULL ? NULL : kms_registry_dup_box (registry, "orders", &error) };
  char line[4096];

  if (self.box == NULL)
    g_error ("%s", error->message);
  self.context = kms_context_new ("id", "5", NULL);
  self.other_context = kms_context_new ("id", "6", NULL);
  setvbuf (stdout, NULL, _IOLBF, 0);
  while (fgets (line, sizeof line, stdin) != NULL)
    run (&self, g_strchomp (line));
  drop (&self, NULL, NULL);
  g_clear_object (&self.stored_batch);
  g_free (self.stored);
  g_object_unref (self.box);
  kms_context_unref (self.context);
  kms_context_unref (self.other_context);
  return 0;
}
