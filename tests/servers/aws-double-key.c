/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys and aliases that the AWS double has. */
#include "aws-double-key.h"

#include <gnutls/crypto.h>
#include <string.h>

static char *
make_id (gboolean multi_region)
{
  g_autofree char *uuid = g_uuid_string_random ();

  if (!multi_region)
    return g_steal_pointer (&uuid);
  g_autofree char *digits = aws_double_random_name (16);
  return g_strconcat ("mrk-", digits, NULL);
}

void
aws_double_key_rotate (AwsDoubleKey *self)
{
  guint8 *material = g_malloc (AWS_DOUBLE_KEY_SIZE);

  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_NONCE, material, AWS_DOUBLE_KEY_SIZE), ==, 0);
  g_ptr_array_add (self->materials, material);
}

AwsDoubleKey *
aws_double_key_new (AwsDouble *aws, const AwsDoubleKeyOptions *options)
{
  static const AwsDoubleKeyOptions none = { NULL };
  AwsDoubleKey *self = g_new0 (AwsDoubleKey, 1);

  if (options == NULL)
    options = &none;
  self->id = make_id (options->multi_region);
  self->region = g_strdup (options->region != NULL ? options->region : AWS_DOUBLE_REGION);
  self->arn = g_strdup_printf ("arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":key/%s", self->region, self->id);
  self->spec = g_strdup (options->spec != NULL ? options->spec : "SYMMETRIC_DEFAULT");
  self->state = g_strdup ("Enabled");
  self->description = g_strdup ("");
  self->multi_region = options->multi_region;
  self->created = aws_double_now (aws);
  self->period = 365;
  self->materials = g_ptr_array_new_with_free_func (g_free);
  self->tags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  aws_double_key_rotate (self);
  g_hash_table_replace (aws->keys, self->arn, self);
  return self;
}

void
aws_double_key_free (AwsDoubleKey *self)
{
  g_free (self->id);
  g_free (self->arn);
  g_free (self->region);
  g_free (self->spec);
  g_free (self->state);
  g_free (self->description);
  g_ptr_array_unref (self->materials);
  g_hash_table_unref (self->tags);
  g_free (self);
}

gboolean
aws_double_key_is_symmetric (const AwsDoubleKey *self)
{
  return g_str_equal (self->spec, "SYMMETRIC_DEFAULT");
}

char *
aws_double_key_get_material_id (const AwsDoubleKey *self, guint material)
{
  g_autofree char *text = g_strdup_printf ("%s %u", self->arn, material);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

GHashTable *
aws_double_key_list_aliases (AwsDouble *aws, const AwsDoubleKey *self)
{
  GHashTable *names = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer value;

  for (g_hash_table_iter_init (&iter, aws->aliases); g_hash_table_iter_next (&iter, NULL, &value);)
    {
      AwsDoubleAlias *alias = value;
      if (g_strcmp0 (alias->target, self->arn) == 0)
        g_hash_table_add (names, alias->name);
    }
  return names;
}

void
aws_double_alias_free (AwsDoubleAlias *self)
{
  g_free (self->name);
  g_free (self->region);
  g_free (self->target);
  g_free (self);
}

AwsDoubleAlias *
aws_double_find_alias_of (AwsDouble *aws, const char *region, const char *name)
{
  g_autofree char *full = g_strdup_printf ("%s %s", region, name);

  return g_hash_table_lookup (aws->aliases, full);
}

void
aws_double_put_alias (AwsDouble *aws, const char *region, const char *name, const char *arn)
{
  AwsDoubleAlias *alias = g_new0 (AwsDoubleAlias, 1);

  alias->name = g_strdup (name);
  alias->region = g_strdup (region);
  alias->target = g_strdup (arn);
  alias->created = aws_double_now (aws);
  g_hash_table_replace (aws->aliases, g_strdup_printf ("%s %s", region, name), alias);
}

void
aws_double_remove_alias (AwsDouble *aws, const AwsDoubleAlias *alias)
{
  g_autofree char *full = g_strdup_printf ("%s %s", alias->region, alias->name);

  g_hash_table_remove (aws->aliases, full);
}

char *
aws_double_create_key (AwsDouble *self, const char *alias, const AwsDoubleKeyOptions *options)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleKey *key = aws_double_key_new (self, options);

  if (alias != NULL)
    aws_double_put_alias (self, key->region, alias, key->arn);
  return g_strdup (key->arn);
}

void
aws_double_move_alias (AwsDouble *self, const char *alias, const char *arn)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleKey *key = g_hash_table_lookup (self->keys, arn);

  g_assert_nonnull (key);
  aws_double_put_alias (self, key->region, alias, arn);
}

void
aws_double_set_key_state (AwsDouble *self, const char *arn, const char *state)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleKey *key = g_hash_table_lookup (self->keys, arn);

  g_assert_nonnull (key);
  g_free (key->state);
  key->state = g_strdup (state);
}

char *
aws_double_find_alias (AwsDouble *self, const char *region, const char *alias)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleAlias *found = aws_double_find_alias_of (self, region, alias);

  return found != NULL ? g_strdup (found->target) : NULL;
}

guint
aws_double_count_keys (AwsDouble *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_hash_table_size (self->keys);
}
