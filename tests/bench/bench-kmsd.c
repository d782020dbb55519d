/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* kmsd on a bus of its own, against a service that takes and gives the same messages and does nothing else. */
#include <libkms/kms.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../config-root.h"
#include "bus-caller.h"
#include "bus-process.h"

#define N_TURNS 200
#define N_TURN_CALLS 25
#define N_BATCH_TURNS 40
#define N_ITEMS 1000
#define N_LATE_CALLS 1000
#define N_LATE_CONNECTIONS 8
#define N_MANY_CALLS 100000
#define N_CONNECTION_CALLS 1000
/* As many before counting: what is made once and kept is not growth. */
#define N_WARM_UP_CALLS 2000

typedef void (*CallsFunc) (BusCaller *caller, guint n);

typedef struct
{
  BusCaller caller;
  pid_t pid;
  double wall[N_TURNS];
  double best_cpu;
} Side;

static double
get_wall (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double first = *(const double *) a, second = *(const double *) b;

  return (first > second) - (first < second);
}

static double
get_median (double *values, guint n)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return values[n / 2];
}

static void
time_turn (Side *side, guint turn, CallsFunc func)
{
  double cpu = bus_process_get_cpu (side->pid), wall = get_wall ();

  func (&side->caller, N_TURN_CALLS);
  side->wall[turn] = (get_wall () - wall) / N_TURN_CALLS;
  side->best_cpu = MIN (side->best_cpu, (bus_process_get_cpu (side->pid) - cpu) / N_TURN_CALLS);
}

/* The best of many short turns: what else the machine does spoils most of them, but not all. */
static void
compare (const char *name, Side *kmsd, Side *bare, CallsFunc func)
{
  double ratios[N_TURNS], best = G_MAXDOUBLE, best_bare = G_MAXDOUBLE;

  kmsd->best_cpu = bare->best_cpu = G_MAXDOUBLE;
  func (&kmsd->caller, N_TURN_CALLS);
  func (&bare->caller, N_TURN_CALLS);
  for (guint i = 0; i < N_TURNS; i++)
    {
      time_turn (i % 2 == 0 ? bare : kmsd, i, func);
      time_turn (i % 2 == 0 ? kmsd : bare, i, func);
      ratios[i] = kmsd->wall[i] / bare->wall[i];
      best = MIN (best, kmsd->wall[i]);
      best_bare = MIN (best_bare, bare->wall[i]);
    }
  g_print ("%-28s %7.1f us   bare %7.1f us   ratio %5.2f  (median of pairs %5.2f)   CPU of the service %6.1f / %6.1f us"
           "\n",
           name, best / 1e3, best_bare / 1e3, best / best_bare, get_median (ratios, N_TURNS), kmsd->best_cpu / 1e3,
           bare->best_cpu / 1e3);
}

/* The bare service takes and gives the same batches: what is faster than that is not GDBus any more. */
static void
compare_batch (const char *name, Side *kmsd, Side *bare, CallsFunc single, CallsFunc batch)
{
  double best_single = G_MAXDOUBLE, best_batch = G_MAXDOUBLE, best_bare = G_MAXDOUBLE, best_cpu = G_MAXDOUBLE;

  for (guint i = 0; i < N_BATCH_TURNS; i++)
    {
      double start = get_wall ();
      single (&kmsd->caller, N_TURN_CALLS);
      double middle = get_wall (), cpu = bus_process_get_cpu (kmsd->pid);
      batch (&kmsd->caller, N_ITEMS);
      double end = get_wall ();
      best_cpu = MIN (best_cpu, (bus_process_get_cpu (kmsd->pid) - cpu) / N_ITEMS);
      best_single = MIN (best_single, (middle - start) / N_TURN_CALLS);
      best_batch = MIN (best_batch, (end - middle) / N_ITEMS);
      end = get_wall ();
      batch (&bare->caller, N_ITEMS);
      best_bare = MIN (best_bare, (get_wall () - end) / N_ITEMS);
    }
  g_print ("%-28s %7.2f us an item   bare %7.2f us   single %7.1f us   %5.1f times the rate (bare: %5.1f)   CPU of the "
           "service %5.2f us\n",
           name, best_batch / 1e3, best_bare / 1e3, best_single / 1e3, best_single / best_batch,
           best_single / best_bare, best_cpu / 1e3);
}

typedef struct
{
  guint n_left, n_failed;
  char *failure;
} Late;

static void
on_late (GObject *source, GAsyncResult *result, gpointer data)
{
  Late *late = data;
  g_autoptr (GUnixFDList) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant)
    reply = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), &list, result, &error);

  late->n_left--;
  if (reply != NULL)
    bus_caller_read_plaintext (list, PLAINTEXT_SIZE);
  else if (late->n_failed++ == 0)
    late->failure = g_strdup (error->message);
}

/* A thousand calls go to one object, and one at a time to another one. */
typedef struct
{
  const char *title;
  const char *name, *late_path, *path;
} Crowd;

/* Calls one at a time, in a process of its own: here it would share GDBus's thread with the crowd, and wait for that. */
typedef struct
{
  GSubprocess *process;
  GDataInputStream *output;
} Meanwhile;

static char *
read_line (Meanwhile *self)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (self->output, NULL, NULL, &error);

  if (line == NULL)
    g_error ("lone-bus ended: %s", error == NULL ? "too early" : error->message);
  return line;
}

static void
start_meanwhile (Meanwhile *self, const char *program, const Crowd *crowd)
{
  g_autoptr (GError) error = NULL;

  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program,
                                    crowd->name, crowd->path, NULL);
  if (self->process == NULL)
    g_error ("%s", error->message);
  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  g_free (read_line (self));
}

static void
end_meanwhile (Meanwhile *self)
{
  guint64 n, median, most, longest;

  g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  g_autofree char *line = read_line (self);
  if (sscanf (line, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &n, &median,
              &most, &longest)
      != 4)
    g_error ("lone-bus said \"%s\"", line);
  g_print ("  one at a time meanwhile (%" G_GUINT64_FORMAT
           " calls): median %.2f ms, 99 of 100 in %.2f ms, longest %.2f ms\n",
           n, (double) median / 1e6, (double) most / 1e6, (double) longest / 1e6);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->output);
  g_object_unref (self->process);
}

static void
send_late (Late *late, const Crowd *crowd, GDBusConnection *const *connections, GVariant *parameters)
{
  for (late->n_left = 0; late->n_left < N_LATE_CALLS; late->n_left++)
    g_dbus_connection_call_with_unix_fd_list (connections[late->n_left % N_LATE_CONNECTIONS], crowd->name,
                                              crowd->late_path, BOX_INTERFACE, "Decrypt", parameters, NULL,
                                              G_DBUS_CALL_FLAGS_NONE, 60000, NULL, NULL, on_late, late);
}

static void
wait_for_late (const char *lone, const Crowd *crowd)
{
  GDBusConnection *connections[N_LATE_CONNECTIONS];
  g_auto (BusCaller) caller = { NULL };
  Meanwhile meanwhile;
  Late late = { 0 };

  for (guint i = 0; i < N_LATE_CONNECTIONS; i++)
    connections[i] = bus_connect ();
  bus_caller_init (&caller, connections[0], crowd->name, crowd->late_path);
  g_autoptr (GVariant) parameters = g_variant_ref_sink (bus_caller_new_decryption (&caller));
  start_meanwhile (&meanwhile, lone, crowd);
  double start = get_wall ();
  send_late (&late, crowd, connections, parameters);
  while (late.n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_print ("%d calls%s, %d connections: %.2f s, %u refused%s%s\n", N_LATE_CALLS, crowd->title, N_LATE_CONNECTIONS,
           (get_wall () - start) / 1e9, late.n_failed, late.n_failed > 0 ? ": " : "",
           late.n_failed > 0 ? late.failure : "");
  end_meanwhile (&meanwhile);
  g_free (late.failure);
  for (guint i = 0; i < N_LATE_CONNECTIONS; i++)
    g_object_unref (connections[i]);
}

static void
call_often (guint n)
{
  for (guint i = 0; i < n; i += N_CONNECTION_CALLS)
    {
      g_autoptr (GDBusConnection) connection = bus_connect ();
      g_auto (BusCaller) caller = { NULL };

      bus_caller_init (&caller, connection, KMSD_NAME, BOX_PATH);
      bus_caller_encrypt (&caller, N_CONNECTION_CALLS / 2);
      bus_caller_decrypt (&caller, N_CONNECTION_CALLS / 2);
    }
}

static void
tell_use (pid_t pid, const char *when)
{
  g_print ("%-28s resident %6.1f MB, of that its own %6.1f MB; %d descriptors\n", when,
           (double) bus_process_get_memory (pid, "VmRSS") / 1024,
           (double) bus_process_get_memory (pid, "RssAnon") / 1024, bus_process_count_descriptors (pid));
}

/* kmsd forgets KMS_MODULE_PATH: only the administrator's files name modules that are not installed. */
static void
add_provider (const char *root, const char *folder, const char *name, const char *keys)
{
  g_autofree char *file = g_strdup_printf ("admin/providers.d/%s.provider", name);
  g_autofree char *module = g_strdup_printf ("kms-%s.so", name);
  g_autofree char *path = g_build_filename (folder, module, NULL);
  g_autofree char *whole = g_canonicalize_filename (path, NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n%s\n", whole, keys);

  config_root_write (root, file, text);
}

static void
write_root (const char *root, const char *plugins, const char *bench_modules)
{
  g_autofree char *local = g_build_filename (plugins, "local", NULL);

  add_provider (root, local, "local", "Prefixes=local/");
  add_provider (root, bench_modules, "late", "Exact=late");
  config_root_write (root, "admin/boxes.d/bench.box", "[Box]\nVersion=1\n\n[Version 1]\nKeyId=local/bench\n");
  config_root_write (root, "admin/boxes.d/late.box", "[Box]\nVersion=1\n\n[Version 1]\nKeyId=late\n");
}

static void
create_key (const char *root)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, &error);
  g_autoptr (KmsProvider) provider = registry == NULL ? NULL : kms_registry_dup_provider (registry, "local", &error);
  g_autoptr (GPtrArray) keys =
    provider == NULL ? NULL
                     : kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "bench", NULL, NULL, &error);

  if (keys == NULL)
    g_error ("%s", error->message);
}

typedef struct
{
  const char *kmsd, *root, *lone;
  GDBusConnection *connection;
  Side bare;
} Stage;

/* With the audit log in that directory's file system. */
static void
start_kmsd (Stage *stage, const char *state_parent, Side *side, char **state)
{
  *state = g_build_filename (state_parent, "kms-bench-XXXXXX", NULL);
  if (g_mkdtemp (*state) == NULL)
    g_error ("can't make a directory in %s", state_parent);
  const char *const argv[] = {
    stage->kmsd, "--session", "--config-root", stage->root, "--state-directory", *state, NULL
  };

  side->pid = bus_process_start (stage->connection, KMSD_NAME, argv);
}

static void
run_tmpfs (Stage *stage)
{
  static const Crowd to_kmsd = { " at 200 ms", KMSD_NAME, LATE_PATH, BOX_PATH };
  static const Crowd to_bare = { " to the bare service", BARE_NAME, BARE_PATH, BARE_PATH };
  char *state;
  Side side;

  start_kmsd (stage, "/dev/shm", &side, &state);
  tell_use (side.pid, "kmsd after its start");
  bus_caller_init (&side.caller, stage->connection, KMSD_NAME, BOX_PATH);
  if (g_variant_n_children (side.caller.ciphertext) != CIPHERTEXT_SIZE)
    g_error ("a ciphertext has %zu bytes, not %d", g_variant_n_children (side.caller.ciphertext), CIPHERTEXT_SIZE);
  compare ("Encrypt, log on tmpfs", &side, &stage->bare, bus_caller_encrypt);
  compare ("Decrypt, log on tmpfs", &side, &stage->bare, bus_caller_decrypt);
  compare_batch ("EncryptBatch, one context", &side, &stage->bare, bus_caller_encrypt, bus_caller_encrypt_batch);
  compare_batch ("DecryptBatch, one context", &side, &stage->bare, bus_caller_decrypt, bus_caller_decrypt_batch);
  compare_batch ("EncryptBatch, 1000 contexts", &side, &stage->bare, bus_caller_encrypt, bus_caller_encrypt_rows);
  compare_batch ("DecryptBatch, 1000 contexts", &side, &stage->bare, bus_caller_decrypt, bus_caller_decrypt_rows);
  wait_for_late (stage->lone, &to_kmsd);
  /* Without any wait at a service: what a bus and GDBus take for as many. */
  wait_for_late (stage->lone, &to_bare);
  call_often (N_WARM_UP_CALLS);
  tell_use (side.pid, "kmsd so far");
  call_often (N_MANY_CALLS);
  tell_use (side.pid, "kmsd, 100000 calls later");
  bus_caller_clear (&side.caller);
  bus_process_end (side.pid);
  config_root_remove (state);
}

static void
run_disk (Stage *stage)
{
  char *state;
  Side side;

  start_kmsd (stage, g_get_tmp_dir (), &side, &state);
  bus_caller_init (&side.caller, stage->connection, KMSD_NAME, BOX_PATH);
  compare ("Encrypt, log on disk", &side, &stage->bare, bus_caller_encrypt);
  compare ("Decrypt, log on disk", &side, &stage->bare, bus_caller_decrypt);
  bus_caller_clear (&side.caller);
  bus_process_end (side.pid);
  config_root_remove (state);
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    {
      g_printerr ("Usage: bench-kmsd KMSD PLUGINS BENCH   (the command, and the folders of the modules)\n");
      return 2;
    }
  g_autoptr (GTestDBus) bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autofree char *bare = g_build_filename (argv[3], "bare-bus", NULL);
  g_autofree char *lone = g_build_filename (argv[3], "lone-bus", NULL);
  g_autoptr (ConfigRoot) root = config_root_new ();
  const char *const bare_argv[] = { bare, NULL };

  write_root (root, argv[2], argv[3]);
  create_key (root);
  g_test_dbus_up (bus);
  Stage stage = { argv[1], root, lone, bus_connect (), { { NULL } } };
  stage.bare.pid = bus_process_start (stage.connection, BARE_NAME, bare_argv);
  bus_caller_init (&stage.bare.caller, stage.connection, BARE_NAME, BARE_PATH);
  run_tmpfs (&stage);
  run_disk (&stage);
  bus_caller_clear (&stage.bare.caller);
  bus_process_end (stage.bare.pid);
  g_object_unref (stage.connection);
  g_test_dbus_down (bus);
  return 0;
}
