/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs "HELPER get" without a shell, for so long and no longer, and reads what it prints into locked memory. */
#include "vault-token-command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vault-secret-file.h"

#define MAX_CONFIG 65536
#define HELPER_TIME (10 * G_USEC_PER_SEC)

/* How often somebody who cancels is looked for. */
#define POLL_MS 50

/* How long a helper may live on after its output has ended, and how often that is looked at. */
#define REAP_TIME G_USEC_PER_SEC
#define REAP_PAUSE 2000

static gboolean
fail_config (GError **error, const char *words)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "token_helper %s", words);
  return FALSE;
}

/* `at` stands behind the name. */
static gboolean
parse_value (const char *at, char **value, GError **error)
{
  while (*at == ' ' || *at == '\t')
    at++;
  if (*at++ != '=')
    return fail_config (error, "must be followed by \"=\"");
  while (*at == ' ' || *at == '\t')
    at++;
  const char *end = *at == '"' ? strchr (at + 1, '"') : NULL;
  if (end == NULL || memchr (at, '\\', (gsize) (end - at)) != NULL)
    return fail_config (error, "must be a text in double quotes, without a backslash");
  const char *rest = end + 1;
  rest += strspn (rest, " \t\r;");
  if (*rest != '\0' && *rest != '#' && !g_str_has_prefix (rest, "//"))
    return fail_config (error, "has something behind its value");
  g_free (*value);
  *value = g_strndup (at + 1, (gsize) (end - at - 1));
  return TRUE;
}

static gboolean
find_value (const char *text, char **value, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *at = lines[i] + strspn (lines[i], " \t");
      if (!g_str_has_prefix (at, "token_helper"))
        continue;
      at += strlen ("token_helper");
      if ((*at == ' ' || *at == '\t' || *at == '=') && !parse_value (at, value, error))
        return FALSE;
    }
  return TRUE;
}

GStrv
vault_token_command_parse (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_strndup (text, length);
  g_autofree char *value = NULL;
  g_auto (GStrv) argv = NULL;

  if (strlen (copy) != length || !g_utf8_validate (copy, -1, NULL))
    {
      fail_config (error, "can't be looked for: this is no text");
      return NULL;
    }
  if (!find_value (copy, &value, error) || value == NULL || value[0] == '\0')
    return NULL;
  if (!g_shell_parse_argv (value, NULL, &argv, NULL) || !g_path_is_absolute (argv[0]))
    {
      fail_config (error, "must name a program by its absolute path");
      return NULL;
    }
  return g_steal_pointer (&argv);
}

static gboolean
read_config (const char *path, GStrv *argv, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsSecret) text = NULL;
  g_autoptr (GError) local = NULL;
  gsize length;

  *argv = NULL;
  if (!vault_secret_file_read (path, &text, cancellable, error))
    return FALSE;
  if (text == NULL)
    return TRUE;
  const guint8 *data = kms_secret_get_data (text, &length);
  *argv = vault_token_command_parse ((const char *) data, length, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);
  return FALSE;
}

/* 1 to go on, 0 at the end, -1 with an error. */
static int
read_some (int fd, guint8 *bytes, gsize *length, gint64 end, GCancellable *cancellable, GError **error)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (g_get_monotonic_time () >= end)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT, "no answer within %d s",
                   (int) (HELPER_TIME / G_USEC_PER_SEC));
      return -1;
    }
  if (poll (&ready, 1, POLL_MS) <= 0)
    return 1;
  ssize_t n = read (fd, bytes + *length, VAULT_MAX_SECRET - *length);
  if (n < 0 && errno != EINTR && errno != EAGAIN)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s", g_strerror (errno));
      return -1;
    }
  *length += n > 0 ? (gsize) n : 0;
  if (*length == VAULT_MAX_SECRET)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "it prints more than a token");
      return -1;
    }
  return n != 0;
}

static KmsSecret *
read_output (int fd, GCancellable *cancellable, GError **error)
{
  gint64 end = g_get_monotonic_time () + HELPER_TIME;
  guint8 *bytes;
  g_autoptr (KmsSecret) output = kms_secret_reserve (VAULT_MAX_SECRET, &bytes);
  gsize length = 0;
  int more = 1;

  if (output == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA, "locked memory is used up");
      return NULL;
    }
  while (more > 0)
    more = read_some (fd, bytes, &length, end, cancellable, error);
  if (more < 0)
    return NULL;
  kms_secret_commit (output, length);
  return vault_secret_strip (output);
}

/* Who closed its output has nothing more to say, and is not waited for much longer. */
static gboolean
await_end (GPid pid, gint64 end, int *status)
{
  pid_t got;

  while ((got = waitpid (pid, status, WNOHANG)) == 0 || (got < 0 && errno == EINTR))
    {
      if (g_get_monotonic_time () >= end)
        {
          kill (pid, SIGKILL);
          end = G_MAXINT64;
        }
      g_usleep (REAP_PAUSE);
    }
  return got == pid;
}

/* FALSE: it says itself that it failed. Where the program ignores SIGCHLD nobody knows, and what was printed counts. */
static gboolean
reap (GPid pid, GError **error)
{
  int status = 0;

  if (!await_end (pid, g_get_monotonic_time () + REAP_TIME, &status)
      || (WIFEXITED (status) && WEXITSTATUS (status) == 0))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "it failed");
  return FALSE;
}

static KmsSecret *
run_helper (GStrv argv, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) full = g_ptr_array_new ();
  g_autoptr (GError) local = NULL;
  GPid pid;
  int fd;

  for (guint i = 0; argv[i] != NULL; i++)
    g_ptr_array_add (full, argv[i]);
  g_ptr_array_add (full, (gpointer) "get");
  g_ptr_array_add (full, NULL);
  if (!g_spawn_async_with_pipes (NULL, (char **) full->pdata, NULL,
                                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_CLOEXEC_PIPES, NULL,
                                 NULL, &pid, NULL, &fd, NULL, &local))
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, local->message);
      return NULL;
    }
  fcntl (fd, F_SETFL, O_NONBLOCK);
  g_autoptr (KmsSecret) token = read_output (fd, cancellable, error);
  close (fd);
  if (token == NULL)
    kill (pid, SIGKILL);
  gboolean succeeded = reap (pid, token != NULL ? error : NULL);
  g_spawn_close_pid (pid);
  return succeeded ? g_steal_pointer (&token) : NULL;
}

gboolean
vault_token_command_get (const char *config_path, KmsSecret **token, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) argv = NULL;

  *token = NULL;
  if (!read_config (config_path, &argv, cancellable, error))
    return FALSE;
  if (argv == NULL)
    return TRUE;
  *token = run_helper (argv, cancellable, error);
  if (*token == NULL)
    {
      g_prefix_error (error, "the token helper %s: ", argv[0]);
      return FALSE;
    }
  if (kms_secret_get_length (*token) == 0)
    g_clear_pointer (token, kms_secret_unref);
  return TRUE;
}
