/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table of commands and their options. What is not here does not exist: add a command here and nowhere else. */
#include <glib/gi18n.h>

#include "command-groups.h"

/* clang-format off */
const KmsctlOption kmsctl_global_options[] = {
  { "json", 0, KMSCTL_TYPE_FLAG, NULL, N_("one JSON document on stdout, an error as JSON on stderr, no questions"), FALSE },
  { "quiet", 'q', KMSCTL_TYPE_FLAG, NULL, N_("print what was asked for and errors only; lists as bare names"), FALSE },
  { "verbose", 'v', KMSCTL_TYPE_FLAG, NULL, N_("say on stderr what is done"), FALSE },
  { "no-color", 0, KMSCTL_TYPE_FLAG, NULL, N_("no colours, as with NO_COLOR in the environment"), FALSE },
  { "no-ask", 0, KMSCTL_TYPE_FLAG, NULL, N_("never ask on the terminal; fail instead"), FALSE },
  { "passphrase-fd", 0, KMSCTL_TYPE_NUMBER, N_("FD"), N_("read passphrases from this descriptor, a line for each"), FALSE },
  { "timeout", 0, KMSCTL_TYPE_SECONDS, N_("SECONDS"), N_("give up after so many seconds, with exit code 7"), FALSE },
  { "config-root", 0, KMSCTL_TYPE_DIRECTORY, N_("DIR"), N_("read DIR/package, DIR/admin, DIR/user and DIR/keys, and nothing else"), FALSE },
  { "direct", 0, KMSCTL_TYPE_FLAG, NULL, N_("use the providers in this process (the default)"), FALSE },
  { "help", 'h', KMSCTL_TYPE_FLAG, NULL, N_("explain the command"), FALSE },
  { "version", 0, KMSCTL_TYPE_FLAG, NULL, N_("print the version"), FALSE },
  { NULL },
};

static const KmsctlOption target_options[] = {
  { "box", 0, KMSCTL_TYPE_BOX, N_("NAME"), N_("the target is this box"), FALSE },
  { "key", 0, KMSCTL_TYPE_TEXT, N_("KEYID"), N_("the target is this key id, whoever it belongs to"), FALSE },
  { NULL },
};

static const KmsctlOption as_version_options[] = {
  { "as-version", 0, KMSCTL_TYPE_VERSION, N_("N"), N_("with a bare key id: write version N instead of 1"), FALSE },
  { NULL },
};

static const KmsctlOption context_options[] = {
  { "context", 'c', KMSCTL_TYPE_TEXT, N_("NAME=VALUE"), N_("a pair of the context; NAME:=VALUE for an integer"), TRUE },
  { "context-file", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("the context as a JSON object"), FALSE },
  { NULL },
};

static const KmsctlOption new_context_options[] = {
  { "new-context", 0, KMSCTL_TYPE_TEXT, N_("NAME=VALUE"), N_("a pair of the context that replaces the old one"), TRUE },
  { "no-new-context", 0, KMSCTL_TYPE_FLAG, NULL, N_("without a context from now on"), FALSE },
  { NULL },
};

static const KmsctlOption file_options[] = {
  { "in", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("read this file instead of stdin"), FALSE },
  { "out", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("write this file (mode 0600, replaced as a whole) instead of stdout"), FALSE },
  { NULL },
};

static const KmsctlOption in_options[] = {
  { "in", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("read this file instead of stdin"), FALSE },
  { NULL },
};

static const KmsctlOption out_options[] = {
  { "out", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("write this file (mode 0600, replaced as a whole) instead of stdout"), FALSE },
  { NULL },
};

static const KmsctlOption newline_options[] = {
  { "newline", 0, KMSCTL_TYPE_CHOICE, "auto|yes|no", N_("a newline after the plaintext: on a terminal only (auto), always, never"), FALSE },
  { NULL },
};

static const KmsctlOption plaintext_options[] = {
  { "plaintext-fd", 0, KMSCTL_TYPE_NUMBER, N_("FD"), N_("write the plaintext key to this descriptor"), FALSE },
  { "plaintext-file", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("write the plaintext key to this file (mode 0600)"), FALSE },
  { NULL },
};

static const KmsctlOption length_options[] = {
  { "length", 0, KMSCTL_TYPE_NUMBER, N_("BYTES"), N_("how long the key is (32)"), FALSE },
  { NULL },
};

static const KmsctlOption yes_options[] = {
  { "yes", 'y', KMSCTL_TYPE_FLAG, NULL, N_("do not ask whether you are sure"), FALSE },
  { NULL },
};

static const KmsctlOption delete_options[] = {
  { "days", 0, KMSCTL_TYPE_NUMBER, N_("N"), N_("days until the key is gone for good; it can be restored until then"), FALSE },
  { "force", 0, KMSCTL_TYPE_FLAG, NULL, N_("at once and for good"), FALSE },
  { NULL },
};

static const KmsctlOption description_options[] = {
  { "description", 0, KMSCTL_TYPE_TEXT, N_("TEXT"), N_("what it is for, in one line"), FALSE },
  { NULL },
};

static const KmsctlOption key_options[] = {
  { "option", 'o', KMSCTL_TYPE_TEXT, N_("NAME=VALUE"), N_("an option of the provider's own; its manual page has them"), TRUE },
  { NULL },
};

static const KmsctlOption root_options[] = {
  { "change", 0, KMSCTL_TYPE_TEXT, N_("ROOT"), N_("protect the keys by file, passphrase or credential:NAME from now on"), FALSE },
  { NULL },
};

static const KmsctlOption box_key_options[] = {
  { "key", 0, KMSCTL_TYPE_TEXT, N_("KEYID"), N_("the key id that this version uses"), FALSE },
  { "provider", 0, KMSCTL_TYPE_PROVIDER, N_("NAME"), N_("pin the provider, whoever else claims the key id"), FALSE },
  { "number", 0, KMSCTL_TYPE_VERSION, N_("N"), N_("the version's number (1 for a new box, else the next one)"), FALSE },
  { "no-create-key", 0, KMSCTL_TYPE_FLAG, NULL, N_("do not create a local key that does not exist"), FALSE },
  { NULL },
};

static const KmsctlOption box_create_options[] = {
  { "require-context", 0, KMSCTL_TYPE_TEXT, N_("NAMES"), N_("names that a context must have, no more and no fewer; commas between them"), FALSE },
  { "json-dialect", 0, KMSCTL_TYPE_CHOICE, "rails|plain|rails81", N_("how contexts become JSON"), FALSE },
  { NULL },
};

static const KmsctlOption disable_options[] = {
  { "encrypt-only", 0, KMSCTL_TYPE_FLAG, NULL, N_("stop decryption only"), FALSE },
  { NULL },
};

static const KmsctlOption program_options[] = {
  { "program", 0, KMSCTL_TYPE_TEXT, N_("NAME"), N_("as the program of this name sees it"), FALSE },
  { NULL },
};

static const KmsctlOption check_options[] = {
  { "no-load", 0, KMSCTL_TYPE_FLAG, NULL, N_("do not load modules, so that their settings stay unchecked"), FALSE },
  { NULL },
};

static const KmsctlOption audit_hash_options[] = {
  { "device", 0, KMSCTL_TYPE_TEXT, N_("NAME"), N_("the audit log, by the name that the service has for it (file)"), FALSE },
  { "gem-compat", 0, KMSCTL_TYPE_FLAG, NULL, N_("hash the context as it is given, as the Ruby gem's helper does, not as it is sent"), FALSE },
  { NULL },
};

static const KmsctlOption directory_options[] = {
  { "directory", 0, KMSCTL_TYPE_DIRECTORY, N_("DIR"), N_("where to write it (kms-ID)"), FALSE },
  { NULL },
};

const KmsctlGroup kmsctl_groups[] = {
  { "provider", N_("configured providers and their state") },
  { "key", N_("master keys, where the provider can administer them") },
  { "box", N_("named, versioned keys") },
  { "datakey", N_("random keys, wrapped by a master key") },
  { "audit", N_("what audit logs say") },
  { "config", N_("configuration files") },
  { "module", N_("providers of your own") },
  { NULL },
};

const KmsctlCommand kmsctl_commands[] = {
  { "status", "", N_("library, providers, boxes and memory protection in one screen"), kmsctl_run_status, { NULL }, 0 },
  { "doctor", "[TARGET]", N_("check everything that can be wrong, and say what to do"), kmsctl_run_doctor, { target_options }, 0 },

  { "provider list", "", N_("configured providers and their state"), kmsctl_run_provider_list, { NULL }, 0 },
  { "provider show", "PROVIDER", N_("a provider, its files and what it can do"), kmsctl_run_provider_show, { NULL }, 0 },
  { "provider check", "[PROVIDER…]", N_("contact providers"), kmsctl_run_provider_check, { NULL }, 0 },

  { "key list", "[PROVIDER]", N_("the keys of a provider, or of all that can list them"), kmsctl_run_key_list, { NULL }, 0 },
  { "key show", "TARGET", N_("a key and its versions"), kmsctl_run_key_show, { target_options }, 0 },
  { "key create", "TARGET", N_("a new key"), kmsctl_run_key_create, { target_options, description_options, key_options }, 0 },
  { "key configure", "TARGET", N_("change options of a key"), kmsctl_run_key_configure, { target_options, key_options }, 0 },
  { "key rotate", "TARGET", N_("a new version of the key, which encrypts from now on"), kmsctl_run_key_rotate, { target_options }, 0 },
  { "key enable", "TARGET", N_("let a disabled key work again"), kmsctl_run_key_enable, { target_options }, 0 },
  { "key disable", "TARGET", N_("stop all use of a key until it is enabled again"), kmsctl_run_key_disable, { target_options, yes_options }, 0 },
  { "key delete", "TARGET", N_("schedule the deletion of a key"), kmsctl_run_key_delete, { target_options, delete_options, yes_options }, 0 },
  { "key restore", "TARGET", N_("undo a scheduled deletion"), kmsctl_run_key_restore, { target_options }, 0 },
  { "key export", "TARGET", N_("a local key under a passphrase"), kmsctl_run_key_export, { target_options, out_options }, 0 },
  { "key import", "TARGET", N_("the reverse: reads what key export wrote"), kmsctl_run_key_import, { target_options, in_options }, 0 },
  { "key root", "[PROVIDER]", N_("what protects local keys, and how to change it"), kmsctl_run_key_root, { root_options, yes_options }, 0 },

  { "box list", "", N_("boxes and their state"), kmsctl_run_box_list, { NULL }, 0 },
  { "box show", "BOX", N_("a box and its versions"), kmsctl_run_box_show, { NULL }, 0 },
  { "box create", "NAME", N_("a new box; creates a local key that does not exist, and says so"), kmsctl_run_box_create, { box_key_options, box_create_options, description_options }, 0 },
  { "box edit", "BOX", N_("open a box's file in $VISUAL or $EDITOR; it is replaced only by one that works"), kmsctl_run_box_edit, { NULL }, 0 },
  { "box new-version", "BOX", N_("add a version with another key id, which encrypts from now on"), kmsctl_run_box_new_version, { box_key_options }, 0 },
  { "box retire", "BOX VERSION", N_("remove a version: what it encrypted can't be decrypted through the box any more"), kmsctl_run_box_retire, { yes_options }, 0 },
  { "box enable", "BOX", N_("let a box encrypt and decrypt"), kmsctl_run_box_enable, { NULL }, 0 },
  { "box disable", "BOX", N_("stop a box, or its decryption only"), kmsctl_run_box_disable, { disable_options }, 0 },
  { "box test", "BOX", N_("encrypt and decrypt a random value with every version"), kmsctl_run_box_test, { NULL }, 0 },

  { "encrypt", "[TARGET]", N_("a small value: plaintext on stdin, stored string on stdout"), kmsctl_run_encrypt, { target_options, as_version_options, context_options, file_options }, 0 },
  { "decrypt", "[TARGET]", N_("the reverse"), kmsctl_run_decrypt, { target_options, context_options, file_options, newline_options }, 0 },
  { "inspect", "[TARGET]", N_("version, provider, key id and format of a stored string, without decrypting"), kmsctl_run_inspect, { target_options, in_options }, 0 },
  { "rewrap", "[TARGET]", N_("the same plaintext under the newest master key and version"), kmsctl_run_rewrap, { target_options, as_version_options, context_options, new_context_options, file_options }, 0 },
  { "datakey generate", "[TARGET]", N_("a new data key: wrapped to stdout, the plaintext where you say"), kmsctl_run_datakey_generate, { target_options, as_version_options, context_options, length_options, plaintext_options }, 0 },
  { "datakey unwrap", "[TARGET]", N_("a wrapped data key on stdin; the plaintext where you say"), kmsctl_run_datakey_unwrap, { target_options, context_options, in_options, plaintext_options }, 0 },

  { "audit context-hash", "[TARGET]", N_("how a context looks in the audit log of a service that hashes it"), kmsctl_run_audit_context_hash, { target_options, context_options, audit_hash_options }, 0 },

  { "config show", "[NAME]", N_("the merged configuration with the file that each value came from"), kmsctl_run_config_show, { program_options }, 0 },
  { "config check", "", N_("exit code 1 if any file is wrong"), kmsctl_run_config_check, { program_options, check_options }, 0 },
  { "module new", "ID", N_("a starting point for a provider of your own"), kmsctl_run_module_new, { directory_options }, KMSCTL_COMMAND_QUICK },
  { "completion", "bash|zsh|fish", N_("a completion script for a shell"), kmsctl_run_completion, { NULL }, KMSCTL_COMMAND_QUICK },
  { "help", "[COMMAND…]", N_("explain a command"), kmsctl_run_help, { NULL }, KMSCTL_COMMAND_QUICK },
  { "dump-commands", "text|rst", N_("the commands as the manual page has them"), kmsctl_run_dump_commands, { NULL }, KMSCTL_COMMAND_QUICK | KMSCTL_COMMAND_HIDDEN },
  { "probe-provider", "PROVIDER", N_("load a module, to see whether that ends the process"), kmsctl_run_probe_provider, { program_options }, KMSCTL_COMMAND_HIDDEN },
  { NULL },
};
/* clang-format on */
