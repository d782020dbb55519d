/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* fixtures/gem-vectors.json, which kms_encrypted 1.8.1 made: each vector of a group is a case of its own. */
#pragma once

#include <libkms/kms.h>

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef void (*VectorsTest) (JsonObject *vector);

/* The whole file, which lives as long as the test does. */
JsonObject *vectors_load (void);

/* Adds PATH/00, PATH/01, …; the test stops if there are not as many vectors in the group as there should be. */
void vectors_add (const char *path, const char *group, guint expected, VectorsTest test);

/* The context that the "pairs" of a vector describe. */
KmsContext *vectors_build_context (JsonObject *vector);

/* Bytes as Ruby's encode64 writes them, by means that are not ours. */
char *vectors_encode_lines (gconstpointer data, gsize length);

G_END_DECLS
