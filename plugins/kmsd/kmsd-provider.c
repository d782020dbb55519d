/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's life: what it declares, and how calls get to the daemons that their key ids name. */
#include "kmsd-provider.h"

#include <string.h>

#include "../sockets.h"
#include "peer.h"
#include "shipment.h"

/* What kmsd takes: see its interface. */
#define MAX_ITEMS 1024
#define MAX_BYTES (1024 * 1024)
#define MAX_PLAINTEXT 4096

/* None waits in the core: what is here can be joined into batches. */
#define MAX_CALLS 65536

G_DEFINE_FINAL_TYPE_WITH_CODE (KmsKmsdProvider, kms_kmsd_provider, KMS_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, kms_kmsd_provider_key_admin_init))

gboolean
kms_kmsd_provider_may_interact (KmsKmsdProvider *self, const KmsdPlace *place)
{
  const char *setting = kms_provider_get_setting_string (KMS_PROVIDER (self), "Interactive");
  gboolean is_wanted = strcmp (setting, "yes") == 0 || (strcmp (setting, "auto") == 0 && place->bus == KMSD_BUS_SYSTEM);

  return is_wanted && kms_provider_may_interact (KMS_PROVIDER (self));
}

static Peer *
find_peer (KmsKmsdProvider *self, const KmsdPlace *place)
{
  for (guint i = 0; i < self->peers->len; i++)
    if (kmsd_place_equal (peer_get_place (g_ptr_array_index (self->peers, i)), place))
      return g_ptr_array_index (self->peers, i);
  Peer *peer = peer_new (place);
  g_ptr_array_add (self->peers, peer);
  return peer;
}

/* A key id that is none fails its items, and no others. */
static void
hand_over (KmsKmsdProvider *self, Shipment *shipment, KmsItem *item, GPtrArray *touched)
{
  g_auto (KmsdPlace) place = { 0 };
  GError *error = NULL;
  const char *box;

  if (!kmsd_place_parse (kms_item_get_key_id (item), &place, &box, &error))
    {
      kms_item_take_error (item, error);
      return;
    }
  Peer *peer = find_peer (self, &place);
  peer_set_interactive (peer, kms_kmsd_provider_may_interact (self, &place));
  peer_add (peer, shipment, item, box);
  if (!g_ptr_array_find (touched, peer, NULL))
    g_ptr_array_add (touched, peer);
}

static void
kms_kmsd_provider_submit (KmsProvider *provider, KmsCall *call)
{
  KmsKmsdProvider *self = KMS_KMSD_PROVIDER (provider);
  Shipment *shipment = shipment_new (call);
  g_autoptr (GPtrArray) touched = g_ptr_array_new ();

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    hand_over (self, shipment, kms_call_get_item (call, i), touched);
  for (guint i = 0; i < touched->len; i++)
    peer_send (g_ptr_array_index (touched, i));
  shipment_release (shipment);
}

/* The last call was completed before. */
static void
kms_kmsd_provider_close (KmsProvider *provider)
{
  g_ptr_array_set_size (KMS_KMSD_PROVIDER (provider)->peers, 0);
}

static void
kms_kmsd_provider_finalize (GObject *object)
{
  g_ptr_array_unref (KMS_KMSD_PROVIDER (object)->peers);
  G_OBJECT_CLASS (kms_kmsd_provider_parent_class)->finalize (object);
}

static void
kms_kmsd_provider_class_init (KmsKmsdProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  load_sockets ();
  G_OBJECT_CLASS (klass)->finalize = kms_kmsd_provider_finalize;
  provider_class->submit = kms_kmsd_provider_submit;
  provider_class->close = kms_kmsd_provider_close;
  provider_class->diagnose = kms_kmsd_provider_diagnose;
  kms_provider_class_add_setting (provider_class, "Interactive", KMS_SETTING_CHOICE, "auto", "auto|yes|no",
                                  "may polkit ask the user: auto does so on the system bus only");
}

static void
kms_kmsd_provider_init (KmsKmsdProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peer_free);
  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_REWRAP
                                             | KMS_CAPABILITY_ONE_KEY_REWRAP);
  kms_provider_set_binding (provider, KMS_BINDING_UNKNOWN);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, MAX_ITEMS);
  kms_provider_set_limit (provider, KMS_LIMIT_BYTES, MAX_BYTES);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_BYTES);
  kms_provider_set_limit (provider, KMS_LIMIT_CALLS, MAX_CALLS);
}
