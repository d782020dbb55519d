-- SPDX-FileCopyrightText: 2026 The libkms authors
-- SPDX-License-Identifier: LGPL-2.1-or-later
CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  encrypted_kms_key TEXT,
  email_ciphertext TEXT,
  born_on_ciphertext TEXT,
  visits_ciphertext TEXT,
  updated_at DATETIME NOT NULL,
  lock_version INTEGER NOT NULL DEFAULT 0
);
