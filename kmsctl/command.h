/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands: dispatch, help, completions and the manual page all come from it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Kmsctl Kmsctl;

typedef enum {
  KMSCTL_TYPE_FLAG,
  KMSCTL_TYPE_TEXT,
  KMSCTL_TYPE_FILE,
  KMSCTL_TYPE_DIRECTORY,
  KMSCTL_TYPE_BOX,
  KMSCTL_TYPE_PROVIDER,
  KMSCTL_TYPE_NUMBER,  /* 0 … 2^31 - 1 */
  KMSCTL_TYPE_UID,     /* 0 … 2^32 - 2 */
  KMSCTL_TYPE_COUNT,   /* 0 … 2^63 - 1 */
  KMSCTL_TYPE_TIME,    /* as time-argument.h has it */
  KMSCTL_TYPE_VERSION, /* digits, however many */
  KMSCTL_TYPE_SECONDS, /* more than 0, up to three decimals */
  KMSCTL_TYPE_CHOICE,  /* one of the words of the placeholder, "a|b|c" */
} KmsctlType;

/* An option of one name has the same type wherever it appears, so that options may stand before the command. */
typedef struct
{
  const char *name;
  char letter;
  KmsctlType type;
  const char *placeholder;
  const char *help;
  gboolean many;
} KmsctlOption;

typedef enum {
  KMSCTL_COMMAND_QUICK = 1 << 0,  /* neither opens the registry nor needs a thread for signals */
  KMSCTL_COMMAND_HIDDEN = 1 << 1, /* for our own build, tests and child processes */
  KMSCTL_COMMAND_BOXES = 1 << 2,  /* works on kmsd's boxes, too: --system, --user, --socket */
  KMSCTL_COMMAND_FILES = 1 << 3,  /* changes box files, which kmsd does not do */
  KMSCTL_COMMAND_DAEMON = 1 << 4, /* is about kmsd: the system's, if no other is named */
} KmsctlCommandFlags;

#define KMSCTL_MAX_OPTION_SETS 6

typedef struct
{
  const char *name;      /* one word, or two: "key list" */
  const char *arguments; /* "TARGET", "[TARGET]", "BOX VERSION", "[COMMAND…]", "bash|zsh|fish" */
  const char *help;
  gboolean (*run) (Kmsctl *self, GError **error);
  const KmsctlOption *options[KMSCTL_MAX_OPTION_SETS]; /* arrays that end with a nameless option */
  KmsctlCommandFlags flags;
} KmsctlCommand;

typedef struct
{
  const char *name; /* the first word of commands of two words */
  const char *help;
} KmsctlGroup;

extern const KmsctlCommand kmsctl_commands[]; /* ends with a nameless one */
extern const KmsctlGroup kmsctl_groups[];     /* likewise */
extern const KmsctlOption kmsctl_global_options[];

const KmsctlCommand *kmsctl_command_find (const char *name);
const KmsctlGroup *kmsctl_group_find (const char *name);
gboolean kmsctl_command_is_in_group (const KmsctlCommand *command, const char *group);
gboolean kmsctl_command_has_option (const KmsctlCommand *command, const KmsctlOption *option);

/* The options of a command, without the global ones. */
typedef struct
{
  const KmsctlCommand *command;
  guint set, index;
} KmsctlOptionIter;

void kmsctl_option_iter_init (KmsctlOptionIter *iter, const KmsctlCommand *command);
const KmsctlOption *kmsctl_option_iter_next (KmsctlOptionIter *iter);

/* Names the nearest word of a list; NULL where none is near. */
const char *kmsctl_nearest (const char *word, const char *const *candidates);

G_END_DECLS
