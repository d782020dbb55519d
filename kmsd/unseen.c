/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refusals that look to their callers as if nothing had been there. */
#include "unseen.h"

#include <string.h>

#include "methods.h"
#include "operation.h"
#include "refusals.h"
#include "trail.h"

/* Methods that would have used the box; looking at it is no attempt. */
static const struct
{
  const char *method;
  Operation operation;
} attempts[] = {
  { "Encrypt", OPERATION_ENCRYPT },
  { "EncryptBatch", OPERATION_ENCRYPT },
  { "Decrypt", OPERATION_DECRYPT },
  { "DecryptBatch", OPERATION_DECRYPT },
  { "Rewrap", OPERATION_REWRAP },
  { "RewrapBatch", OPERATION_REWRAP },
  { "GenerateDataKey", OPERATION_GENERATE_DATA_KEY },
  { "GenerateDataKeyWithoutPlaintext", OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT },
  { "RotateKey", OPERATION_ROTATE_KEY },
};

static void
note (Call *call, const char *box, Operation operation)
{
  g_autoptr (GError)
    error = g_error_new_literal (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "the caller may not know of the box");
  AuditRecord *record = trail_record_new (call, operation_to_string (operation), AUDIT_OUTCOME_REFUSED);

  record->box = g_strdup (box);
  audit_record_set_error (record, error);
  if (refusals_admit (call->daemon, record))
    trail_note (call->daemon, record);
  else
    audit_record_free (record);
}

void
unseen_note (Call *call, const char *box)
{
  if (strcmp (call->method->interface, METHODS_BOX) != 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    if (strcmp (attempts[i].method, call->method->name) == 0)
      note (call, box, attempts[i].operation);
}
