/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registers the objects at a connection. Boxes and providers are subtrees of which GDBus enumerates nothing: it would
 * have to know at once who asks, who may first have to be asked of the bus daemon. So their roots answer introspection
 * themselves, for each caller; beneath them it is the same at any name, whether there is such a box or not. */
#include "door.h"

#include "arrivals.h"
#include "hello.h"
#include "interfaces.h"
#include "kmsd-interfaces.h"
#include "methods.h"
#include "object-path.h"
#include "turns.h"

#define MAX_REGISTRATIONS 6

struct _Door
{
  Daemon *daemon;
  GDBusConnection *connection;
  CallerCache *cache; /* of a bus */
  Caller *caller;     /* of a private socket */
  gboolean has_place; /* that caller's, among its connections */
  Arrivals *arrivals;
  guint objects[MAX_REGISTRATIONS], n_objects;
  guint subtrees[MAX_REGISTRATIONS], n_subtrees;
};

static void
on_caller (Caller *caller, const GError *error, gpointer data)
{
  Call *call = data;

  if (caller == NULL)
    call_fail (call, g_error_copy (error));
  else if (call_set_caller (call, caller))
    turns_take (call, methods_run);
}

/* Takes the message over. */
static void
begin (Door *self, GDBusMessage *message, const Method *method)
{
  if (self->daemon->closing)
    {
      call_turn_away (self->connection, message, "org.libkms.Kms1.Error.Unavailable.Ending",
                      "kmsd is ending; try again");
      g_object_unref (message);
      return;
    }
  Call *call = call_new (self->daemon, self->connection, message, method);
  if (call_has_too_many_descriptors (call))
    call_fail_new (call, KMS_ERROR_INVALID_ARGUMENT,
                   "the message carries more than one descriptor; no call takes more");
  else if (self->caller != NULL)
    on_caller (self->caller, NULL, call);
  else
    caller_cache_identify (self->cache, g_dbus_message_get_sender (message), on_caller, call);
}

/* What GDBus dispatches. It has looked at the types; answers are ours. */
static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *name, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  const Method *method = methods_find (interface, name);

  if (method == NULL)
    {
      g_dbus_method_invocation_return_dbus_error (invocation, "org.libkms.Kms1.Error.NotSupported",
                                                  "this version of kmsd does not do that");
      return;
    }
  begin (data, g_object_ref (g_dbus_method_invocation_get_message (invocation)), method);
  g_object_unref (invocation);
}

/* What comes past GDBus's dispatch. */
static void
on_arrival (GDBusMessage *message, const Method *method, gpointer data)
{
  begin (data, message, method);
}

static gboolean
is_alone (GDBusMessage *message, gpointer data)
{
  Door *self = data;
  const Caller *caller = self->caller != NULL ? self->caller
                                              : caller_cache_find (self->cache, g_dbus_message_get_sender (message));

  return caller != NULL && caller->n_running == 0;
}

/* Without functions for properties, GDBus hands their methods on, too. */
static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { NULL } };

static char **
enumerate_nothing (GDBusConnection *connection, const char *sender, const char *path, gpointer data)
{
  return g_new0 (char *, 1);
}

static GDBusInterfaceInfo **
introspect (GDBusConnection *connection, const char *sender, const char *path, const char *node, gpointer data)
{
  return node == NULL ? NULL : interfaces_list (path);
}

static const GDBusInterfaceVTable *
dispatch (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *node,
          gpointer *out_data, gpointer data)
{
  *out_data = data;
  return &vtable;
}

static const GDBusSubtreeVTable subtree_vtable = { enumerate_nothing, introspect, dispatch, { NULL } };

static gboolean
register_object (Door *self, const char *path, const GDBusInterfaceInfo *interface, GError **error)
{
  guint id = g_dbus_connection_register_object (self->connection, path, (GDBusInterfaceInfo *) interface, &vtable, self,
                                                NULL, error);

  if (id != 0)
    self->objects[self->n_objects++] = id;
  return id != 0;
}

static gboolean
register_subtree (Door *self, const char *path, GError **error)
{
  guint id = g_dbus_connection_register_subtree (
    self->connection, path, &subtree_vtable, G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, self, NULL, error);

  if (id != 0)
    self->subtrees[self->n_subtrees++] = id;
  return id != 0;
}

static gboolean
register_hello (Door *self, GError **error)
{
  guint id = hello_register (self->connection, error);

  if (id != 0)
    self->objects[self->n_objects++] = id;
  return id != 0;
}

static Door *
door_new (Daemon *daemon, GDBusConnection *connection)
{
  Door *self = g_new0 (Door, 1);

  self->daemon = daemon;
  self->connection = g_object_ref (connection);
  self->arrivals = arrivals_new (connection, is_alone, on_arrival, self);
  return self;
}

static gboolean
register_all (Door *self, GError **error)
{
  return register_object (self, OBJECT_MANAGER, &org_libkms_kms1_manager_interface, error)
         && register_object (self, OBJECT_MANAGER, &org_libkms_kms1_lockdown_interface, error)
         && register_object (self, OBJECT_MANAGER, &org_libkms_kms1_audit_interface, error)
         && register_object (self, OBJECT_BOXES, interfaces_get_introspectable (), error)
         && register_object (self, OBJECT_PROVIDERS, interfaces_get_introspectable (), error)
         && register_subtree (self, OBJECT_BOXES, error) && register_subtree (self, OBJECT_PROVIDERS, error);
}

Door *
door_new_for_bus (Daemon *daemon, GDBusConnection *connection, BusKind bus, GError **error)
{
  g_autoptr (Door) self = door_new (daemon, connection);

  self->cache = caller_cache_new (connection, bus, daemon->units);
  return register_all (self, error) ? g_steal_pointer (&self) : NULL;
}

Door *
door_new_for_caller (Daemon *daemon, GDBusConnection *connection, Caller *caller, GError **error)
{
  g_autoptr (Door) self = door_new (daemon, connection);

  self->caller = caller_ref (caller);
  if (!register_hello (self, error) || !register_all (self, error))
    return NULL;
  self->has_place = TRUE;
  return g_steal_pointer (&self);
}

void
door_free (Door *self)
{
  arrivals_free (self->arrivals);
  while (self->n_objects > 0)
    g_dbus_connection_unregister_object (self->connection, self->objects[--self->n_objects]);
  while (self->n_subtrees > 0)
    g_dbus_connection_unregister_subtree (self->connection, self->subtrees[--self->n_subtrees]);
  if (self->caller != NULL)
    {
      GIOStream *stream = g_dbus_connection_get_stream (self->connection);

      /* GDBus closes it with its last reference, which its thread may hold until another message comes. */
      g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)), TRUE, TRUE, NULL);
      g_cancellable_cancel (self->caller->gone);
      if (self->has_place)
        quotas_give_back (self->daemon->quotas, self->caller->access.uid, QUOTA_KIND_CONNECTION);
      caller_unref (self->caller);
    }
  g_clear_pointer (&self->cache, caller_cache_free);
  g_object_unref (self->connection);
  g_free (self);
}

GDBusConnection *
door_get_connection (Door *self)
{
  return self->connection;
}

void
door_emit (Door *self, const char *signal)
{
  g_dbus_connection_emit_signal (self->connection, NULL, OBJECT_MANAGER, org_libkms_kms1_manager_interface.name, signal,
                                 NULL, NULL);
}
