/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The completion script for zsh. */
#include <glib/gi18n.h>

#include "completion.h"

static const char head[] = "#compdef kmsctl\n"
                           "# kmsctl completion for zsh, written by \"kmsctl completion zsh\"\n"
                           "_kmsctl_boxes () { compadd -- ${(f)\"$(kmsctl $through box list --quiet 2>/dev/null)\"} }\n"
                           "_kmsctl_providers () { compadd -- ${(f)\"$(kmsctl provider list --quiet 2>/dev/null)\"} }\n"
                           "_kmsctl_configured () { through=(); _kmsctl_boxes; _kmsctl_providers }\n"
                           "_kmsctl () {\n"
                           "  local command= word= skip= option= help=\n"
                           "  local -i i count\n"
                           "  local -a names through\n";

static const char scan[] =
  "  for (( i = 2; i < CURRENT; i++ )); do\n"
  "    word=${(Q)words[i]}\n"
  "    if [[ -n $skip ]]; then\n"
  "      if [[ \" " KMSCTL_THROUGH_VALUED " \" == *\" $skip \"* ]]; then through+=($skip=$word); fi\n"
  "      skip=\n"
  "    elif [[ $word == -* ]]; then\n"
  "      if [[ $valued == *\" $word \"* ]]; then skip=$word; fi\n"
  "      if [[ \" " KMSCTL_THROUGH_FLAGS " " KMSCTL_THROUGH_VALUED
  " \" == *\" ${word%%=*} \"* && -z $skip ]]; then through+=($word); fi\n"
  "    elif [[ -z $command$help && $word == help ]]; then help='help '\n"
  "    elif [[ $commands == *\"|$command|\"* ]]; then (( ++count ))\n"
  "    else command=\"${command:+$command }$word\"\n"
  "    fi\n"
  "  done\n"
  "  option=$words[CURRENT-1]\n"
  "  if [[ $words[CURRENT] == --*=* ]]; then option=${words[CURRENT]%%=*}; compset -P '*='; fi\n";

static const char *const snippets[KMSCTL_N_OFFERS] = {
  [KMSCTL_OFFER_NOTHING] = "_message '%s'",       [KMSCTL_OFFER_FILES] = "_files",
  [KMSCTL_OFFER_DIRECTORIES] = "_files -/",       [KMSCTL_OFFER_BOXES] = "_kmsctl_boxes",
  [KMSCTL_OFFER_PROVIDERS] = "_kmsctl_providers", [KMSCTL_OFFER_CONFIGURED] = "_kmsctl_configured",
  [KMSCTL_OFFER_WORDS] = "compadd -- %s",
};

static void
append_name (GString *out, const char *name, const char *help)
{
  g_autofree char *quoted = kmsctl_quote (_ (help));

  g_string_append_printf (out, " '%s:%s'", name, quoted);
}

static void
append_options (GString *out, const KmsctlCommand *command)
{
  KmsctlOptionIter iter;

  g_string_append_printf (out, "      '%s') names=(", command->name);
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    {
      g_autofree char *name = g_strconcat ("--", option->name, NULL);
      append_name (out, name, option->help);
    }
  g_string_append (out, " ) ;;\n");
}

static const char *
help_of (const char *group, const char *word)
{
  g_autofree char *name = group == NULL ? g_strdup (word) : g_strconcat (group, " ", word, NULL);
  const KmsctlCommand *command = kmsctl_command_find (name);

  return command != NULL ? command->help : kmsctl_group_find (word)->help;
}

static void
append_words (GString *out, const char *group)
{
  g_autoptr (GPtrArray) words = kmsctl_next_words (group);

  g_string_append_printf (out, "    '%s') names=(", group == NULL ? "" : group);
  for (guint i = 0; i < words->len; i++)
    append_name (out, g_ptr_array_index (words, i), help_of (group, g_ptr_array_index (words, i)));
  g_string_append (out, " ); _describe command names ;;\n");
}

void
kmsctl_complete_zsh (GString *out)
{
  g_autofree char *commands = kmsctl_join_commands ("|");
  g_autofree char *valued = kmsctl_join_valued ();

  g_string_append (out, head);
  g_string_append_printf (out, "  local valued='%s' commands='|%s|'\n", valued, commands);
  g_string_append (out, scan);
  g_string_append (out, "  case $option in\n");
  kmsctl_append_value_cases (out, snippets);
  g_string_append (out, "  esac\n  if [[ $PREFIX == -* ]]; then\n    case $command in\n");
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN))
      append_options (out, command);
  g_string_append (out, "    esac\n    names+=(");
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    {
      g_autofree char *name = g_strconcat ("--", option->name, NULL);
      append_name (out, name, option->help);
    }
  g_string_append (out, " )\n    _describe -o option names\n    return\n  fi\n  case $command in\n");
  append_words (out, NULL);
  for (const KmsctlGroup *group = kmsctl_groups; group->name != NULL; group++)
    append_words (out, group->name);
  g_string_append (out, "  esac\n  case \"$help$command $count\" in\n");
  kmsctl_append_argument_cases (out, snippets);
  g_string_append (out, "  esac\n}\n_kmsctl \"$@\"\n");
}
