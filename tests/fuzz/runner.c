/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without libFuzzer, as a test: on every file of its corpus, then on mutations of these, the same
 * ones each time. */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define MAX_SIZE 8192

/* Sanitizers make everything several times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWNESS 8
#else
#define SLOWNESS 1
#endif

/* What is being run, for who reads the end of a process that died. */
static char current[256];
static const guint8 *current_data;
static gsize current_size;
static char kept[256]; /* where to keep it */

static GPtrArray *names;
static GPtrArray *corpus; /* of GBytes, in the same order */
static GPtrArray *words;  /* of GBytes, from the dictionary */
static guint n_mutations;

/* The sanitizers' own way to die, where they are built in. */
void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static void
tell (const char *text)
{
  if (write (STDOUT_FILENO, text, strlen (text)) < 0)
    return;
}

static void
tell_current (void)
{
  int fd = open (kept, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  tell ("Bail out! died on ");
  tell (current);
  if (fd >= 0 && current_size > 0 && write (fd, current_data, current_size) == (gssize) current_size)
    {
      tell (", which is kept in ");
      tell (kept);
    }
  tell ("\n");
}

static void
on_death (int signal_number)
{
  tell_current ();
  signal (signal_number, SIG_DFL);
  raise (signal_number);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
read_corpus (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);

  if (directory == NULL)
    g_error ("no corpus %s", path);
  names = g_ptr_array_new_with_free_func (g_free);
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);
  corpus = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < names->len; i++)
    {
      gsize length;
      char *data;

      if (!g_file_get_contents (g_ptr_array_index (names, i), &data, &length, NULL))
        g_error ("can't read %s", (const char *) g_ptr_array_index (names, i));
      g_ptr_array_add (corpus, g_bytes_new_take (data, length));
    }
}

/* libFuzzer knows the escapes \\, \" and \xAB. */
static GBytes *
read_word (const char *quoted)
{
  GByteArray *word = g_byte_array_new ();

  for (const char *at = quoted; *at != '\0'; at++)
    {
      guint8 byte = (guint8) *at;

      if (*at == '\\' && at[1] == 'x' && g_ascii_isxdigit (at[2]) && g_ascii_isxdigit (at[3]))
        {
          byte = (guint8) (g_ascii_xdigit_value (at[2]) << 4 | g_ascii_xdigit_value (at[3]));
          at += 3;
        }
      else if (*at == '\\' && at[1] != '\0')
        byte = (guint8) * ++at;
      g_byte_array_append (word, &byte, 1);
    }
  return g_byte_array_free_to_bytes (word);
}

/* A word in quotes a line. */
static void
read_dictionary (const char *path)
{
  g_autofree char *text = NULL;

  words = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *end = strrchr (lines[i], '"');

      if (lines[i][0] != '"' || end == lines[i])
        continue;
      g_autofree char *quoted = g_strndup (lines[i] + 1, (gsize) (end - lines[i] - 1));
      g_ptr_array_add (words, read_word (quoted));
    }
}

/* A copy of exactly this size, so that a sanitizer sees a read behind its end. */
static void
run_one (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (size == 0 ? (const guint8 *) "" : data, MAX (size, 1));

  current_data = copy;
  current_size = size;
  LLVMFuzzerTestOneInput (copy, size);
  current_data = NULL;
  current_size = 0;
}

static void
test_corpus (void)
{
  g_assert_cmpuint (corpus->len, >=, 5);
  for (guint i = 0; i < corpus->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (g_ptr_array_index (corpus, i), &size);

      g_snprintf (current, sizeof current, "%s", (const char *) names->pdata[i]);
      run_one (data, size);
    }
}

static void
insert (GByteArray *input, GRand *rand, const guint8 *data, gsize length)
{
  guint at = input->len == 0 ? 0 : (guint) g_rand_int_range (rand, 0, (gint32) input->len + 1);
  g_autofree guint8 *tail = g_memdup2 (input->data + at, input->len - at);
  guint tail_length = input->len - at;

  if (input->len + length > MAX_SIZE)
    return;
  g_byte_array_set_size (input, at);
  g_byte_array_append (input, data, (guint) length);
  g_byte_array_append (input, tail, tail_length);
}

static void
insert_random (GByteArray *input, GRand *rand, const GPtrArray *from)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (from->pdata[g_rand_int_range (rand, 0, (gint32) from->len)], &length);
  gsize start = from == words || length == 0 ? 0 : (gsize) g_rand_int_range (rand, 0, (gint32) length);

  if (length > 0)
    insert (input, rand, data + start, from == words ? length : 1 + g_rand_int (rand) % (length - start));
}

static void
repeat_part (GByteArray *input, GRand *rand)
{
  guint start = g_rand_int (rand) % input->len, length = 1 + g_rand_int (rand) % MIN (input->len - start, 32);
  g_autofree guint8 *part = g_memdup2 (input->data + start, length);

  insert (input, rand, part, length);
}

static void
remove_part (GByteArray *input, GRand *rand)
{
  guint start = g_rand_int (rand) % input->len;

  g_byte_array_remove_range (input, start, 1 + g_rand_int (rand) % MIN (input->len - start, 16));
}

static void
mutate (GByteArray *input, GRand *rand)
{
  guint8 byte = (guint8) g_rand_int (rand);
  guint way = g_rand_int (rand) % 8;

  if (input->len == 0 || way == 0)
    insert (input, rand, &byte, 1);
  else if (way == 1)
    input->data[byte % input->len] ^= (guint8) (1u << (g_rand_int (rand) % 8));
  else if (way == 2)
    input->data[g_rand_int (rand) % input->len] = byte;
  else if (way == 3)
    g_byte_array_set_size (input, g_rand_int (rand) % (input->len + 1));
  else if (way == 4)
    remove_part (input, rand);
  else if (way == 5)
    repeat_part (input, rand);
  else if (way == 6 && words->len > 0)
    insert_random (input, rand, words);
  else
    insert_random (input, rand, corpus);
}

static void
test_mutations (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint i = 0; i < n_mutations; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (corpus->pdata[g_rand_int (rand) % corpus->len], &size);
      g_autoptr (GByteArray) input = g_byte_array_sized_new ((guint) size);
      guint n = 1 + g_rand_int (rand) % 4;

      g_byte_array_append (input, data, (guint) MIN (size, MAX_SIZE));
      for (guint j = 0; j < n; j++)
        mutate (input, rand);
      g_snprintf (current, sizeof current, "mutation %u", i);
      run_one (input->data, input->len);
    }
  g_test_message ("%u mutations", n_mutations);
}

/* NAME CORPUS DICTIONARY MUTATIONS */
int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc != 5)
    g_error ("usage: NAME CORPUS DICTIONARY MUTATIONS");
  read_corpus (argv[2]);
  read_dictionary (argv[3]);
  g_snprintf (kept, sizeof kept, "%s/fuzz-%s-died", g_get_tmp_dir (), argv[1]);
  n_mutations = (guint) g_ascii_strtoull (argv[4], NULL, 10) / SLOWNESS;
  signal (SIGABRT, on_death);
  signal (SIGSEGV, on_death);
  if (__sanitizer_set_death_callback != NULL)
    __sanitizer_set_death_callback (tell_current);

  g_autofree char *corpus_path = g_strdup_printf ("/fuzz/%s/corpus", argv[1]);
  g_autofree char *mutations_path = g_strdup_printf ("/fuzz/%s/mutations", argv[1]);
  g_test_add_func (corpus_path, test_corpus);
  g_test_add_func (mutations_path, test_mutations);
  return g_test_run ();
}
