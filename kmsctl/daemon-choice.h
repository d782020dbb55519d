/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a command goes through kmsd, and through which one. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef enum {
  KMSCTL_DIRECT,  /* no kmsd: the providers are used in this process */
  KMSCTL_SYSTEM,  /* the system's kmsd */
  KMSCTL_SESSION, /* that of the user's session */
  KMSCTL_SOCKET,  /* whoever listens at the path of --socket */
} KmsctlChoice;

/* The command line's, else the command's own default. */
KmsctlChoice kmsctl_get_choice (Kmsctl *self);

/* Its option, without dashes: "system". */
const char *kmsctl_choice_to_option (KmsctlChoice choice);

/* For messages: "the system's kmsd". */
const char *kmsctl_choice_to_words (KmsctlChoice choice);

/* Refuses two at once, and any with a command that has nothing to do with kmsd. */
gboolean kmsctl_check_choice (Kmsctl *self, GError **error);

G_END_DECLS
