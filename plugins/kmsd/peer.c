/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A few calls are under way at a time; what comes meanwhile waits, and then goes together. So a thousand callers are
 * some sixty calls and not a thousand, of which a bus would refuse most: it allows 128 that are not answered. */
#include "peer.h"

#include "kmsd-failure.h"
#include "entry.h"
#include "parcel.h"

/* Enough to keep the daemon at work, and few enough to leave room for other processes of the same user. */
#define MAX_IN_FLIGHT 16

#define MAX_ITEMS 1024
#define MAX_BYTES (1024 * 1024)

struct _Peer
{
  KmsdPlace place;
  gboolean interactive;
  KmsdLink *link;
  gboolean is_opening;
  GQueue waiting;      /* of Entry */
  GHashTable *lookups; /* names of boxes whose paths are asked for */
  guint n_in_flight;
};

Peer *
peer_new (const KmsdPlace *place)
{
  Peer *self = g_new0 (Peer, 1);

  kmsd_place_copy (place, &self->place);
  g_queue_init (&self->waiting);
  self->lookups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
peer_free (Peer *self)
{
  g_queue_clear_full (&self->waiting, (GDestroyNotify) entry_free);
  g_clear_pointer (&self->link, kmsd_link_unref);
  g_hash_table_unref (self->lookups);
  kmsd_place_clear (&self->place);
  g_free (self);
}

const KmsdPlace *
peer_get_place (Peer *self)
{
  return &self->place;
}

void
peer_set_interactive (Peer *self, gboolean interactive)
{
  self->interactive = interactive;
}

void
peer_add (Peer *self, Shipment *shipment, KmsItem *item, const char *box)
{
  GError *error = NULL;
  Entry *entry = entry_new (shipment, item, box, &error);

  if (entry != NULL)
    g_queue_push_tail (&self->waiting, entry);
  else
    kms_item_take_error (item, error);
}

/* Those of one box, or all; borrows the error. */
static void
fail_waiting (Peer *self, const char *box, const GError *error)
{
  for (GList *at = self->waiting.head, *next; at != NULL; at = next)
    {
      g_autoptr (Entry) entry = at->data;
      next = at->next;
      if (box != NULL && g_strcmp0 (entry->box, box) != 0)
        {
          entry = NULL;
          continue;
        }
      g_queue_delete_link (&self->waiting, at);
      entry_fail (entry, g_error_copy (error));
    }
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Peer *self = data;
  g_autoptr (GError) error = NULL;

  self->is_opening = FALSE;
  self->link = kmsd_link_open_finish (result, &error);
  if (self->link == NULL)
    fail_waiting (self, NULL, error);
  peer_send (self);
}

static gboolean
ensure_link (Peer *self)
{
  if (self->link != NULL && kmsd_link_is_closed (self->link))
    g_clear_pointer (&self->link, kmsd_link_unref);
  if (self->link != NULL)
    return TRUE;
  if (!self->is_opening)
    {
      self->is_opening = TRUE;
      kmsd_link_open_async (&self->place, NULL, on_opened, self);
    }
  return FALSE;
}

/* The connection to a daemon that ends outlives its will to answer. */
static void
leave_ending (Peer *self, const KmsdLink *link, const GError *error)
{
  if (self->link == link && kmsd_failure_is_ending (error))
    g_clear_pointer (&self->link, kmsd_link_unref);
}

typedef struct
{
  Peer *peer;
  KmsdLink *link;
  char *box;
  gboolean is_repeated;
} Lookup;

static void
lookup_free (Lookup *self)
{
  kmsd_link_unref (self->link);
  g_free (self->box);
  g_free (self);
}

/* A call that the bus can start a daemon for may take its time; who waits has a deadline. */
static gboolean
get_longest_timeout (Peer *self, const char *box, int *timeout)
{
  gboolean found = FALSE;

  *timeout = 0;
  for (GList *at = self->waiting.head; at != NULL; at = at->next)
    {
      const Entry *entry = at->data;
      if (g_strcmp0 (entry->box, box) != 0)
        continue;
      int own = shipment_get_timeout (entry->shipment);
      *timeout = own < 0 || *timeout < 0 ? -1 : MAX (*timeout, own);
      found = TRUE;
    }
  return found;
}

static void look_up (Peer *self, const char *box, gboolean is_repeated);

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  Lookup *lookup = data;
  Peer *self = lookup->peer;
  g_autoptr (GError) error = NULL;
  const char *path = kmsd_link_lookup_box_finish (lookup->link, lookup->box, result, &error);

  g_hash_table_remove (self->lookups, lookup->box);
  leave_ending (self, lookup->link, error);
  /* Over a new connection, if need be; only once, so that a daemon which ends at every call is not called for ever. */
  if (path == NULL && kmsd_failure_is_loss (error) && !lookup->is_repeated && ensure_link (self))
    look_up (self, lookup->box, TRUE);
  else if (path == NULL && !(kmsd_failure_is_loss (error) && !lookup->is_repeated))
    fail_waiting (self, lookup->box, error);
  lookup_free (lookup);
  peer_send (self);
}

static void
look_up (Peer *self, const char *box, gboolean is_repeated)
{
  int timeout;

  if (!get_longest_timeout (self, box, &timeout) || !g_hash_table_add (self->lookups, g_strdup (box)))
    return;
  Lookup *lookup = g_new (Lookup, 1);
  *lookup = (Lookup){ self, kmsd_link_ref (self->link), g_strdup (box), is_repeated };
  kmsd_link_lookup_box (self->link, box, timeout, NULL, on_looked_up, lookup);
}

static void
drop_cancelled (Peer *self)
{
  for (GList *at = self->waiting.head, *next; at != NULL; at = next)
    {
      Entry *entry = at->data;
      next = at->next;
      if (!shipment_is_cancelled (entry->shipment))
        continue;
      g_queue_delete_link (&self->waiting, at);
      entry_fail (entry, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody waits for it any more"));
      entry_free (entry);
    }
}

/* The first one whose box has a path; of the others, that is asked for. */
static GList *
find_ready (Peer *self, const char **path)
{
  for (GList *at = self->waiting.head; at != NULL; at = at->next)
    {
      const Entry *entry = at->data;
      *path = kmsd_link_find_box (self->link, entry->box);
      if (*path != NULL)
        return at;
      if (!g_hash_table_contains (self->lookups, entry->box))
        look_up (self, entry->box, FALSE);
    }
  return NULL;
}

/* Takes the first and what goes with it out of the queue. */
static GPtrArray *
collect (Peer *self, GList *first)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  Entry *model = first->data;
  gsize n_bytes = 0;

  for (GList *at = first, *next; at != NULL && entries->len < MAX_ITEMS; at = next)
    {
      Entry *entry = at->data;
      gsize size = entry_get_size (entry);
      next = at->next;
      if (entry != model && (!entry_may_join (model, entry) || n_bytes + size > MAX_BYTES))
        continue;
      n_bytes += size;
      g_queue_delete_link (&self->waiting, at);
      g_ptr_array_add (entries, entry);
    }
  return entries;
}

/* What is wrong with one may have been told of all: then each goes for itself. */
static gboolean
is_worth_splitting (const GError *error)
{
  return g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT)
         || g_error_matches (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
}

/* Encrypting, decrypting and rewrapping twice does no harm, so what was lost is sent once more. */
static gboolean
take_back (Peer *self, Entry *entry, guint n_together, const GError *error)
{
  gboolean again = kmsd_failure_is_loss (error) && !entry->is_repeated;
  gboolean alone = n_together > 1 && is_worth_splitting (error);

  if (!again && !alone)
    return FALSE;
  entry->is_repeated |= again;
  entry->is_alone |= alone;
  g_queue_push_head (&self->waiting, entry);
  return TRUE;
}

typedef struct
{
  Peer *peer;
  KmsdLink *link; /* over which a parcel went */
} Route;

static void
on_parcel_done (GPtrArray *entries, const GError *error, gpointer data)
{
  g_autofree Route *route = data;
  Peer *self = route->peer;
  guint n = entries->len;

  self->n_in_flight--;
  leave_ending (self, route->link, error);
  kmsd_link_unref (route->link);
  for (guint i = n; error != NULL && i > 0; i--)
    {
      Entry *entry = g_ptr_array_steal_index (entries, i - 1);
      if (take_back (self, entry, n, error))
        continue;
      entry_fail (entry, g_error_copy (error));
      entry_free (entry);
    }
  g_ptr_array_set_size (entries, 0);
  peer_send (self);
}

void
peer_send (Peer *self)
{
  drop_cancelled (self);
  while (self->n_in_flight < MAX_IN_FLIGHT && self->waiting.length > 0 && ensure_link (self))
    {
      const char *path;
      GList *first = find_ready (self, &path);
      if (first == NULL)
        return;
      Route *route = g_new (Route, 1);
      *route = (Route){ self, kmsd_link_ref (self->link) };
      self->n_in_flight++;
      parcel_send (self->link, path, self->interactive, collect (self, first), on_parcel_done, route);
    }
}
