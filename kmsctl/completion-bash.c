/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The completion script for bash. It needs nothing of the bash-completion package. */
#include "completion.h"

static const char head[] =
  "# kmsctl completion for bash, written by \"kmsctl completion bash\"\n"
  "_kmsctl_words () { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
  "_kmsctl_files () { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
  "_kmsctl_directories () { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); }\n"
  "_kmsctl_list () { kmsctl \"$@\" list --quiet 2>/dev/null; }\n"
  "_kmsctl_boxes () { _kmsctl_words \"$(_kmsctl_list \"${through[@]}\" box)\"; }\n"
  "_kmsctl_providers () { _kmsctl_words \"$(_kmsctl_list provider)\"; }\n"
  "_kmsctl_configured () { _kmsctl_words \"$(_kmsctl_list box; _kmsctl_list provider)\"; }\n"
  "_kmsctl () {\n"
  "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" command= word= i options\n"
  "  local skip= joined= help= through=() count=0\n";

/* "=" and ":" break words in bash: "--in=x" arrives as three, and so does "a:=1". */
static const char scan[] =
  "  if [[ $cur == [:=]* ]]; then cur=\n"
  "  elif [[ $prev == [:=]* ]]; then\n"
  "    prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
  "    if [[ $prev != -* ]]; then return; fi\n"
  "  fi\n"
  "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
  "    word=\"${COMP_WORDS[i]}\"\n"
  "    if [[ $word == [:=]* ]]; then joined=1; continue; fi\n"
  "    if [[ $skip || $joined ]]; then\n"
  "      if [[ \" " KMSCTL_THROUGH_VALUED " \" == *\" $skip \"* ]]; then through+=(\"$skip=$word\"); fi\n"
  "      skip= joined=\n"
  "    elif [[ $word == -* ]]; then\n"
  "      if [[ $valued == *\" $word \"* ]]; then skip=$word; fi\n"
  "      if [[ \" " KMSCTL_THROUGH_FLAGS " \" == *\" $word \"* ]]; then through+=(\"$word\"); fi\n"
  "    elif [[ -z $command$help && $word == help ]]; then help='help '\n"
  "    elif [[ $commands == *\"|$command|\"* ]]; then ((++count))\n"
  "    else command=\"${command:+$command }$word\"\n"
  "    fi\n"
  "  done\n";

static const char *const snippets[KMSCTL_N_OFFERS] = {
  [KMSCTL_OFFER_NOTHING] = ":",
  [KMSCTL_OFFER_FILES] = "_kmsctl_files",
  [KMSCTL_OFFER_DIRECTORIES] = "_kmsctl_directories",
  [KMSCTL_OFFER_BOXES] = "_kmsctl_boxes",
  [KMSCTL_OFFER_PROVIDERS] = "_kmsctl_providers",
  [KMSCTL_OFFER_CONFIGURED] = "_kmsctl_configured",
  [KMSCTL_OFFER_WORDS] = "_kmsctl_words '%s'",
};

static void
append_words (GString *out, const char *group)
{
  g_autoptr (GPtrArray) words = kmsctl_next_words (group);

  g_string_append_printf (out, "    '%s') _kmsctl_words '", group == NULL ? "" : group);
  for (guint i = 0; i < words->len; i++)
    g_string_append_printf (out, "%s%s", i == 0 ? "" : " ", (const char *) g_ptr_array_index (words, i));
  g_string_append (out, "' ;;\n");
}

static void
append_options (GString *out, const KmsctlCommand *command)
{
  KmsctlOptionIter iter;

  g_string_append_printf (out, "    '%s') options='", command->name);
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    g_string_append_printf (out, "--%s ", option->name);
  g_string_append (out, "' ;;\n");
}

void
kmsctl_complete_bash (GString *out)
{
  g_autofree char *commands = kmsctl_join_commands ("|");
  g_autofree char *valued = kmsctl_join_valued ();

  g_string_append (out, head);
  g_string_append_printf (out, "  local valued='%s' commands='|%s|'\n", valued, commands);
  g_string_append (out, scan);
  g_string_append (out, "  case \"$prev\" in\n");
  kmsctl_append_value_cases (out, snippets);
  g_string_append (out, "  esac\n  options=\n  case \"$command\" in\n");
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN))
      append_options (out, command);
  g_string_append (out, "  esac\n  if [[ $cur == -* ]]; then\n    _kmsctl_words \"$options");
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    g_string_append_printf (out, " --%s", option->name);
  g_string_append (out, "\"\n    return\n  fi\n  case \"$command\" in\n");
  append_words (out, NULL);
  for (const KmsctlGroup *group = kmsctl_groups; group->name != NULL; group++)
    append_words (out, group->name);
  g_string_append (out, "  esac\n  case \"$help$command $count\" in\n");
  kmsctl_append_argument_cases (out, snippets);
  g_string_append (out, "  esac\n}\ncomplete -F _kmsctl kmsctl\n");
}
