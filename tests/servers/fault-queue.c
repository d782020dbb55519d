/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of faults that a test server was told. */
#include "fault.h"

#include <string.h>

typedef struct
{
  char *path;
  TestFault *fault;
  /* 0 for all. */
  guint times;
} FaultScript;

struct _FaultQueue
{
  GPtrArray *scripts;
};

static TestFault *
fault_copy (const TestFault *fault)
{
  TestFault *copy = g_memdup2 (fault, sizeof *fault);

  copy->headers = g_strdup (fault->headers);
  copy->body = g_strdup (fault->body);
  return copy;
}

void
fault_free (TestFault *fault)
{
  g_free ((char *) fault->headers);
  g_free ((char *) fault->body);
  g_free (fault);
}

static void
fault_script_free (gpointer data)
{
  FaultScript *script = data;

  g_free (script->path);
  fault_free (script->fault);
  g_free (script);
}

FaultQueue *
fault_queue_new (void)
{
  FaultQueue *self = g_new0 (FaultQueue, 1);

  self->scripts = g_ptr_array_new_with_free_func (fault_script_free);
  return self;
}

void
fault_queue_free (FaultQueue *self)
{
  g_ptr_array_unref (self->scripts);
  g_free (self);
}

void
fault_queue_add (FaultQueue *self, const char *path, const TestFault *fault, guint times)
{
  FaultScript *script = g_new0 (FaultScript, 1);

  g_assert_true (path == NULL || fault->kind != TEST_FAULT_RESET_BEFORE_READING);
  script->path = g_strdup (path);
  script->fault = fault_copy (fault);
  script->times = times;
  g_ptr_array_add (self->scripts, script);
}

void
fault_queue_clear (FaultQueue *self)
{
  g_ptr_array_set_size (self->scripts, 0);
}

static gboolean
fits (const FaultScript *script, const char *path)
{
  if (path == NULL || script->fault->kind == TEST_FAULT_RESET_BEFORE_READING)
    return path == NULL && script->fault->kind == TEST_FAULT_RESET_BEFORE_READING;
  return script->path == NULL || strstr (path, script->path) != NULL;
}

TestFault *
fault_queue_take (FaultQueue *self, const char *path)
{
  const FaultScript *always = NULL;

  for (guint i = 0; i < self->scripts->len; i++)
    {
      FaultScript *script = self->scripts->pdata[i];
      if (!fits (script, path))
        continue;
      if (script->times == 0)
        {
          always = always != NULL ? always : script;
          continue;
        }
      TestFault *fault = fault_copy (script->fault);
      if (--script->times == 0)
        g_ptr_array_remove_index (self->scripts, i);
      return fault;
    }
  return always != NULL ? fault_copy (always->fault) : NULL;
}
