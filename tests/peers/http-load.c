/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many calls at once to a real server, some of them cancelled: http-load CONFIG_ROOT KEY_ID CALLS CANCELLED_PERCENT
 *
 * Prints how many were done, cancelled and failed, and how many connections with HTTP/2 and with HTTP/1.1 were made. */
#include <libkms/kms.h>

#include <string.h>

#define IN_FLIGHT 64

typedef struct
{
  KmsProvider *provider;
  const char *key_id;
  KmsContext *context;
  guint n_left, n_running, n_done, n_cancelled, n_failed, cancelled_percent;
  GRand *random;
} Load;

typedef struct
{
  Load *load;
  GCancellable *cancellable;
  guint timer;
} Call;

static gint n_http1, n_http2;

static void start_calls (Load *load);

static GLogWriterOutput
count_connections (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0 && g_str_has_prefix (fields[i].value, "a new connection to "))
      g_atomic_int_inc (strstr (fields[i].value, "with HTTP/2") != NULL ? &n_http2 : &n_http1);
  return (level & G_LOG_LEVEL_DEBUG) != 0 ? G_LOG_WRITER_HANDLED
                                          : g_log_writer_standard_streams (level, fields, n_fields, data);
}

static gboolean
on_time_to_cancel (gpointer data)
{
  Call *call = data;
  call->timer = 0;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static void
count_outcome (Load *load, const GError *error)
{
  if (error == NULL)
    load->n_done++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    load->n_cancelled++;
  else
    {
      load->n_failed++;
      g_printerr ("%s\n", error->message);
    }
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  g_autoptr (GError) error = NULL;

  kms_provider_run_finish (KMS_PROVIDER (source), result, &error);
  count_outcome (call->load, error);
  if (call->timer != 0)
    g_source_remove (call->timer);
  call->load->n_running--;
  start_calls (call->load);
  g_object_unref (call->cancellable);
  g_free (call);
}

static void
start_call (Load *load)
{
  Call *call = g_new0 (Call, 1);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);

  call->load = load;
  call->cancellable = g_cancellable_new ();
  kms_batch_add_secret (batch, secret, load->context);
  load->n_left--;
  load->n_running++;
  kms_provider_run_async (load->provider, load->key_id, batch, call->cancellable, on_done, call);
  if ((guint) g_rand_int_range (load->random, 0, 100) < load->cancelled_percent)
    call->timer = g_timeout_add ((guint) g_rand_int_range (load->random, 0, 10), on_time_to_cancel, call);
}

static void
start_calls (Load *load)
{
  while (load->n_left > 0 && load->n_running < IN_FLIGHT)
    start_call (load);
}

static guint
parse_number (const char *text)
{
  g_autoptr (GError) error = NULL;
  guint64 number;

  g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, &error);
  g_assert_no_error (error);
  return (guint) number;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key_id = NULL;

  if (argc != 5)
    return 2;
  g_log_set_writer_func (count_connections, NULL, NULL);
  g_autoptr (KmsRegistry) registry = kms_registry_new (argv[1], NULL, &error);
  g_assert_no_error (error);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (registry, argv[2], NULL, &key_id, &error);
  g_assert_no_error (error);
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  Load load = { .provider = provider,
                .key_id = key_id,
                .context = context,
                .n_left = parse_number (argv[3]),
                .cancelled_percent = parse_number (argv[4]),
                .random = g_rand_new_with_seed (1) };

  start_calls (&load);
  while (load.n_running > 0)
    g_main_context_iteration (NULL, TRUE);
  g_rand_free (load.random);
  g_print ("done %u cancelled %u failed %u http2 %d http1 %d\n", load.n_done, load.n_cancelled, load.n_failed, n_http2,
           n_http1);
  return load.n_failed == 0 ? 0 : 1;
}
