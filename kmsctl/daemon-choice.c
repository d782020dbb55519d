/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* --system, --user, --socket and --direct. */
#include "daemon-choice.h"

static const struct
{
  const char *option, *words;
} choices[] = {
  [KMSCTL_DIRECT] = { "direct", NULL },
  [KMSCTL_SYSTEM] = { "system", N_ ("the system's kmsd") },
  [KMSCTL_SESSION] = { "user", N_ ("the kmsd of this user's session") },
  [KMSCTL_SOCKET] = { "socket", N_ ("the kmsd at this socket") },
};

/* G_N_ELEMENTS where none is given. */
static guint
find_given (Kmsctl *self, guint from)
{
  while (from < G_N_ELEMENTS (choices) && !kmsctl_flag (self, choices[from].option))
    from++;
  return from;
}

KmsctlChoice
kmsctl_get_choice (Kmsctl *self)
{
  guint given = find_given (self, 0);

  if (given < G_N_ELEMENTS (choices))
    return (KmsctlChoice) given;
  return self->command->flags & KMSCTL_COMMAND_DAEMON ? KMSCTL_SYSTEM : KMSCTL_DIRECT;
}

const char *
kmsctl_choice_to_option (KmsctlChoice choice)
{
  return choices[choice].option;
}

const char *
kmsctl_choice_to_words (KmsctlChoice choice)
{
  return choices[choice].words == NULL ? NULL : _ (choices[choice].words);
}

/* What to do instead: nobody changes a box file over D-Bus. */
static gboolean
refuse_files (Kmsctl *self, guint given, GError **error)
{
  if (given == KMSCTL_SYSTEM)
    return kmsctl_usage_error (error,
                               _ ("--system: box files are the administrator's to edit: run \"kmsctl %s\" as root "
                                  "without it, then \"systemctl reload kmsd\""),
                               self->command->name);
  return kmsctl_usage_error (error,
                             _ ("--%s: kmsd does not change box files: run \"kmsctl %s\" without it, as the user whose "
                                "files kmsd reads, then have it read them again (\"systemctl --user reload kmsd\")"),
                             choices[given].option, self->command->name);
}

gboolean
kmsctl_check_choice (Kmsctl *self, GError **error)
{
  guint given = find_given (self, 0), second = find_given (self, given + 1);
  KmsctlCommandFlags flags = self->command->flags;
  const char *socket = kmsctl_text (self, "socket");

  if (given >= G_N_ELEMENTS (choices))
    return TRUE;
  if (second < G_N_ELEMENTS (choices))
    return kmsctl_usage_error (error, _ ("--%s and --%s exclude each other"), choices[given].option,
                               choices[second].option);
  if (socket != NULL && !g_path_is_absolute (socket))
    return kmsctl_usage_error (error, _ ("--socket=%s: write the path from / on, such as /run/kmsd/private"), socket);
  if (given == KMSCTL_DIRECT || flags & (KMSCTL_COMMAND_BOXES | KMSCTL_COMMAND_DAEMON))
    return TRUE;
  if (flags & KMSCTL_COMMAND_FILES)
    return refuse_files (self, given, error);
  return kmsctl_usage_error (error, _ ("--%s: \"kmsctl %s\" has nothing to do with kmsd"), choices[given].option,
                             self->command->name);
}
