/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which provider a key id belongs to. */
#include "kms-routing-private.h"

#include "kms-error.h"

#define RANK_NONE (-1)
#define RANK_FALLBACK 0
#define RANK_EXACT G_MAXINT

/* What the providers of this project are known by. Who has such a key id and not its provider must hear so: a fallback
 * would be sent what was meant for somebody else. */
static const char *const reserved_prefixes[] = { "local/",  "vault/",   "openbao/", "projects/",
                                                 "system/", "session/", "socket:",  NULL };
static const char *const reserved_ids[] = { "insecure-test-key", "insecure-test-key/encrypt", NULL };

static int
longest_prefix (const char *const *prefixes, const char *key_id)
{
  int longest = RANK_NONE;

  for (guint i = 0; prefixes != NULL && prefixes[i] != NULL; i++)
    if (g_str_has_prefix (key_id, prefixes[i]))
      longest = MAX (longest, (int) strlen (prefixes[i]));
  return longest;
}

gboolean
_kms_routing_is_reserved (const char *key_id)
{
  return longest_prefix (reserved_prefixes, key_id) > 0 || g_strv_contains (reserved_ids, key_id);
}

static int
rank (KmsProviderConfig *config, const char *key_id)
{
  const char *const *exact = _kms_provider_config_get_exact (config);

  if (exact != NULL && g_strv_contains (exact, key_id))
    return RANK_EXACT;
  int prefix = longest_prefix (_kms_provider_config_get_prefixes (config), key_id);
  int match = longest_prefix (_kms_provider_config_get_matches (config), key_id);
  if (prefix > 0 || match > 0)
    return MAX (prefix, match);
  return _kms_provider_config_get_fallback (config) && !_kms_routing_is_reserved (key_id) ? RANK_FALLBACK : RANK_NONE;
}

static gboolean
goes_before (KmsProviderConfig *a, KmsProviderConfig *b)
{
  gint64 a_priority = _kms_provider_config_get_priority (a);
  gint64 b_priority = _kms_provider_config_get_priority (b);

  if (a_priority != b_priority)
    return a_priority > b_priority;
  return strcmp (_kms_provider_config_get_name (a), _kms_provider_config_get_name (b)) < 0;
}

KmsProviderConfig *
_kms_routing_find (GPtrArray *configs, const char *key_id, gboolean *is_fallback)
{
  KmsProviderConfig *best = NULL;
  int best_rank = RANK_NONE;

  for (guint i = 0; i < configs->len; i++)
    {
      KmsProviderConfig *config = g_ptr_array_index (configs, i);
      int found = rank (config, key_id);
      if (found > best_rank || (found == best_rank && found != RANK_NONE && goes_before (config, best)))
        {
          best = config;
          best_rank = found;
        }
    }
  if (is_fallback != NULL)
    *is_fallback = best_rank == RANK_FALLBACK;
  return best;
}

gboolean
_kms_routing_matches_longer (KmsProviderConfig *a, KmsProviderConfig *b, const char *key_id)
{
  return rank (a, key_id) > rank (b, key_id);
}

gboolean
_kms_routing_is_stronger (KmsProviderConfig *a, KmsProviderConfig *b, const char *key_id)
{
  return _kms_routing_matches_longer (a, b, key_id)
         || (rank (a, key_id) == rank (b, key_id)
             && _kms_provider_config_get_priority (a) > _kms_provider_config_get_priority (b));
}

static gboolean
claims (KmsProviderConfig *self, const char *text, gboolean is_exact)
{
  const char *const *prefixes = _kms_provider_config_get_prefixes (self);
  const char *const *matches = _kms_provider_config_get_matches (self);
  const char *const *exact = _kms_provider_config_get_exact (self);

  if (is_exact)
    return exact != NULL && g_strv_contains (exact, text);
  return (prefixes != NULL && g_strv_contains (prefixes, text)) || (matches != NULL && g_strv_contains (matches, text));
}

static void
warn (KmsProviderConfig *self, KmsProviderConfig *first, const char *key, const char *text)
{
  gboolean is_preferred = _kms_provider_config_get_priority (first) > _kms_provider_config_get_priority (self);
  g_autofree char *what = g_strdup_printf (
    "has \"%s\", which goes to %s.provider: %s", text, _kms_provider_config_get_name (first),
    is_preferred ? "that has the higher Priority=" : "its name sorts first; say with Priority= which one is meant");

  _kms_config_info_warn_of (_kms_provider_config_get_info (self), "Provider", key, what);
}

static void
warn_of_list (KmsProviderConfig *self, KmsProviderConfig *first, const char *key, const char *const *texts)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    if (claims (first, texts[i], strcmp (key, "Exact") == 0))
      warn (self, first, key, texts[i]);
}

void
_kms_routing_warn_of_shared (GPtrArray *configs)
{
  for (guint i = 0; i < configs->len; i++)
    for (guint j = 0; j < configs->len; j++)
      {
        KmsProviderConfig *first = g_ptr_array_index (configs, i), *self = g_ptr_array_index (configs, j);
        if (first == self || !goes_before (first, self))
          continue;
        warn_of_list (self, first, "Prefixes", _kms_provider_config_get_prefixes (self));
        warn_of_list (self, first, "Matches", _kms_provider_config_get_matches (self));
        warn_of_list (self, first, "Exact", _kms_provider_config_get_exact (self));
        if (_kms_provider_config_get_fallback (first) && _kms_provider_config_get_fallback (self))
          warn (self, first, "Fallback", "true");
      }
}

const char *
_kms_routing_strip (KmsProviderConfig *config, const char *key_id, GError **error)
{
  const char *const *exact = _kms_provider_config_get_exact (config);

  if (exact != NULL && g_strv_contains (exact, key_id))
    return key_id;
  int prefix = longest_prefix (_kms_provider_config_get_prefixes (config), key_id);
  int match = longest_prefix (_kms_provider_config_get_matches (config), key_id);
  if (prefix <= 0 || prefix < match)
    return key_id;
  if (strncmp (key_id, key_id + prefix, (gsize) prefix) != 0)
    return key_id + prefix;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "key id \"%s\" has the prefix \"%.*s\" twice, and no key is called so; write it once", key_id, prefix,
               key_id);
  return NULL;
}
