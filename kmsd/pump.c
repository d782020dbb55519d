/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* recvmsg(2) and sendmsg(2), without waiting. */
#include "pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT 16384             /* bytes of a buffer that is not freed between messages */
#define KERNEL_DESCRIPTORS 253 /* SCM_MAX_FD: what one sendmsg(2) may carry */

void
pump_init (Pump *self, int from, int to)
{
  *self = (Pump){ .from = from, .to = to };
}

static void
close_descriptors (Pump *self)
{
  while (self->n_descriptors > 0)
    close (self->descriptors[--self->n_descriptors]);
}

void
pump_clear (Pump *self)
{
  close_descriptors (self);
  g_clear_pointer (&self->data, g_free);
}

void
pump_drop (Pump *self)
{
  close_descriptors (self);
  self->filled = self->sent = 0;
  if (self->allocated <= KEPT)
    return;
  g_clear_pointer (&self->data, g_free);
  self->allocated = 0;
}

static void
take_descriptors (Pump *self, struct msghdr *message)
{
  for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL; part = CMSG_NXTHDR (message, part))
    {
      gsize n = (part->cmsg_len - CMSG_LEN (0)) / sizeof (int);
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
        continue;
      for (gsize i = 0; i < n; i++)
        {
          int fd;
          memcpy (&fd, CMSG_DATA (part) + i * sizeof fd, sizeof fd);
          if (self->n_descriptors < PUMP_DESCRIPTORS)
            self->descriptors[self->n_descriptors++] = fd;
          else
            close (fd);
        }
    }
}

static gssize
receive (Pump *self, gsize n)
{
  union
  {
    char bytes[CMSG_SPACE (KERNEL_DESCRIPTORS * sizeof (int))];
    struct cmsghdr header;
  } control;
  struct iovec vector = { self->data + self->filled, n };
  struct msghdr message = {
    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
  };
  gssize got = recvmsg (self->from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

  if (got >= 0)
    take_descriptors (self, &message);
  return got;
}

PumpResult
pump_read (Pump *self, gsize most)
{
  if (self->filled + most > self->allocated)
    {
      self->allocated = MAX (self->filled + most, 1024);
      self->data = g_realloc (self->data, self->allocated);
    }
  gssize got = receive (self, most);
  if (got < 0)
    return errno == EAGAIN || errno == EINTR ? PUMP_WAIT : PUMP_END;
  if (got == 0)
    return PUMP_END;
  self->filled += (gsize) got;
  return PUMP_DONE;
}

PumpResult
pump_fill (Pump *self, gsize wanted)
{
  PumpResult result = PUMP_DONE;

  while (result == PUMP_DONE && self->filled < wanted)
    result = pump_read (self, wanted - self->filled);
  return result;
}

static gssize
send_some (Pump *self)
{
  union
  {
    char bytes[CMSG_SPACE (PUMP_DESCRIPTORS * sizeof (int))];
    struct cmsghdr header;
  } control = { .bytes = { 0 } };
  struct iovec vector = { self->data + self->sent, self->filled - self->sent };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

  if (self->n_descriptors > 0)
    {
      message.msg_control = control.bytes;
      message.msg_controllen = CMSG_SPACE (self->n_descriptors * sizeof (int));
      struct cmsghdr *part = CMSG_FIRSTHDR (&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN (self->n_descriptors * sizeof (int));
      memcpy (CMSG_DATA (part), self->descriptors, self->n_descriptors * sizeof (int));
    }
  return sendmsg (self->to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

PumpResult
pump_send (Pump *self)
{
  while (self->sent < self->filled)
    {
      gssize n = send_some (self);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN ? PUMP_WAIT : PUMP_END;
      close_descriptors (self);
      self->sent += (gsize) n;
    }
  pump_drop (self);
  return PUMP_DONE;
}
