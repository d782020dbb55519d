/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The enumerations and forward declarations that every other header needs. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <gio/gio.h>
#include <libkms/kms-version.h>

G_BEGIN_DECLS

/**
 * KmsOperation:
 * @KMS_OPERATION_ENCRYPT: a small plaintext becomes a ciphertext
 * @KMS_OPERATION_DECRYPT: the reverse
 * @KMS_OPERATION_REWRAP: a ciphertext becomes another one under the newest master key
 *
 * What a call does to each of its items. More may follow.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_OPERATION_ENCRYPT,
  KMS_OPERATION_DECRYPT,
  KMS_OPERATION_REWRAP,
} KmsOperation;

/**
 * KmsJsonDialect:
 * @KMS_JSON_DIALECT_RAILS: `<`, `>`, `&`, U+2028 and U+2029 are escaped, as inside a Rails application
 * @KMS_JSON_DIALECT_PLAIN: none of these are escaped, as in Ruby without ActiveSupport's JSON
 * @KMS_JSON_DIALECT_RAILS81: `<`, `>` and `&` are escaped, as with the defaults of Rails 8.1
 *
 * How a context becomes JSON. It matters only to contexts that have one of these characters.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_JSON_DIALECT_RAILS,
  KMS_JSON_DIALECT_PLAIN,
  KMS_JSON_DIALECT_RAILS81,
} KmsJsonDialect;

/**
 * KmsContextForm:
 * @KMS_CONTEXT_FORM_NONE: no context at all (a %NULL #KmsContext, or kms_context_new_none())
 * @KMS_CONTEXT_FORM_MAP: name/value pairs, sorted, values as strings; may be empty
 * @KMS_CONTEXT_FORM_RAW: a string that is used as it is
 * @KMS_CONTEXT_FORM_LEGACY: JSON in the order and with the types in which it was given, as before version 1 of
 *   the stored format
 *
 * What kind of context stands before us.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_CONTEXT_FORM_NONE,
  KMS_CONTEXT_FORM_MAP,
  KMS_CONTEXT_FORM_RAW,
  KMS_CONTEXT_FORM_LEGACY,
} KmsContextForm;

/**
 * KmsNameKind:
 * @KMS_NAME_KIND_UNMARKED: accepted where it does not matter which of the others it is
 * @KMS_NAME_KIND_STRING: was a String in Ruby
 * @KMS_NAME_KIND_SYMBOL: was a Symbol in Ruby
 *
 * What the name of a context's pair was in Ruby, which sorts the two differently.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_NAME_KIND_UNMARKED,
  KMS_NAME_KIND_STRING,
  KMS_NAME_KIND_SYMBOL,
} KmsNameKind;

/**
 * KmsBinding:
 * @KMS_BINDING_UNKNOWN: the provider may not look
 * @KMS_BINDING_VERIFIED: the context is authenticated: another context does not decrypt
 * @KMS_BINDING_IGNORED: the context has no effect
 *
 * How strongly a key binds the context of what it encrypts.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_BINDING_UNKNOWN,
  KMS_BINDING_VERIFIED,
  KMS_BINDING_IGNORED,
} KmsBinding;

/**
 * KmsCapability:
 * @KMS_CAPABILITY_ENCRYPT: can encrypt
 * @KMS_CAPABILITY_DECRYPT: can decrypt
 * @KMS_CAPABILITY_REWRAP: can rewrap without showing the plaintext to this process
 * @KMS_CAPABILITY_INLINE: pure CPU: runs in the caller's thread, over borrowed items
 * @KMS_CAPABILITY_ONE_KEY: all items of a call have the same key id (and the same new key id)
 * @KMS_CAPABILITY_UNIFORM_CONTEXTS: all items of a call have a context, or none has
 * @KMS_CAPABILITY_ONE_KEY_REWRAP: rewraps only where the key id stays the same; from one to another, boxes decrypt and
 *   encrypt
 *
 * What a provider can do, and what its calls must look like.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/ {
  KMS_CAPABILITY_ENCRYPT = 1 << 0,
  KMS_CAPABILITY_DECRYPT = 1 << 1,
  KMS_CAPABILITY_REWRAP = 1 << 2,
  KMS_CAPABILITY_INLINE = 1 << 3,
  KMS_CAPABILITY_ONE_KEY = 1 << 4,
  KMS_CAPABILITY_UNIFORM_CONTEXTS = 1 << 5,
  KMS_CAPABILITY_ONE_KEY_REWRAP = 1 << 6,
} KmsCapability;

/**
 * KmsState:
 * @KMS_STATE_AVAILABLE: configured; a module is loaded at its first use
 * @KMS_STATE_LOADED: its module is loaded
 * @KMS_STATE_DISABLED: switched off by configuration
 * @KMS_STATE_MASKED: hidden by an empty file of a higher layer
 * @KMS_STATE_NOT_INSTALLED: its module is not there
 * @KMS_STATE_CONFIG_ERROR: its file can't be used
 * @KMS_STATE_ABI_MISMATCH: its module was built for another ABI
 * @KMS_STATE_LOAD_FAILED: its module can't be loaded or refused to start
 * @KMS_STATE_REFUSED_PERMISSIONS: its file or module could have been changed by somebody else
 *
 * The state of a configured provider or box.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_STATE_AVAILABLE,
  KMS_STATE_LOADED,
  KMS_STATE_DISABLED,
  KMS_STATE_MASKED,
  KMS_STATE_NOT_INSTALLED,
  KMS_STATE_CONFIG_ERROR,
  KMS_STATE_ABI_MISMATCH,
  KMS_STATE_LOAD_FAILED,
  KMS_STATE_REFUSED_PERMISSIONS,
} KmsState;

/**
 * KmsBoxState:
 * @KMS_BOX_STATE_ENABLED: encrypts and decrypts
 * @KMS_BOX_STATE_ENCRYPT_ONLY: decrypts nothing
 * @KMS_BOX_STATE_DISABLED: does nothing
 *
 * What a box may be used for.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_BOX_STATE_ENABLED,
  KMS_BOX_STATE_ENCRYPT_ONLY,
  KMS_BOX_STATE_DISABLED,
} KmsBoxState;

/**
 * KmsSettingType:
 * @KMS_SETTING_STRING: any text
 * @KMS_SETTING_BOOLEAN: `true` or `false`
 * @KMS_SETTING_INTEGER: a decimal number; the range is "MIN..MAX"
 * @KMS_SETTING_DURATION: seconds, with up to three decimals; read with kms_provider_get_setting_integer() in
 *   milliseconds
 * @KMS_SETTING_PATH: an absolute path
 * @KMS_SETTING_CREDENTIAL_FILE: an absolute path of a file that others must not read
 * @KMS_SETTING_CHOICE: one of the words of the range, "a|b|c"
 * @KMS_SETTING_LIST: texts with `;` between them
 *
 * What a value in [Settings] is. It is checked before the module sees it.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_SETTING_STRING,
  KMS_SETTING_BOOLEAN,
  KMS_SETTING_INTEGER,
  KMS_SETTING_DURATION,
  KMS_SETTING_PATH,
  KMS_SETTING_CREDENTIAL_FILE,
  KMS_SETTING_CHOICE,
  KMS_SETTING_LIST,
} KmsSettingType;

typedef struct _KmsSecret KmsSecret;
typedef struct _KmsContext KmsContext;
/**
 * KmsItem:
 *
 * A value of a #KmsCall, as a provider sees it: it reads the input, and commits an output or fails the item. Only for the
 * functions of a module.
 *
 * Since: 1.0
 */
typedef struct _KmsItem KmsItem;

/**
 * KmsCall:
 *
 * What a provider is to do: an operation, items with one key id or several, and a deadline. Only for the functions of a
 * module.
 *
 * Since: 1.0
 */
typedef struct _KmsCall KmsCall;
typedef struct _KmsReport KmsReport;
typedef struct _KmsProvider KmsProvider;
typedef struct _KmsRegistry KmsRegistry;
typedef struct _KmsBox KmsBox;
typedef struct _KmsBatch KmsBatch;
typedef struct _KmsLockbox KmsLockbox;
typedef struct _KmsValue KmsValue;

G_END_DECLS
