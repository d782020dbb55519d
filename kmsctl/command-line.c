/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, parsed by the table: GNU style, options anywhere, "--" ends them. Values are checked by their types. */
#include <string.h>

#include "daemon-choice.h"
#include "kmsctl.h"
#include "time-argument.h"

typedef struct
{
  Kmsctl *self;
  int argc;
  char **argv;
  int next;
  GPtrArray *words; /* what is no option */
} Parser;

gboolean
kmsctl_usage_error (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

static gboolean
matches (const KmsctlOption *option, const char *name, gsize length, char letter)
{
  if (name == NULL)
    return option->letter == letter;
  return strncmp (option->name, name, length) == 0 && option->name[length] == '\0';
}

/* Any command's options: which command it is may not be known yet. */
static const KmsctlOption *
find_option (const char *name, gsize length, char letter)
{
  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    if (matches (option, name, length, letter))
      return option;
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    {
      KmsctlOptionIter iter;
      kmsctl_option_iter_init (&iter, command);
      for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
           option = kmsctl_option_iter_next (&iter))
        if (matches (option, name, length, letter))
          return option;
    }
  return NULL;
}

static gboolean
is_digits (const char *value)
{
  return value[0] != '\0' && strspn (value, "0123456789") == strlen (value);
}

/* Digits and nothing else: GLib's parser lets a vertical tab through. */
static gboolean
parse_number (const char *value, guint64 most, guint64 *number)
{
  return is_digits (value) && g_ascii_string_to_unsigned (value, 10, 0, most, number, NULL);
}

static gboolean
parse_milliseconds (const char *value, gint64 *milliseconds)
{
  g_auto (GStrv) parts = g_strsplit (value, ".", 2);
  guint64 seconds = 0, thousandths = 0;

  if (parts[0] == NULL || !parse_number (parts[0], 1000000000, &seconds))
    return FALSE;
  if (parts[1] != NULL)
    {
      g_autofree char *padded = g_strndup ("000", 3);
      if (!is_digits (parts[1]) || strlen (parts[1]) > 3)
        return FALSE;
      memcpy (padded, parts[1], strlen (parts[1]));
      parse_number (padded, 999, &thousandths);
    }
  *milliseconds = (gint64) (seconds * 1000 + thousandths);
  return *milliseconds > 0;
}

static gboolean
is_one_of (const char *value, const char *choices)
{
  g_auto (GStrv) words = g_strsplit (choices, "|", -1);

  return g_strv_contains ((const char *const *) words, value);
}

static gboolean
check_number (const KmsctlOption *option, const char *value, guint64 most, GError **error)
{
  g_autofree char *limit = g_strdup_printf ("%" G_GUINT64_FORMAT, most);
  guint64 number;

  return parse_number (value, most, &number)
         || kmsctl_usage_error (error, _ ("--%s=%s: not a number from 0 to %s"), option->name, value, limit);
}

static gboolean
check_value (const KmsctlOption *option, const char *value, GError **error)
{
  gint64 milliseconds, time_usec;

  switch (option->type)
    {
    case KMSCTL_TYPE_NUMBER:
      return check_number (option, value, G_MAXINT32, error);
    case KMSCTL_TYPE_UID:
      return check_number (option, value, G_MAXUINT32 - 1, error);
    case KMSCTL_TYPE_COUNT:
      return check_number (option, value, G_MAXINT64, error);
    case KMSCTL_TYPE_TIME:
      return kmsctl_time_from_argument (value, &time_usec)
             || kmsctl_usage_error (error,
                                    _ ("--%s=%s: not a time: 2026-11-24, 2026-11-24T13:50, @1795530000, or 90s, 15m, "
                                       "2h, 7d for so long ago"),
                                    option->name, value);
    case KMSCTL_TYPE_VERSION:
      return (is_digits (value) && (value[0] != '0' || value[1] == '\0'))
             || kmsctl_usage_error (error, _ ("--%s=%s: not a version: digits without leading zeros"), option->name,
                                    value);
    case KMSCTL_TYPE_SECONDS:
      return parse_milliseconds (value, &milliseconds)
             || kmsctl_usage_error (error, _ ("--%s=%s: not a number of seconds above 0, such as 30 or 2.5"),
                                    option->name, value);
    case KMSCTL_TYPE_CHOICE:
      return is_one_of (value, option->placeholder)
             || kmsctl_usage_error (error, _ ("--%s=%s: not one of %s"), option->name, value, option->placeholder);
    case KMSCTL_TYPE_TEXT:
    case KMSCTL_TYPE_FILE:
    case KMSCTL_TYPE_DIRECTORY:
    case KMSCTL_TYPE_BOX:
    case KMSCTL_TYPE_PROVIDER:
      return value[0] != '\0' || kmsctl_usage_error (error, _ ("--%s needs a value"), option->name);
    case KMSCTL_TYPE_FLAG:
    default:
      return TRUE;
    }
}

static gboolean
add_given (Parser *parser, const KmsctlOption *option, const char *value, GError **error)
{
  KmsctlGiven given = { option, value };

  if (!option->many && option->type != KMSCTL_TYPE_FLAG && kmsctl_text (parser->self, option->name) != NULL)
    return kmsctl_usage_error (error, _ ("--%s is given twice"), option->name);
  if (!check_value (option, value, error))
    return FALSE;
  g_array_append_val (parser->self->given, given);
  return TRUE;
}

static gboolean
take_value (Parser *parser, const KmsctlOption *option, const char *value, GError **error)
{
  if (option->type == KMSCTL_TYPE_FLAG)
    {
      if (value != NULL)
        return kmsctl_usage_error (error, _ ("--%s takes no value"), option->name);
      value = "";
    }
  if (value == NULL && parser->next >= parser->argc)
    return kmsctl_usage_error (error, _ ("--%s needs a value: --%s=%s"), option->name, option->name,
                               option->placeholder);
  if (value == NULL)
    value = parser->argv[parser->next++];
  return add_given (parser, option, value, error);
}

static gboolean
unknown_option (const char *word, gsize length, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *name = g_strndup (word, length);

  for (const KmsctlOption *option = kmsctl_global_options; option->name != NULL; option++)
    g_ptr_array_add (names, (gpointer) option->name);
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    {
      KmsctlOptionIter iter;
      kmsctl_option_iter_init (&iter, command);
      for (const KmsctlOption *option = kmsctl_option_iter_next (&iter); option != NULL;
           option = kmsctl_option_iter_next (&iter))
        g_ptr_array_add (names, (gpointer) option->name);
    }
  g_ptr_array_add (names, NULL);
  const char *nearest = kmsctl_nearest (name, (const char *const *) names->pdata);
  if (nearest != NULL)
    return kmsctl_usage_error (error, _ ("unknown option --%s; did you mean --%s?"), name, nearest);
  return kmsctl_usage_error (error, _ ("unknown option --%s; \"kmsctl help\" lists what there is"), name);
}

static gboolean
parse_long (Parser *parser, const char *word, GError **error)
{
  const char *equals = strchr (word, '=');
  gsize length = equals == NULL ? strlen (word) : (gsize) (equals - word);
  const KmsctlOption *option = find_option (word, length, 0);

  if (option == NULL)
    return unknown_option (word, length, error);
  return take_value (parser, option, equals == NULL ? NULL : equals + 1, error);
}

static gboolean
parse_letters (Parser *parser, const char *letters, GError **error)
{
  for (; *letters != '\0'; letters++)
    {
      const KmsctlOption *option = find_option (NULL, 0, *letters);
      if (option == NULL)
        return kmsctl_usage_error (error, _ ("unknown option -%c; \"kmsctl help\" lists what there is"),
                                   g_ascii_isprint (*letters) ? *letters : '?');
      if (option->type != KMSCTL_TYPE_FLAG)
        return take_value (parser, option, letters[1] == '\0' ? NULL : letters + 1, error);
      if (!take_value (parser, option, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
parse_words (Parser *parser, GError **error)
{
  gboolean options = TRUE;

  while (parser->next < parser->argc)
    {
      const char *word = parser->argv[parser->next++];
      gboolean ok = TRUE;
      if (!options || word[0] != '-' || word[1] == '\0')
        g_ptr_array_add (parser->words, (gpointer) word);
      else if (g_str_equal (word, "--"))
        options = FALSE;
      else if (word[1] == '-')
        ok = parse_long (parser, word + 2, error);
      else
        ok = parse_letters (parser, word + 1, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

static gboolean
unknown_command (const char *group, const char *word, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  gsize skip = group == NULL ? 0 : strlen (group) + 1;

  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (!(command->flags & KMSCTL_COMMAND_HIDDEN)
        && (group == NULL ? strchr (command->name, ' ') == NULL : kmsctl_command_is_in_group (command, group)))
      g_ptr_array_add (names, (gpointer) (command->name + skip));
  for (const KmsctlGroup *other = kmsctl_groups; group == NULL && other->name != NULL; other++)
    g_ptr_array_add (names, (gpointer) other->name);
  g_ptr_array_add (names, NULL);

  const char *nearest = kmsctl_nearest (word, (const char *const *) names->pdata);
  g_autofree char *typed = group == NULL ? g_strdup (word) : g_strconcat (group, " ", word, NULL);
  if (nearest != NULL)
    return kmsctl_usage_error (error, _ ("there is no command \"%s\"; did you mean \"kmsctl %s%s%s\"?"), typed,
                               group == NULL ? "" : group, group == NULL ? "" : " ", nearest);
  return kmsctl_usage_error (error, _ ("there is no command \"%s\"; \"kmsctl help\" lists what there is"), typed);
}

static gboolean
find_command (Kmsctl *self, GPtrArray *words, guint *used, GError **error)
{
  const char *first = g_ptr_array_index (words, 0);
  const KmsctlGroup *group = kmsctl_group_find (first);

  *used = 1;
  if (group == NULL)
    {
      self->command = kmsctl_command_find (first);
      return self->command != NULL || unknown_command (NULL, first, error);
    }
  self->group = group->name;
  if (words->len < 2)
    return kmsctl_flag (self, "help")
           || kmsctl_usage_error (error, _ ("\"%s\" needs a second word; \"kmsctl help %s\" lists them"), first, first);
  *used = 2;
  g_autofree char *name = g_strconcat (first, " ", g_ptr_array_index (words, 1), NULL);
  self->command = kmsctl_command_find (name);
  return self->command != NULL || unknown_command (first, g_ptr_array_index (words, 1), error);
}

static gboolean
check_options (Kmsctl *self, GError **error)
{
  for (guint i = 0; i < self->given->len; i++)
    {
      const KmsctlOption *option = g_array_index (self->given, KmsctlGiven, i).option;
      if (!kmsctl_command_has_option (self->command, option))
        return kmsctl_usage_error (error, _ ("\"kmsctl %s\" has no option --%s; \"kmsctl help %s\" lists its options"),
                                   self->command->name, option->name, self->command->name);
    }
  return TRUE;
}

static gboolean
check_arguments (Kmsctl *self, GError **error)
{
  g_auto (GStrv) wanted = g_strsplit (self->command->arguments, " ", -1);
  guint least = 0, most = 0;

  for (; wanted[most] != NULL; most++)
    if (wanted[most][0] != '[')
      least++;
  /* --key and --box stand for the target. */
  if (kmsctl_text (self, "key") != NULL && strstr (self->command->arguments, "TARGET") != NULL)
    least = 0;
  if (kmsctl_text (self, "box") != NULL)
    least = 0;
  if (self->arguments->len < least)
    return kmsctl_usage_error (error, _ ("\"kmsctl %s\" needs %s"), self->command->name, wanted[self->arguments->len]);
  if (self->arguments->len > most && strstr (self->command->arguments, "…") == NULL)
    return kmsctl_usage_error (error, _ ("\"kmsctl %s\" does not know what to do with \"%s\""), self->command->name,
                               kmsctl_argument (self, most));
  return TRUE;
}

gboolean
kmsctl_parse (Kmsctl *self, int argc, char **argv, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  Parser parser = { self, argc, argv, 1, words };
  guint used = 0;

  if (!parse_words (&parser, error))
    return FALSE;
  gboolean explains = kmsctl_flag (self, "help") || kmsctl_flag (self, "version");
  if (words->len == 0)
    return explains || kmsctl_usage_error (error, _ ("a command is missing; \"kmsctl help\" lists what there is"));
  if (!find_command (self, words, &used, error))
    return FALSE;
  for (guint i = used; i < words->len; i++)
    g_ptr_array_add (self->arguments, g_ptr_array_index (words, i));
  return explains
         || (check_options (self, error) && kmsctl_check_choice (self, error) && check_arguments (self, error));
}

const char *
kmsctl_text (Kmsctl *self, const char *name)
{
  for (guint i = 0; i < self->given->len; i++)
    {
      KmsctlGiven *given = &g_array_index (self->given, KmsctlGiven, i);
      if (g_str_equal (given->option->name, name))
        return given->value;
    }
  return NULL;
}

gboolean
kmsctl_flag (Kmsctl *self, const char *name)
{
  return kmsctl_text (self, name) != NULL;
}

guint
kmsctl_number (Kmsctl *self, const char *name, guint default_value)
{
  const char *text = kmsctl_text (self, name);
  guint64 number = default_value;

  if (text != NULL)
    parse_number (text, G_MAXINT32, &number);
  return (guint) number;
}

guint64
kmsctl_count (Kmsctl *self, const char *name, guint64 default_value)
{
  const char *text = kmsctl_text (self, name);
  guint64 number = default_value;

  if (text != NULL)
    parse_number (text, G_MAXINT64, &number);
  return number;
}

gint64
kmsctl_milliseconds (Kmsctl *self, const char *name, gint64 default_value)
{
  const char *text = kmsctl_text (self, name);
  gint64 milliseconds = default_value;

  if (text != NULL)
    parse_milliseconds (text, &milliseconds);
  return milliseconds;
}

GPtrArray *
kmsctl_texts (Kmsctl *self, const char *name)
{
  GPtrArray *texts = g_ptr_array_new ();

  for (guint i = 0; i < self->given->len; i++)
    {
      KmsctlGiven *given = &g_array_index (self->given, KmsctlGiven, i);
      if (g_str_equal (given->option->name, name))
        g_ptr_array_add (texts, (gpointer) given->value);
    }
  return texts;
}

const char *
kmsctl_argument (Kmsctl *self, guint index)
{
  return index < self->arguments->len ? g_ptr_array_index (self->arguments, index) : NULL;
}
