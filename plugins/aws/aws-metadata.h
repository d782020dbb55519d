/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the services beside a machine: the metadata service of an instance, the agent of a container. No proxy, no
 * redirects, and nothing of what is set for KMS. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct
{
  const char *method;
  const char *url;
  const char *header; /* nullable, with its value */
  const char *header_value;
  gint64 timeout; /* milliseconds */
  gint64 attempts;
  gint64 pause; /* milliseconds between them */
  /* What came; 0 and an error where nothing did. */
  guint status;
  KmsSecret *body;
} AwsMetadataRequest;

/* Whether there was an answer, whatever its status. */
gboolean aws_metadata_ask (AwsMetadataRequest *self, GCancellable *cancellable, GError **error);
void aws_metadata_clear (AwsMetadataRequest *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AwsMetadataRequest, aws_metadata_clear)

G_END_DECLS
