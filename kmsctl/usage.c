/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, from the table: for people, as plain text for tests, and as reStructuredText for the manual page. */
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "command-groups.h"
#include "result.h"

static char *
option_synopsis (const KmsctlOption *option, const char *between)
{
  g_autofree char *value = option->placeholder == NULL ? g_strdup ("")
                                                       : g_strconcat ("=", _ (option->placeholder), NULL);

  if (option->letter == 0)
    return g_strdup_printf ("--%s%s", option->name, value);
  return g_strdup_printf ("-%c%s--%s%s", option->letter, between, option->name, value);
}

static void
append_columns (GString *out, const char *left, const char *right)
{
  g_string_append_printf (out, "  %s", left);
  for (glong i = g_utf8_strlen (left, -1); i < 32; i++)
    g_string_append_c (out, ' ');
  g_string_append_printf (out, "%s%s\n", g_utf8_strlen (left, -1) >= 32 ? " " : "", right);
}

static void
append_option (GString *out, const KmsctlOption *option)
{
  g_autofree char *synopsis = option_synopsis (option, ", ");

  append_columns (out, synopsis, _ (option->help));
}

static void
append_command_line (GString *out, const KmsctlCommand *command)
{
  g_autofree char *left =
    g_strconcat (command->name, command->arguments[0] == '\0' ? "" : " ", command->arguments, NULL);

  append_columns (out, left, _ (command->help));
}

static void
append_overview (GString *out, const char *group)
{
  const KmsctlGroup *about = group == NULL ? NULL : kmsctl_group_find (group);

  g_string_append_printf (out, _ ("Usage: kmsctl [OPTIONS] %s [ARGUMENTS]\n"), group == NULL ? _ ("COMMAND") : group);
  if (about != NULL)
    g_string_append_printf (out, "\n%s\n", _ (about->help));
  g_string_append_printf (out, "\n%s\n", _ ("Commands:"));
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN) && (group == NULL || kmsctl_command_is_in_group (command, group)))
      append_command_line (out, command);
  g_string_append_printf (out, "\n%s\n", _ ("Options of every command:"));
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    append_option (out, option);
  g_string_append_printf (out, "\n%s\n", _ ("\"kmsctl help COMMAND\" explains one command, kmsctl(1) all of them."));
}

static void
append_explanation (GString *out, const KmsctlCommand *command)
{
  KmsctlOptionIter iter;

  g_string_append_printf (out, _ ("Usage: kmsctl %s [OPTIONS] %s\n\n%s\n"), command->name, command->arguments,
                          _ (command->help));
  if (command->options[0] != NULL)
    g_string_append_printf (out, "\n%s\n", _ ("Options:"));
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    append_option (out, option);
  g_string_append_printf (out, "\n%s\n", _ ("\"kmsctl help\" lists the options of every command."));
}

gboolean
kmsctl_print_usage (Kmsctl *self, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (self->command == NULL)
    append_overview (out, self->group);
  else
    append_explanation (out, self->command);
  if (self->json)
    {
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "help", out->str);
      return kmsctl_print (self, kmsctl_fields_end (&fields), error);
    }
  return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), out->str, out->len, error);
}

gboolean
kmsctl_run_help (Kmsctl *self, GError **error)
{
  g_autofree char *name = NULL;

  if (self->arguments->len == 0)
    self->command = NULL;
  else
    {
      g_ptr_array_add (self->arguments, NULL);
      name = g_strjoinv (" ", (char **) self->arguments->pdata);
      const KmsctlGroup *group = kmsctl_group_find (name);
      self->command = kmsctl_command_find (name);
      self->group = group == NULL ? NULL : group->name;
      if (self->command == NULL && group == NULL)
        return kmsctl_usage_error (error, _ ("there is no command \"%s\"; \"kmsctl help\" lists what there is"), name);
    }
  return kmsctl_print_usage (self, error);
}

static void
append_rst_option (GString *out, const KmsctlOption *option)
{
  g_autofree char *synopsis = option_synopsis (option, ", ");

  g_string_append_printf (out, "\n``%s``\n  %s\n", synopsis, option->help);
}

static void
append_rst (GString *out, const KmsctlCommand *command)
{
  g_autofree char *title =
    g_strconcat ("kmsctl ", command->name, command->arguments[0] == '\0' ? "" : " ", command->arguments, NULL);
  g_autofree char *line = g_strnfill ((gsize) g_utf8_strlen (title, -1), '-');
  KmsctlOptionIter iter;

  g_string_append_printf (out, "\n%s\n%s\n\n%s\n", title, line, command->help);
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    append_rst_option (out, option);
}

static void
append_text (GString *out, const KmsctlCommand *command)
{
  KmsctlOptionIter iter;

  g_string_append_printf (out, "%s\t%s\n", command->name, command->arguments);
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
       option = kmsctl_option_iter_next (&iter))
    g_string_append_printf (out, "%s\t--%s\n", command->name, option->name);
}

gboolean
kmsctl_run_dump_commands (Kmsctl *self, GError **error)
{
  gboolean rst = g_str_equal (kmsctl_argument (self, 0), "rst");
  g_autoptr (GString) out = g_string_new (NULL);

  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN))
      (rst ? append_rst : append_text) (out, command);
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    {
      if (rst && option == kmsctl_global_options)
        g_string_append (out, "\nOptions of every command\n------------------------\n");
      if (rst)
        append_rst_option (out, option);
      else
        g_string_append_printf (out, "\t--%s\n", option->name);
    }
  return kmsctl_write_all (self, STDOUT_FILENO, "stdout", out->str, out->len, error);
}
