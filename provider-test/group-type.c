/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* load: what the module's information says of itself, and whether its type is what that says. */
#include <dlfcn.h>
#include <string.h>

#include "cases.h"
#include "verdict.h"

static const KmsModuleInfo *
open_info (Fixture *fixture)
{
  gpointer handle = dlopen (fixture->options->module, RTLD_NOW | RTLD_LOCAL);
  const KmsModuleInfo *info = handle == NULL ? NULL : dlsym (handle, KMS_MODULE_SYMBOL);

  if (info == NULL)
    verdict_fail ("%s", dlerror ());
  return info;
}

/* The first 12 bytes never change; what is behind them may be looked at only if these are right. */
static const KmsModuleInfo *
open_checked_info (Fixture *fixture)
{
  const KmsModuleInfo *info = open_info (fixture);

  if (info == NULL
      || (info->magic == KMS_MODULE_MAGIC && info->abi_major == KMS_ABI_MAJOR
          && info->struct_size >= sizeof (KmsModuleInfo)))
    return info;
  verdict_fail ("magic, ABI or size are not right, so that nothing else can be read");
  return NULL;
}

static void
check_magic (Fixture *fixture)
{
  const KmsModuleInfo *info = open_info (fixture);

  if (info != NULL)
    verdict_check (info->magic == KMS_MODULE_MAGIC, "the magic number is %08x, not %08x; use KMS_MODULE_DEFINE",
                   info->magic, KMS_MODULE_MAGIC);
}

static void
check_abi (Fixture *fixture)
{
  const KmsModuleInfo *info = open_info (fixture);

  if (info == NULL)
    return;
  verdict_check (info->abi_major == KMS_ABI_MAJOR && info->abi_minor <= KMS_ABI_MINOR,
                 "it was built for ABI %u.%u, this libkms has %d.%d", info->abi_major, info->abi_minor, KMS_ABI_MAJOR,
                 KMS_ABI_MINOR);
  verdict_check (info->struct_size >= sizeof (KmsModuleInfo), "its information has %u bytes, not %zu",
                 info->struct_size, sizeof (KmsModuleInfo));
}

static void
check_id (Fixture *fixture)
{
  const KmsModuleInfo *info = open_checked_info (fixture);

  if (info != NULL)
    verdict_check (g_strcmp0 (info->id, fixture->options->id) == 0, "its id is \"%s\", its file's is \"%s\"", info->id,
                   fixture->options->id);
}

static void
check_flags (Fixture *fixture)
{
  const KmsModuleInfo *info = open_checked_info (fixture);
  const guint32 known = KMS_MODULE_INLINE | KMS_MODULE_NETWORK | KMS_MODULE_PROCESS_STATE;

  if (info == NULL)
    return;
  verdict_check ((info->flags & ~known) == 0, "its flags 0x%x have bits that mean nothing", info->flags);
  verdict_check ((info->flags & KMS_MODULE_INLINE) == 0 || (info->flags & KMS_MODULE_NETWORK) == 0,
                 "it says INLINE (pure CPU) and NETWORK");
}

/* Licence ids and operators, as in "MIT AND (LGPL-2.1-or-later OR GPL-3.0-only WITH GCC-exception-3.1)". */
static gboolean
is_spdx (const char *text)
{
  return g_regex_match_simple (
    "^\\(*[A-Za-z0-9][A-Za-z0-9.+-]*\\)*( (AND|OR|WITH) \\(*[A-Za-z0-9][A-Za-z0-9.+-]*\\)*)*$", text,
    G_REGEX_DOLLAR_ENDONLY, 0);
}

static void
check_origin (Fixture *fixture)
{
  const KmsModuleInfo *info = open_checked_info (fixture);

  if (info == NULL)
    return;
  verdict_check (info->version != NULL && info->version[0] != '\0', "it has no version");
  verdict_check (info->origin != NULL && info->origin[0] != '\0', "it has no origin: a package or a home page");
  verdict_check (info->license != NULL && is_spdx (info->license), "its licence \"%s\" is no SPDX expression",
                 info->license);
}

static GType
make_type (const KmsModuleInfo *info)
{
  g_autoptr (GError) error = NULL;

  if (!verdict_check (info->type_name != NULL && info->get_type != NULL, "it names no type")
      || !verdict_check (g_type_from_name (info->type_name) == 0, "the type %s exists before it is made: %s",
                         info->type_name, "a constructor makes it, or it is somebody else's"))
    return 0;
  if (info->init != NULL && !info->init (&error))
    {
      verdict_fail ("init() failed: %s", error == NULL ? "without a GError" : error->message);
      return 0;
    }
  return info->get_type ();
}

static void
check_type (Fixture *fixture)
{
  const KmsModuleInfo *info = open_checked_info (fixture);
  GType type = info == NULL ? 0 : make_type (info);

  if (type == 0)
    return;
  verdict_check (strcmp (g_type_name (type), info->type_name) == 0, "its type is called %s, not %s", g_type_name (type),
                 info->type_name);
  verdict_check (g_type_is_a (type, KMS_TYPE_PROVIDER), "its type %s is no KmsProvider", info->type_name);
  verdict_check (!G_TYPE_IS_ABSTRACT (type), "its type %s is abstract", info->type_name);
  verdict_check (info->get_type () == type, "get_type() returns another type each time");
}

static void
check_class (Fixture *fixture)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (fixture->provider);
  gboolean blocking = klass->encrypt != NULL || klass->decrypt != NULL || klass->rewrap != NULL;

  verdict_check (blocking || klass->submit != NULL, "it implements neither encrypt() and decrypt() nor submit()");
  verdict_check (!blocking || klass->submit == NULL, "it implements submit() besides blocking functions");
  verdict_check (klass->close == NULL || klass->submit != NULL, "close() is called only where there is submit()");
}

const TestCase cases_type[] = {
  { "load/magic", "its information has the magic number", check_magic, FIXTURE_NOTHING },
  { "load/abi", "it was built for an ABI that this libkms has", check_abi, FIXTURE_NOTHING },
  { "load/id", "its id is that of its file", check_id, FIXTURE_NOTHING },
  { "load/flags", "its flags are known and go together", check_flags, FIXTURE_NOTHING },
  { "load/origin", "it has a version, an origin, and a licence as SPDX writes it", check_origin, FIXTURE_NOTHING },
  { "load/type", "it makes the type that it names, a KmsProvider, when it is asked and not before", check_type,
    FIXTURE_NOTHING },
  { "load/class", "the type implements the blocking functions or submit()", check_class, FIXTURE_PROVIDER },
  { NULL },
};
