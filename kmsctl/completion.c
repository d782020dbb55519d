/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the three completion scripts have in common, and the command that prints one. */
#include "completion.h"

#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "command-groups.h"
#include "result.h"

void
kmsctl_each_option (KmsctlOptionFunc *func, gpointer user_data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    if (g_hash_table_add (seen, (gpointer) option->name))
      func (option, user_data);
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    {
      KmsctlOptionIter iter;
      kmsctl_option_iter_init (&iter, command);
      for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
           option = kmsctl_option_iter_next (&iter))
        if (g_hash_table_add (seen, (gpointer) option->name))
          func (option, user_data);
    }
}

char *
kmsctl_join_commands (const char *separator)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN))
      g_ptr_array_add (names, (gpointer) command->name);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (separator, (char **) names->pdata);
}

GPtrArray *
kmsctl_next_words (const char *group)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    {
      gsize skip = group == NULL ? 0 : strlen (group) + 1;
      if (command->flags & KMSCTL_COMMAND_HIDDEN || (group != NULL && !kmsctl_command_is_in_group (command, group)))
        continue;
      g_autofree char *word = g_strndup (command->name + skip, strcspn (command->name + skip, " "));
      if (!g_ptr_array_find_with_equal_func (words, word, g_str_equal, NULL))
        g_ptr_array_add (words, g_steal_pointer (&word));
    }
  return words;
}

static void
add_valued (const KmsctlOption *option, gpointer user_data)
{
  GString *out = user_data;

  if (option->type == KMSCTL_TYPE_FLAG)
    return;
  g_string_append_printf (out, " --%s", option->name);
  if (option->letter != 0)
    g_string_append_printf (out, " -%c", option->letter);
}

char *
kmsctl_join_valued (void)
{
  GString *out = g_string_new (NULL);

  kmsctl_each_option (add_valued, out);
  g_string_append_c (out, ' ');
  return g_string_free (out, FALSE);
}

/* The first word of a command's arguments, without brackets and dots: "TARGET", "PROVIDER", "bash|zsh|fish", "". */
static char *
dup_first_argument (const KmsctlCommand *command)
{
  g_autofree char *first = g_strndup (command->arguments, strcspn (command->arguments, " "));
  g_auto (GStrv) without_dots = g_strsplit (first, "…", -1);
  g_autofree char *joined = g_strjoinv ("", without_dots);

  g_strdelimit (joined, "[]", ' ');
  return g_strdup (g_strstrip (joined));
}

KmsctlOffer
kmsctl_offer_values (const KmsctlOption *option, char **words)
{
  static const struct
  {
    KmsctlType type;
    KmsctlOffer offer;
  } offers[] = {
    { KMSCTL_TYPE_FILE, KMSCTL_OFFER_FILES },   { KMSCTL_TYPE_DIRECTORY, KMSCTL_OFFER_DIRECTORIES },
    { KMSCTL_TYPE_BOX, KMSCTL_OFFER_BOXES },    { KMSCTL_TYPE_PROVIDER, KMSCTL_OFFER_PROVIDERS },
    { KMSCTL_TYPE_CHOICE, KMSCTL_OFFER_WORDS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (offers); i++)
    if (offers[i].type == option->type)
      {
        if (offers[i].offer == KMSCTL_OFFER_WORDS)
          *words = g_strdelimit (g_strdup (option->placeholder), "|", ' ');
        return offers[i].offer;
      }
  return KMSCTL_OFFER_NOTHING;
}

KmsctlOffer
kmsctl_offer_arguments (const KmsctlCommand *command, char **words)
{
  g_autofree char *argument = dup_first_argument (command);

  if (g_str_equal (argument, "TARGET") || g_str_equal (argument, "BOX"))
    return KMSCTL_OFFER_BOXES;
  if (g_str_equal (argument, "PROVIDER"))
    return KMSCTL_OFFER_PROVIDERS;
  /* "NAME" is one that is not there yet. */
  if (g_str_equal (command->arguments, "[NAME]"))
    return KMSCTL_OFFER_CONFIGURED;
  if (strchr (argument, '|') != NULL)
    *words = g_strdelimit (g_steal_pointer (&argument), "|", ' ');
  return *words == NULL ? KMSCTL_OFFER_NOTHING : KMSCTL_OFFER_WORDS;
}

static void
append_snippet (GString *out, const char *snippet, const char *words)
{
  const char *place = words == NULL ? NULL : strstr (snippet, "%s");

  if (place == NULL)
    g_string_append (out, snippet);
  else
    {
      g_string_append_len (out, snippet, place - snippet);
      g_string_append (out, words);
      g_string_append (out, place + 2);
    }
}

typedef struct
{
  GString *out;
  const char *const *snippets;
} ValueCases;

static void
append_value_case (const KmsctlOption *option, gpointer user_data)
{
  ValueCases *cases = user_data;
  g_autofree char *words = NULL;

  if (option->type == KMSCTL_TYPE_FLAG)
    return;
  g_string_append_printf (cases->out, "    --%s", option->name);
  if (option->letter != 0)
    g_string_append_printf (cases->out, "|-%c", option->letter);
  g_string_append (cases->out, ") ");
  KmsctlOffer offer = kmsctl_offer_values (option, &words);
  append_snippet (cases->out, cases->snippets[offer], offer == KMSCTL_OFFER_NOTHING ? option->placeholder : words);
  g_string_append (cases->out, "; return ;;\n");
}

void
kmsctl_append_value_cases (GString *out, const char *const snippets[KMSCTL_N_OFFERS])
{
  ValueCases cases = { out, snippets };

  kmsctl_each_option (append_value_case, &cases);
}

void
kmsctl_append_argument_cases (GString *out, const char *const snippets[KMSCTL_N_OFFERS])
{
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    {
      g_autofree char *words = NULL;
      KmsctlOffer offer = kmsctl_offer_arguments (command, &words);

      if (command->flags & KMSCTL_COMMAND_HIDDEN || offer == KMSCTL_OFFER_NOTHING)
        continue;
      /* How many arguments are there already: only "…" takes more than one of a kind. */
      g_string_append_printf (out, "    '%s '%s) ", command->name,
                              strstr (command->arguments, "…") != NULL ? "*" : "0");
      append_snippet (out, snippets[offer], words);
      g_string_append (out, " ;;\n");
    }
}

char *
kmsctl_quote (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "'", -1);

  return g_strjoinv ("'\\''", parts);
}

static GVariant *
describe_script (const char *shell, const char *script)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "shell", shell);
  kmsctl_fields_text (&fields, "script", script);
  return kmsctl_fields_end (&fields);
}

gboolean
kmsctl_run_completion (Kmsctl *self, GError **error)
{
  static const struct
  {
    const char *shell;
    void (*write) (GString *out);
  } shells[] = { { "bash", kmsctl_complete_bash }, { "zsh", kmsctl_complete_zsh }, { "fish", kmsctl_complete_fish } };
  const char *shell = kmsctl_argument (self, 0);
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (shells); i++)
    if (g_str_equal (shells[i].shell, shell))
      {
        shells[i].write (out);
        if (self->json)
          return kmsctl_print (self, describe_script (shell, out->str), error);
        return kmsctl_write_all (self, STDOUT_FILENO, "stdout", out->str, out->len, error);
      }
  return kmsctl_usage_error (error, _ ("there are completions for bash, zsh and fish, not for \"%s\""), shell);
}
