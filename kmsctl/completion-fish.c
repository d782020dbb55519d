/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The completion script for fish. */
#include <glib/gi18n.h>

#include "completion.h"

/* Of the words in front of the cursor: the command; "help " or nothing; how many arguments; and what goes through to
 * "kmsctl box list". */
static const char scan[] = "function __kmsctl_scan\n"
                           "    set -l command ''\n"
                           "    set -l help ''\n"
                           "    set -l count 0\n"
                           "    set -l skip ''\n"
                           "    set -l through\n"
                           "    set -l words (commandline -opc)\n"
                           "    for word in $words[2..-1]\n"
                           "        if test -n \"$skip\"\n"
                           "            contains -- $skip $__kmsctl_through_valued; and set -a through $skip=$word\n"
                           "            set skip ''\n"
                           "        else if string match -q -- '-*' $word\n"
                           "            if contains -- $word $__kmsctl_valued\n"
                           "                set skip $word\n"
                           "            else if contains -- (string split -m 1 = -- $word)[1] $__kmsctl_through\n"
                           "                set -a through $word\n"
                           "            end\n"
                           "        else if test \"$command$help$word\" = help\n"
                           "            set help 'help '\n"
                           "        else if contains -- \"$command\" $__kmsctl_commands\n"
                           "            set count (math $count + 1)\n"
                           "        else\n"
                           "            set command (string trim -- \"$command $word\")\n"
                           "        end\n"
                           "    end\n"
                           "    printf '%s\\n' $command \"$help\" $count $through\n"
                           "end\n"
                           "function __kmsctl_is\n"
                           "    set -l scan (__kmsctl_scan)\n"
                           "    contains -- \"$scan[1]\" $argv\n"
                           "end\n"
                           "function __kmsctl_takes\n"
                           "    set -l scan (__kmsctl_scan)\n"
                           "    test \"$scan[2]$scan[1]\" = \"$argv[1]\"; and test $scan[3] -lt $argv[2]\n"
                           "end\n"
                           "function __kmsctl_boxes\n"
                           "    set -l scan (__kmsctl_scan)\n"
                           "    kmsctl $scan[4..-1] box list --quiet 2>/dev/null\n"
                           "end\n"
                           "complete -c kmsctl -f\n";

/* Behind " -a ". */
static const char *const snippets[KMSCTL_N_OFFERS] = {
  [KMSCTL_OFFER_DIRECTORIES] = "(__fish_complete_directories)",
  [KMSCTL_OFFER_BOXES] = "(__kmsctl_boxes)",
  [KMSCTL_OFFER_PROVIDERS] = "(kmsctl provider list --quiet 2>/dev/null)",
  [KMSCTL_OFFER_CONFIGURED] = "(kmsctl box list --quiet 2>/dev/null; kmsctl provider list --quiet 2>/dev/null)",
};

static void
append_offer (GString *out, KmsctlOffer offer, const char *words)
{
  g_string_append_printf (out, " -a '%s'", words != NULL ? words : snippets[offer]);
}

/* -r: needs a value, files are offered; -x: needs a value, and only what we offer. */
static void
append_option (GString *out, const char *command, const KmsctlOption *option)
{
  g_autofree char *help = kmsctl_quote (_ (option->help));
  g_autofree char *words = NULL;

  g_string_append (out, "complete -c kmsctl");
  if (command != NULL)
    g_string_append_printf (out, " -n '__kmsctl_is \"%s\"'", command);
  if (option->letter != 0)
    g_string_append_printf (out, " -s %c", option->letter);
  g_string_append_printf (out, " -l %s", option->name);
  KmsctlOffer offer = kmsctl_offer_values (option, &words);
  if (offer == KMSCTL_OFFER_FILES)
    g_string_append (out, " -r -F");
  else if (option->type != KMSCTL_TYPE_FLAG)
    g_string_append (out, " -x");
  if (offer > KMSCTL_OFFER_FILES)
    append_offer (out, offer, words);
  g_string_append_printf (out, " -d '%s'\n", help);
}

static void
append_words (GString *out, const char *group)
{
  g_autoptr (GPtrArray) words = kmsctl_next_words (group);

  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      g_autofree char *name = group == NULL ? g_strdup (word) : g_strconcat (group, " ", word, NULL);
      const KmsctlCommand *command = kmsctl_command_find (name);
      g_autofree char *help = kmsctl_quote (_ (command != NULL ? command->help : kmsctl_group_find (word)->help));
      g_string_append_printf (out, "complete -c kmsctl -n '__kmsctl_is \"%s\"' -a '%s' -d '%s'\n",
                              group == NULL ? "" : group, word, help);
    }
}

static void
append_arguments (GString *out, const KmsctlCommand *command)
{
  g_autofree char *words = NULL;
  KmsctlOffer offer = kmsctl_offer_arguments (command, &words);

  if (offer == KMSCTL_OFFER_NOTHING)
    return;
  g_string_append_printf (out, "complete -c kmsctl -n '__kmsctl_takes \"%s\" %s'", command->name,
                          strstr (command->arguments, "…") != NULL ? "1000" : "1");
  append_offer (out, offer, words);
  g_string_append_c (out, '\n');
}

static void
append_command (GString *out, const KmsctlCommand *command)
{
  KmsctlOptionIter iter;

  append_arguments (out, command);
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    append_option (out, command->name, option);
}

void
kmsctl_complete_fish (GString *out)
{
  g_autofree char *commands = kmsctl_join_commands ("' '");
  g_autofree char *valued = kmsctl_join_valued ();

  g_string_append (out, "# kmsctl completion for fish, written by \"kmsctl completion fish\"\n");
  g_string_append_printf (out, "set -g __kmsctl_valued%s\nset -g __kmsctl_commands '%s'\n", valued, commands);
  g_string_append (out, "set -g __kmsctl_through_valued " KMSCTL_THROUGH_VALUED "\n");
  g_string_append (out, "set -g __kmsctl_through " KMSCTL_THROUGH_FLAGS " $__kmsctl_through_valued\n");
  g_string_append (out, scan);
  append_words (out, NULL);
  for (const KmsctlGroup *group = kmsctl_groups; group->name != NULL; group++)
    append_words (out, group->name);
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN))
      append_command (out, command);
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    append_option (out, NULL, option);
}
