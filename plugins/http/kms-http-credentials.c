/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials as a value: shared between the exchanges that use them, and never changed once they are in use. */
#include "kms-http-credentials.h"

/* New ones are wanted after two thirds of the lifetime. Not all processes of a fleet at once: give or take a tenth. */
#define REFRESH_AFTER (2.0 / 3.0)
#define REFRESH_SPREAD 0.1

struct _KmsHttpCredentials
{
  gatomicrefcount refs;
  gpointer data;
  GDestroyNotify free_data;
  gint64 refresh_at;
  gint64 expires_at;
};

/**
 * kms_http_credentials_new: (skip)
 * @data: (transfer full): what the provider makes of them
 * @free_data: (nullable): frees @data, and wipes what is secret of it
 *
 * Makes credentials that never expire.
 *
 * Returns: (transfer full): the credentials
 *
 * Since: 1.0
 */
KmsHttpCredentials *
kms_http_credentials_new (gpointer data, GDestroyNotify free_data)
{
  KmsHttpCredentials *self = g_new0 (KmsHttpCredentials, 1);
  g_atomic_ref_count_init (&self->refs);
  self->data = data;
  self->free_data = free_data;
  self->refresh_at = G_MAXINT64;
  self->expires_at = G_MAXINT64;
  return self;
}

/**
 * kms_http_credentials_ref: (skip)
 * @self: credentials
 *
 * Adds a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
KmsHttpCredentials *
kms_http_credentials_ref (KmsHttpCredentials *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_http_credentials_unref: (skip)
 * @self: (transfer full): credentials
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_http_credentials_unref (KmsHttpCredentials *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->free_data != NULL)
    self->free_data (self->data);
  g_free (self);
}

/**
 * kms_http_credentials_get_data: (skip)
 * @self: credentials
 *
 * Gets what kms_http_credentials_new() was given.
 *
 * Returns: (transfer none): the data
 *
 * Since: 1.0
 */
gpointer
kms_http_credentials_get_data (KmsHttpCredentials *self)
{
  return self->data;
}

/**
 * kms_http_credentials_set_lifetime: (skip)
 * @self: credentials that nobody else has yet
 * @seconds: how long they are good, from now; 0 for ever
 *
 * Says when they end. New ones are fetched after two thirds of it, give or take a tenth.
 *
 * Since: 1.0
 */
void
kms_http_credentials_set_lifetime (KmsHttpCredentials *self, gint64 seconds)
{
  g_return_if_fail (seconds >= 0);
  gint64 now = g_get_monotonic_time ();

  if (seconds == 0 || seconds > (G_MAXINT64 - now) / G_USEC_PER_SEC)
    {
      kms_http_credentials_set_times (self, G_MAXINT64, G_MAXINT64);
      return;
    }
  gint64 lifetime = seconds * G_USEC_PER_SEC;
  double part = REFRESH_AFTER * g_random_double_range (1.0 - REFRESH_SPREAD, 1.0 + REFRESH_SPREAD);
  kms_http_credentials_set_times (self, now + (gint64) ((double) lifetime * part), now + lifetime);
}

/**
 * kms_http_credentials_set_times: (skip)
 * @self: credentials that nobody else has yet
 * @refresh_at: when to fetch new ones, in microseconds of g_get_monotonic_time(); %G_MAXINT64 for never
 * @expires_at: from when on they are not used any more, likewise
 *
 * Says when they end, where the service says more than a lifetime.
 *
 * Since: 1.0
 */
void
kms_http_credentials_set_times (KmsHttpCredentials *self, gint64 refresh_at, gint64 expires_at)
{
  self->refresh_at = MIN (refresh_at, expires_at);
  self->expires_at = expires_at;
}

/**
 * kms_http_credentials_get_expiry: (skip)
 * @self: credentials
 *
 * Gets when they end.
 *
 * Returns: microseconds of g_get_monotonic_time(); %G_MAXINT64 for never
 *
 * Since: 1.0
 */
gint64
kms_http_credentials_get_expiry (KmsHttpCredentials *self)
{
  return self->expires_at;
}

/**
 * kms_http_credentials_get_refresh_time: (skip)
 * @self: credentials
 *
 * Gets from when on new ones are wanted.
 *
 * Returns: microseconds of g_get_monotonic_time(); %G_MAXINT64 for never
 *
 * Since: 1.0
 */
gint64
kms_http_credentials_get_refresh_time (KmsHttpCredentials *self)
{
  return self->refresh_at;
}
