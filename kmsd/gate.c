/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection, in the thread of the gates: authenticates the peer, lets GDBus authenticate at the inner socket the same
 * way, and then passes messages on. Of what comes in, whole messages that were looked at; of what goes out, pieces. */
#include "gate.h"

#include <errno.h>
#include <libkms/kms.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gates.h"
#include "message.h"
#include "pump.h"
#include "quota.h"
#include "sasl.h"

#define PIECE 16384     /* bytes of an answer, or of what is not wanted, that are passed at a time */
#define TURN 16         /* messages or pieces before the next connection has its turn */
#define MAX_REFUSALS 16 /* that the peer has not read, before it is not read from */
#define GREETING_LINE 512

typedef enum {
  GATE_PEER_GREETS,
  GATE_GDBUS_GREETS,
  GATE_WAITS, /* to be opened */
  GATE_OPEN,
} GatePhase;

typedef struct
{
  GSource source;
  Gate *gate;
} GateSource;

struct _Gate
{
  gatomicrefcount refs;
  Gates *gates;
  GSource *source;
  Flow *flow;
  int is_closing, is_opened; /* atomic */
  GSocketConnection *stream;
  guint32 uid;
  GateFunc func; /* NULL once it was told */
  gpointer user_data;
  /* From here on the thread's. */
  GatePhase phase;
  Sasl sasl;
  int outer, inner;
  gpointer outer_tag, inner_tag;
  Pump in, out;
  MessageHead head;       /* of what comes in */
  gboolean is_taken;      /* it counts */
  gboolean is_checked;    /* it is whole and good, and being sent */
  gboolean waits;         /* for its turn among the user's */
  gsize n_unwanted;       /* bytes of what comes in that are thrown away */
  gboolean is_sending;    /* a piece of what goes out */
  gsize n_outgoing;       /* bytes of the message that goes out that are not read yet */
  GQueue refusals;        /* of GBytes: answers of our own */
  gboolean is_inner_over; /* GDBus closed its end; what it said may still have to be sent */
  gint64 deadline;        /* for a large message to be whole, or 0 */
};

typedef struct
{
  GateFunc func;
  gpointer user_data;
  GSocketConnection *inside;
} Told;

static gboolean
on_told (gpointer data)
{
  Told *told = data;

  told->func (told->inside, told->user_data);
  return G_SOURCE_REMOVE;
}

static void
told_free (gpointer data)
{
  Told *told = data;

  g_clear_object (&told->inside);
  g_free (told);
}

/* Not g_main_context_invoke(): at the end nobody owns the main context, and then this thread would be it. */
static void
tell (Gate *self, GSocketConnection *inside)
{
  Told *told = g_new (Told, 1);
  g_autoptr (GSource) idle = g_idle_source_new ();

  *told = (Told){ self->func, self->user_data, inside };
  self->func = NULL;
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_told, told, told_free);
  g_source_attach (idle, NULL);
}

static PumpResult
answer_greeting (int fd, const GString *answer)
{
  if (answer->len == 0)
    return PUMP_DONE;
  /* So little always has room, with a peer that reads what it waits for. */
  gssize n = send (fd, answer->str, answer->len, MSG_DONTWAIT | MSG_NOSIGNAL);
  return n == (gssize) answer->len ? PUMP_DONE : PUMP_END;
}

/* Done: the next byte is a message's. */
static PumpResult
greet (Gate *self, int fd)
{
  char bytes[GREETING_LINE];
  SaslResult result = SASL_GO_ON;

  while (result == SASL_GO_ON)
    {
      g_autoptr (GString) answer = g_string_new (NULL);
      gssize n = recv (fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
      if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? PUMP_WAIT : PUMP_END;
      n = recv (fd, bytes, sasl_count (&self->sasl, bytes, (gsize) n), MSG_DONTWAIT);
      if (n <= 0)
        return PUMP_END;
      result = sasl_take (&self->sasl, bytes, (gsize) n, gates_get_guid (self->gates), answer);
      if (result == SASL_FAILED || answer_greeting (fd, answer) != PUMP_DONE)
        return PUMP_END;
    }
  return PUMP_DONE;
}

static gboolean
open_inside (Gate *self)
{
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return FALSE;
  self->inner = ends[0];
  self->inner_tag = g_source_add_unix_fd (self->source, self->inner, G_IO_IN);
  pump_init (&self->in, self->outer, self->inner);
  pump_init (&self->out, self->inner, self->outer);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (ends[1], NULL);
  if (socket == NULL)
    {
      close (ends[1]);
      return FALSE;
    }
  tell (self, g_socket_connection_factory_create_connection (socket));
  return TRUE;
}

static void
forget_message (Gate *self)
{
  pump_drop (&self->in);
  self->is_taken = self->is_checked = FALSE;
  self->deadline = 0;
}

/* What is left of the message is read and thrown away. */
static void
refuse (Gate *self, KmsError code, gsize n_unwanted, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (KMS_ERROR, (int) code, text);
  gsize length;
  guint8 *bytes = message_new_error (self->head.serial, kms_error_get_dbus_name (error), text, &length);

  g_queue_push_tail (&self->refusals, g_bytes_new_take (bytes, length));
  self->n_unwanted = n_unwanted;
  forget_message (self);
}

static PumpResult
take_call (Gate *self)
{
  g_autofree char *text = NULL;

  switch (flow_take (self->flow, self->head.serial, self->head.length))
    {
    case FLOW_TAKEN:
      self->is_taken = TRUE;
      if (self->head.length > LARGE_MESSAGE)
        self->deadline = g_get_monotonic_time () + MESSAGE_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
      return PUMP_DONE;
    case FLOW_WAIT:
      self->waits = TRUE;
      return PUMP_WAIT;
    case FLOW_FULL:
      text = g_strdup_printf ("the largest messages of all connections of uid %u have more than %d bytes together; use "
                              "fewer connections for large messages",
                              self->uid, QUOTA_BUFFERS);
      refuse (self, KMS_ERROR_QUOTA, self->head.length - MESSAGE_HEAD, text);
      return PUMP_DONE;
    case FLOW_TWICE:
    default:
      return PUMP_END;
    }
}

/* Only calls mean anything here. */
static PumpResult
take_head (Gate *self)
{
  g_autofree char *text = NULL;

  if (!message_read_head (self->in.data, &self->head))
    return PUMP_END;
  if (!self->head.is_call)
    {
      self->n_unwanted = self->head.length - MESSAGE_HEAD;
      forget_message (self);
      return PUMP_DONE;
    }
  if (self->head.n_fields <= MAX_FIELDS && self->head.length <= MAX_FIELDS + MAX_MESSAGE)
    return take_call (self);
  text =
    g_strdup_printf ("the message has more than the limit of %d bytes of arguments, or of %d bytes in front of them; "
                     "send several calls, and secrets through pipes",
                     MAX_MESSAGE, MAX_FIELDS);
  refuse (self, KMS_ERROR_TOO_LARGE, self->head.length - MESSAGE_HEAD, text);
  return PUMP_DONE;
}

/* Each call is answered, also where nobody wants to know, so that the numbers are right. */
static PumpResult
check_message (Gate *self)
{
  g_autofree char *text = NULL;

  self->deadline = 0;
  switch (message_check (self->in.data, self->in.filled, MAX_VALUES))
    {
    case MESSAGE_GOOD:
      self->in.data[MESSAGE_FLAGS_AT] &= (guint8) ~MESSAGE_NO_REPLY;
      self->is_checked = TRUE;
      return PUMP_DONE;
    case MESSAGE_TOO_MANY_VALUES:
      text = g_strdup_printf ("the message has more than %d values; send several calls", MAX_VALUES);
      flow_note_answered (self->flow, self->head.serial);
      refuse (self, KMS_ERROR_TOO_LARGE, 0, text);
      return PUMP_DONE;
    case MESSAGE_BROKEN:
    default:
      g_debug ("uid %u sent what is no message; its connection is closed", self->uid);
      return PUMP_END;
    }
}

static PumpResult
throw_away (Gate *self)
{
  PumpResult result = pump_read (&self->in, MIN (self->n_unwanted, PIECE));

  self->n_unwanted -= self->in.filled;
  pump_drop (&self->in);
  return result;
}

static PumpResult
pass_on (Gate *self)
{
  PumpResult result = pump_send (&self->in);

  if (result == PUMP_DONE)
    forget_message (self);
  if (result != PUMP_END)
    return result;
  self->is_inner_over = TRUE;
  return PUMP_WAIT;
}

/* A step of what comes in. */
static PumpResult
bring_in (Gate *self)
{
  PumpResult result;

  if (self->is_checked)
    return pass_on (self);
  if (self->n_unwanted > 0)
    return throw_away (self);
  if (!self->is_taken)
    {
      result = pump_fill (&self->in, MESSAGE_HEAD);
      return result == PUMP_DONE ? take_head (self) : result;
    }
  result = pump_fill (&self->in, self->head.length);
  return result == PUMP_DONE ? check_message (self) : result;
}

/* Between two messages of GDBus's. */
static gboolean
load_refusal (Gate *self)
{
  gsize length;

  if (self->n_outgoing > 0 || self->out.filled > 0 || g_queue_is_empty (&self->refusals))
    return FALSE;
  GBytes *bytes = g_queue_pop_head (&self->refusals);
  g_free (self->out.data);
  self->out.data = g_bytes_unref_to_data (bytes, &length);
  self->out.allocated = self->out.filled = length;
  return TRUE;
}

static PumpResult
load_piece (Gate *self)
{
  Pump *out = &self->out;
  MessageHead head;

  if (self->n_outgoing == 0)
    {
      PumpResult result = pump_fill (out, MESSAGE_HEAD);
      if (result != PUMP_DONE)
        return result;
      if (!message_read_head (out->data, &head))
        return PUMP_END;
      self->n_outgoing = head.length - MESSAGE_HEAD;
    }
  gsize before = out->filled;
  PumpResult result = self->n_outgoing == 0 ? PUMP_DONE : pump_read (out, MIN (self->n_outgoing, PIECE));
  self->n_outgoing -= out->filled - before;
  return out->filled > 0 ? PUMP_DONE : result;
}

/* A step of what goes out. */
static PumpResult
bring_out (Gate *self)
{
  if (!self->is_sending && !load_refusal (self))
    {
      PumpResult result = load_piece (self);
      if (result != PUMP_DONE)
        return result;
    }
  self->is_sending = TRUE;
  PumpResult result = pump_send (&self->out);
  self->is_sending = result != PUMP_DONE;
  return result;
}

static gboolean
may_read (Gate *self)
{
  return !self->waits && !self->is_inner_over && g_queue_get_length (&self->refusals) < MAX_REFUSALS;
}

static PumpResult
pass_messages (Gate *self)
{
  PumpResult result = PUMP_DONE;

  for (guint i = 0; i < TURN && result == PUMP_DONE && may_read (self); i++)
    result = bring_in (self);
  if (result == PUMP_END)
    return PUMP_END;
  result = PUMP_DONE;
  for (guint i = 0; i < TURN && result == PUMP_DONE; i++)
    result = bring_out (self);
  return result;
}

/* FALSE: the connection is over. */
static gboolean
work (Gate *self)
{
  PumpResult result = PUMP_DONE;

  if (self->phase == GATE_PEER_GREETS && (result = greet (self, self->outer)) == PUMP_DONE)
    {
      if (!open_inside (self))
        return FALSE;
      self->phase = GATE_GDBUS_GREETS;
      sasl_clear (&self->sasl);
      sasl_init (&self->sasl, geteuid ());
    }
  if (self->phase == GATE_GDBUS_GREETS && result == PUMP_DONE && (result = greet (self, self->inner)) == PUMP_DONE)
    self->phase = GATE_WAITS;
  if (self->phase == GATE_WAITS && g_atomic_int_get (&self->is_opened))
    self->phase = GATE_OPEN;
  if (self->phase == GATE_OPEN)
    result = pass_messages (self);
  return result != PUMP_END;
}

static gboolean
has_hung_up (Gate *self, gpointer tag)
{
  return tag != NULL && (g_source_query_unix_fd (self->source, tag) & (G_IO_HUP | G_IO_ERR)) != 0;
}

/* A socket that is over is ready forever. */
static void
await (Gate *self)
{
  GIOCondition outer = 0, inner = G_IO_IN;

  if (self->phase == GATE_PEER_GREETS || (self->phase == GATE_OPEN && !self->is_checked && may_read (self)))
    outer |= G_IO_IN;
  if (self->phase == GATE_OPEN && self->is_sending)
    {
      outer |= G_IO_OUT;
      inner = 0;
    }
  if (self->phase == GATE_OPEN && self->is_checked)
    inner |= G_IO_OUT;
  g_source_modify_unix_fd (self->source, self->outer_tag, outer);
  if (has_hung_up (self, self->inner_tag) && self->is_sending)
    g_source_remove_unix_fd (self->source, g_steal_pointer (&self->inner_tag));
  if (self->inner_tag != NULL)
    g_source_modify_unix_fd (self->source, self->inner_tag, inner);
  gint64 end = gates_get_end (self->gates);
  if (self->phase == GATE_OPEN && self->inner_tag == NULL && !self->is_sending)
    g_source_set_ready_time (self->source, 0);
  else if (end != 0 || self->deadline != 0)
    g_source_set_ready_time (self->source, end != 0 ? end : self->deadline);
}

static gboolean
is_late (Gate *self)
{
  gint64 now = g_get_monotonic_time (), end = gates_get_end (self->gates);

  return (end != 0 && now >= end) || (self->deadline != 0 && now >= self->deadline);
}

static void
end (Gate *self)
{
  if (self->func != NULL)
    tell (self, NULL);
  flow_end (self->flow);
  if (self->inner >= 0)
    close (self->inner);
  pump_clear (&self->in);
  pump_clear (&self->out);
  g_queue_clear_full (&self->refusals, (GDestroyNotify) g_bytes_unref);
  sasl_clear (&self->sasl);
  g_clear_object (&self->stream);
  gates_remove (self->gates, self->source);
  gate_unref (self);
}

static gboolean
dispatch (GSource *source, GSourceFunc unused, gpointer data)
{
  Gate *self = ((GateSource *) source)->gate;

  g_source_set_ready_time (source, -1);
  self->waits = FALSE;
  if (g_atomic_int_get (&self->is_closing) || has_hung_up (self, self->outer_tag) || !work (self) || is_late (self))
    {
      end (self);
      return G_SOURCE_REMOVE;
    }
  await (self);
  return G_SOURCE_CONTINUE;
}

Gate *
gate_new (Gates *gates, GSocketConnection *stream, guint32 uid, GateFunc func, gpointer user_data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  Gate *self = g_new0 (Gate, 1);

  g_atomic_ref_count_init (&self->refs);
  g_atomic_ref_count_inc (&self->refs); /* the thread's */
  self->gates = gates;
  self->uid = uid;
  self->func = func;
  self->user_data = user_data;
  self->stream = g_object_ref (stream);
  self->outer = g_socket_get_fd (g_socket_connection_get_socket (stream));
  self->inner = -1;
  sasl_init (&self->sasl, uid);
  self->source = g_source_new (&funcs, sizeof (GateSource));
  ((GateSource *) self->source)->gate = self;
  self->outer_tag = g_source_add_unix_fd (self->source, self->outer, G_IO_IN);
  self->flow = flow_new (gates_get_flows (gates), uid, self->source);
  gates_add (gates, self->source);
  g_source_attach (self->source, gates_get_context (gates));
  return self;
}

void
gate_unref (Gate *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  flow_unref (self->flow);
  g_source_unref (self->source);
  g_free (self);
}

void
gate_open (Gate *self)
{
  g_atomic_int_set (&self->is_opened, TRUE);
  g_source_set_ready_time (self->source, 0);
}

void
gate_close (Gate *self)
{
  g_atomic_int_set (&self->is_closing, TRUE);
  g_source_set_ready_time (self->source, 0);
}

Flow *
gate_get_flow (Gate *self)
{
  return self->flow;
}
