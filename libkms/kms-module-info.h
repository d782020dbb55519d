/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module contract, ABI 1: what a provider's shared object exports, and nothing else. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

#define KMS_MODULE_MAGIC 0x31534d4bu /* "KMS1" in little-endian order */

/**
 * KmsModuleFlags:
 * @KMS_MODULE_INLINE: pure CPU: no thread, no file descriptor that a fork would share
 * @KMS_MODULE_NETWORK: talks to a network, so it can't be used in a forked child
 * @KMS_MODULE_PROCESS_STATE: changes state of the whole process (locale, umask, signal handlers, …)
 *
 * What a module does to the process that loads it.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/ {
  KMS_MODULE_INLINE = 1 << 0,
  KMS_MODULE_NETWORK = 1 << 1,
  KMS_MODULE_PROCESS_STATE = 1 << 2,
} KmsModuleFlags;

/**
 * KmsModuleInfo: (skip)
 *
 * What a module says of itself. The first 12 bytes never change, in any ABI.
 *
 * Since: 1.0
 */
typedef struct
{
  guint32 magic, struct_size;
  guint16 abi_major, abi_minor;
  guint32 flags;
  const char *id, *type_name;
  GType (*get_type) (void);
  gboolean (*init) (GError **error);
  const char *version, *license, *origin;
  gpointer _reserved[8];
} KmsModuleInfo;

#define KMS_MODULE_SYMBOL "kms_module_v1"

/**
 * KMS_MODULE_DEFINE: (skip)
 *
 * Defines the one symbol that a module exports. The arguments are designated initialisers of #KmsModuleInfo; `id`,
 * `type_name`, `get_type`, `version`, `license` and `origin` must be there.
 *
 * Since: 1.0
 */
#define KMS_MODULE_DEFINE(...)                                                                               \
  __attribute__ ((visibility ("default"))) extern const KmsModuleInfo kms_module_v1;                         \
  const KmsModuleInfo kms_module_v1 = { .magic = KMS_MODULE_MAGIC,                                           \
                                        .struct_size = sizeof (KmsModuleInfo),                               \
                                        .abi_major = KMS_ABI_MAJOR,                                          \
                                        .abi_minor = KMS_ABI_MINOR,                                          \
                                        __VA_ARGS__ }

G_END_DECLS
