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
  { "direct", 0, KMSCTL_TYPE_FLAG, NULL, N_("use the providers in this process (the default of what works on boxes)"), FALSE },
  { "system", 0, KMSCTL_TYPE_FLAG, NULL, N_("go through the system's kmsd (the default of lockdown, audit and access)"), FALSE },
  { "user", 0, KMSCTL_TYPE_FLAG, NULL, N_("go through the kmsd of this user's session"), FALSE },
  { "socket", 0, KMSCTL_TYPE_FILE, N_("PATH"), N_("go through the kmsd that listens at this private socket"), FALSE },
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

static const KmsctlOption mode_options[] = {
  { "mode", 0, KMSCTL_TYPE_CHOICE, "encrypt-only|sealed", N_("stop decryption (encrypt-only, the default), or everything"), FALSE },
  { NULL },
};

static const KmsctlOption reason_options[] = {
  { "reason", 0, KMSCTL_TYPE_TEXT, N_("TEXT"), N_("why, in one line: for the audit log, and for who meets the lockdown"), FALSE },
  { NULL },
};

static const KmsctlOption after_options[] = {
  { "after", 0, KMSCTL_TYPE_COUNT, N_("SEQUENCE"), N_("only what comes after the one with this number"), FALSE },
  { NULL },
};

static const KmsctlOption query_options[] = {
  { "since", 0, KMSCTL_TYPE_TIME, N_("TIME"), N_("from then on: 2026-11-24, 2026-11-24T13:50, @SECONDS, or 15m, 2h, 7d ago"), FALSE },
  { "until", 0, KMSCTL_TYPE_TIME, N_("TIME"), N_("before then"), FALSE },
  { "box", 0, KMSCTL_TYPE_BOX, N_("NAME"), N_("of this box"), FALSE },
  { "operation", 0, KMSCTL_TYPE_TEXT, N_("NAME"), N_("of this operation: decrypt, lockdown-engage, …"), FALSE },
  { "outcome", 0, KMSCTL_TYPE_CHOICE, "intent|done|refused|failed", N_("with this outcome"), FALSE },
  { "unit", 0, KMSCTL_TYPE_TEXT, N_("NAME"), N_("of a caller in this unit of systemd"), FALSE },
  { "limit", 0, KMSCTL_TYPE_NUMBER, N_("N"), N_("only the last N of them"), FALSE },
  { NULL },
};

static const KmsctlOption uid_options[] = {
  { "uid", 0, KMSCTL_TYPE_UID, N_("UID"), N_("of the user with this number"), FALSE },
  { NULL },
};

static const KmsctlOption user_options[] = {
  { "as-user", 0, KMSCTL_TYPE_TEXT, N_("NAME"), N_("of the user with this name, in the groups that a login has"), FALSE },
  { NULL },
};

static const KmsctlOption log_options[] = {
  { "directory", 0, KMSCTL_TYPE_DIRECTORY, N_("DIR"), N_("read the log's files there, without kmsd"), FALSE },
  { NULL },
};

static const KmsctlOption verify_options[] = {
  { "head", 0, KMSCTL_TYPE_TEXT, N_("SEQ:MAC"), N_("a head that was kept elsewhere: its line must be there"), FALSE },
  { "key-file", 0, KMSCTL_TYPE_FILE, N_("FILE"), N_("with --directory: the key, if not DIR/audit.key"), FALSE },
  { NULL },
};

static const KmsctlOption database_options[] = {
  { "db", 0, KMSCTL_TYPE_TEXT, N_("URI"), N_("the database, whatever the model says: sqlite:PATH, postgresql:///NAME"), FALSE },
  { NULL },
};

static const KmsctlOption csv_options[] = {
  { "csv", 0, KMSCTL_TYPE_FLAG, NULL, N_("as CSV with a first line of names; NULL is nothing, what is empty is in quotes"), FALSE },
  { NULL },
};

static const KmsctlOption where_options[] = {
  { "where", 0, KMSCTL_TYPE_TEXT, N_("SQL"), N_("only rows for which this holds, in the database's own language"), FALSE },
  { NULL },
};

static const KmsctlOption limit_options[] = {
  { "limit", 0, KMSCTL_TYPE_NUMBER, N_("N"), N_("only the first N rows"), FALSE },
  { NULL },
};

static const KmsctlOption column_options[] = {
  { "column", 0, KMSCTL_TYPE_TEXT, N_("NAME=VALUE"), N_("what is in a column that is not encrypted"), TRUE },
  { NULL },
};

static const KmsctlOption set_options[] = {
  { "null", 0, KMSCTL_TYPE_FLAG, NULL, N_("attributes without =@FILE become NULL"), FALSE },
  { "new-key", 0, KMSCTL_TYPE_FLAG, NULL, N_("under a new data key, without decrypting the old one"), FALSE },
  { NULL },
};

static const KmsctlOption rotation_options[] = {
  { "from-version", 0, KMSCTL_TYPE_VERSION, N_("N"), N_("only rows whose key has that version of the box"), FALSE },
  { "all", 0, KMSCTL_TYPE_FLAG, NULL, N_("rows whose key is new enough, too"), FALSE },
  { "shared", 0, KMSCTL_TYPE_FLAG, NULL, N_("other workers do the same now, and each locks its rows (PostgreSQL)"), FALSE },
  { "dry-run", 0, KMSCTL_TYPE_FLAG, NULL, N_("only tell how many rows there are, and what that asks of the KMS"), FALSE },
  { NULL },
};

static const KmsctlOption pace_options[] = {
  { "batch", 0, KMSCTL_TYPE_NUMBER, N_("N"), N_("rows that are read, sent and written at a time (1000)"), FALSE },
  { "max-per-second", 0, KMSCTL_TYPE_NUMBER, N_("N"), N_("no more rows a second"), FALSE },
  { "patience", 0, KMSCTL_TYPE_NUMBER, N_("SECONDS"), N_("how long the KMS may answer nothing before the work stops (900)"), FALSE },
  { "resume", 0, KMSCTL_TYPE_FLAG, NULL, N_("go on where it was stopped"), FALSE },
  { NULL },
};

static const KmsctlOption rekey_options[] = {
  { "offline", 0, KMSCTL_TYPE_FLAG, NULL, N_("no application uses the table now"), FALSE },
  { "ignore-attachments", 0, KMSCTL_TYPE_FLAG, NULL, N_("files of Active Storage are not encrypted with the key"), FALSE },
  { NULL },
};

static const KmsctlOption repair_options[] = {
  { "repair", 0, KMSCTL_TYPE_FLAG, NULL, N_("encrypt again what opens only with a key that rekey replaced"), FALSE },
  { "prune-journal", 0, KMSCTL_TYPE_FLAG, NULL, N_("if all opens, delete the keys that rekey replaced: nobody has them in memory"), FALSE },
  { NULL },
};

const KmsctlGroup kmsctl_groups[] = {
  { "provider", N_("configured providers and their state") },
  { "key", N_("master keys, where the provider can administer them") },
  { "box", N_("named, versioned keys") },
  { "datakey", N_("random keys, wrapped by a master key") },
  { "record", N_("rows of tables with encrypted columns") },
  { "lockdown", N_("the switch of kmsd that stops decryption") },
  { "audit", N_("what audit logs say") },
  { "access", N_("who may do what with the boxes of kmsd") },
  { "config", N_("configuration files") },
  { "module", N_("providers of your own") },
  { NULL },
};

const KmsctlCommand kmsctl_commands[] = {
  { "status", "", N_("library, providers, boxes and memory protection in one screen"), kmsctl_run_status, { NULL }, KMSCTL_COMMAND_BOXES },
  { "doctor", "[TARGET]", N_("check everything that can be wrong, and say what to do"), kmsctl_run_doctor, { target_options }, KMSCTL_COMMAND_BOXES },

  { "provider list", "", N_("configured providers and their state"), kmsctl_run_provider_list, { NULL }, 0 },
  { "provider show", "PROVIDER", N_("a provider, its files and what it can do"), kmsctl_run_provider_show, { NULL }, 0 },
  { "provider check", "[PROVIDER…]", N_("contact providers"), kmsctl_run_provider_check, { NULL }, 0 },

  { "key list", "[PROVIDER]", N_("the keys of a provider, or of all that can list them"), kmsctl_run_key_list, { NULL }, KMSCTL_COMMAND_BOXES },
  { "key show", "TARGET", N_("a key and its versions"), kmsctl_run_key_show, { target_options }, KMSCTL_COMMAND_BOXES },
  { "key create", "TARGET", N_("a new key"), kmsctl_run_key_create, { target_options, description_options, key_options }, 0 },
  { "key configure", "TARGET", N_("change options of a key"), kmsctl_run_key_configure, { target_options, key_options }, 0 },
  { "key rotate", "TARGET", N_("a new version of the key, which encrypts from now on"), kmsctl_run_key_rotate, { target_options }, KMSCTL_COMMAND_BOXES },
  { "key enable", "TARGET", N_("let a disabled key work again"), kmsctl_run_key_enable, { target_options }, 0 },
  { "key disable", "TARGET", N_("stop all use of a key until it is enabled again"), kmsctl_run_key_disable, { target_options, yes_options }, 0 },
  { "key delete", "TARGET", N_("schedule the deletion of a key"), kmsctl_run_key_delete, { target_options, delete_options, yes_options }, 0 },
  { "key restore", "TARGET", N_("undo a scheduled deletion"), kmsctl_run_key_restore, { target_options }, 0 },
  { "key export", "TARGET", N_("a local key under a passphrase"), kmsctl_run_key_export, { target_options, out_options }, 0 },
  { "key import", "TARGET", N_("the reverse: reads what key export wrote"), kmsctl_run_key_import, { target_options, in_options }, 0 },
  { "key root", "[PROVIDER]", N_("what protects local keys, and how to change it"), kmsctl_run_key_root, { root_options, yes_options }, 0 },

  { "box list", "", N_("boxes and their state"), kmsctl_run_box_list, { NULL }, KMSCTL_COMMAND_BOXES },
  { "box show", "BOX", N_("a box and its versions"), kmsctl_run_box_show, { NULL }, KMSCTL_COMMAND_BOXES },
  { "box create", "NAME", N_("a new box; creates a local key that does not exist, and says so"), kmsctl_run_box_create, { box_key_options, box_create_options, description_options }, KMSCTL_COMMAND_FILES },
  { "box edit", "BOX", N_("open a box's file in $VISUAL or $EDITOR; it is replaced only by one that works"), kmsctl_run_box_edit, { NULL }, KMSCTL_COMMAND_FILES },
  { "box new-version", "BOX", N_("add a version with another key id, which encrypts from now on"), kmsctl_run_box_new_version, { box_key_options }, KMSCTL_COMMAND_FILES },
  { "box retire", "BOX VERSION", N_("remove a version: what it encrypted can't be decrypted through the box any more"), kmsctl_run_box_retire, { yes_options }, KMSCTL_COMMAND_FILES },
  { "box enable", "BOX", N_("let a box encrypt and decrypt"), kmsctl_run_box_enable, { NULL }, KMSCTL_COMMAND_FILES },
  { "box disable", "BOX", N_("stop a box, or its decryption only"), kmsctl_run_box_disable, { disable_options }, KMSCTL_COMMAND_FILES },
  { "box test", "BOX", N_("encrypt and decrypt a random value with every version"), kmsctl_run_box_test, { NULL }, KMSCTL_COMMAND_BOXES },

  { "encrypt", "[TARGET]", N_("a small value: plaintext on stdin, stored string on stdout"), kmsctl_run_encrypt, { target_options, as_version_options, context_options, file_options }, KMSCTL_COMMAND_BOXES },
  { "decrypt", "[TARGET]", N_("the reverse"), kmsctl_run_decrypt, { target_options, context_options, file_options, newline_options }, KMSCTL_COMMAND_BOXES },
  { "inspect", "[TARGET]", N_("version, provider, key id and format of a stored string, without decrypting"), kmsctl_run_inspect, { target_options, in_options }, KMSCTL_COMMAND_BOXES },
  { "rewrap", "[TARGET]", N_("the same plaintext under the newest master key and version"), kmsctl_run_rewrap, { target_options, as_version_options, context_options, new_context_options, file_options }, KMSCTL_COMMAND_BOXES },
  { "datakey generate", "[TARGET]", N_("a new data key: wrapped to stdout, the plaintext where you say"), kmsctl_run_datakey_generate, { target_options, as_version_options, context_options, length_options, plaintext_options }, KMSCTL_COMMAND_BOXES },
  { "datakey unwrap", "[TARGET]", N_("a wrapped data key on stdin; the plaintext where you say"), kmsctl_run_datakey_unwrap, { target_options, context_options, in_options, plaintext_options }, KMSCTL_COMMAND_BOXES },

  { "record get", "MODEL ID [ATTRIBUTE…]", N_("attributes of a row; one alone is written as it is"), kmsctl_run_record_get, { database_options, csv_options, out_options, newline_options }, KMSCTL_COMMAND_BOXES },
  { "record set", "MODEL ID [ATTRIBUTE[=@FILE]…]", N_("change attributes of a row: from stdin, or from files"), kmsctl_run_record_set, { database_options, in_options, set_options, column_options }, KMSCTL_COMMAND_BOXES },
  { "record create", "MODEL [ATTRIBUTE[=@FILE]…]", N_("a new row; its id on stdout"), kmsctl_run_record_create, { database_options, in_options, column_options }, KMSCTL_COMMAND_BOXES },
  { "record list", "MODEL [ATTRIBUTE…]", N_("attributes of all rows, or of some"), kmsctl_run_record_list, { database_options, csv_options, where_options, limit_options }, KMSCTL_COMMAND_BOXES },
  { "record status", "MODEL [KEY]", N_("how many rows have which version and master key"), kmsctl_run_record_status, { database_options, where_options }, KMSCTL_COMMAND_BOXES },
  { "record rewrap", "MODEL [KEY]", N_("wrap the data keys of all rows anew, while applications run"), kmsctl_run_record_rewrap, { database_options, where_options, rotation_options, pace_options }, KMSCTL_COMMAND_BOXES },
  { "record rekey", "MODEL [KEY]", N_("give all rows new data keys, and encrypt what is under them again"), kmsctl_run_record_rekey, { database_options, where_options, rotation_options, pace_options, rekey_options }, KMSCTL_COMMAND_BOXES },
  { "record verify", "MODEL [KEY]", N_("decrypt everything under the keys of all rows, and tell what does not open"), kmsctl_run_record_verify, { database_options, where_options, pace_options, repair_options }, KMSCTL_COMMAND_BOXES },

  { "lockdown status", "[BOX]", N_("whether decryption is stopped, for all boxes or one, since when and why"), kmsctl_run_lockdown_status, { NULL }, KMSCTL_COMMAND_DAEMON },
  { "lockdown engage", "[BOX]", N_("stop decryption, of all boxes or one, until it is released"), kmsctl_run_lockdown_engage, { mode_options, reason_options }, KMSCTL_COMMAND_DAEMON },
  { "lockdown release", "[BOX]", N_("let decryption go on"), kmsctl_run_lockdown_release, { reason_options, yes_options }, KMSCTL_COMMAND_DAEMON },

  { "audit tail", "", N_("records of kmsd as they are written, until it is interrupted"), kmsctl_run_audit_tail, { after_options }, KMSCTL_COMMAND_DAEMON },
  { "audit query", "", N_("records of kmsd's log"), kmsctl_run_audit_query, { query_options, uid_options, after_options, log_options }, KMSCTL_COMMAND_DAEMON },
  { "audit verify", "", N_("whether kmsd's log is as it was written; exit code 1 if not"), kmsctl_run_audit_verify, { verify_options, log_options }, KMSCTL_COMMAND_DAEMON },
  { "audit context-hash", "[TARGET]", N_("how a context looks in the audit log of a service that hashes it"), kmsctl_run_audit_context_hash, { target_options, context_options, audit_hash_options }, 0 },

  { "access check", "BOX", N_("what a user may do with a box, and why; with --direct, by the box's file"), kmsctl_run_access_check, { uid_options, user_options }, KMSCTL_COMMAND_DAEMON },

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
