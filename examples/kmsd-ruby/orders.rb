#!/usr/bin/ruby
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keys of orders, encrypted and decrypted by kmsd: orders.rb system|session|SOCKET BOX.

require "securerandom"
require_relative "kmsd"

ROW, OTHER_ROW = { model_name: "Order", model_id: 42 }, { model_name: "Order", model_id: 43 }
ROWS = 100
ERRORS = "#{Kmsd::NAME}.Error."

# Tells what was done; never a secret.
def say(what, text)
  puts format("%-10s %s", what, text)
end

# One name for wrong context, wrong key and changed bytes. It will not go away by trying again.
def check_refused(box, stored)
  box.decrypt(stored, context: OTHER_ROW)
  abort "orders.rb: the string of one row was decrypted in another"
rescue Kmsd::Error => e
  raise unless e.name == "InvalidCiphertext"

  say("refused", e.name)
end

# Many rows in one call. One of them is spoilt, and fails alone.
def run_batches(box)
  keys = Array.new(ROWS) { SecureRandom.random_bytes(32) }
  contexts = Array.new(ROWS) { |row| { model_name: "Order", model_id: row } }
  stored, = box.encrypt_batch(keys, contexts: contexts)
  stored[17] = stored[18]
  decrypted, results = box.decrypt_batch(stored, contexts: contexts)
  good = ROWS.times.count { |row| !results[row].key?("error") && decrypted[row] == keys[row] }
  say("batch", "#{ROWS} encrypted, #{good} decrypted; row 17: #{results[17]["error"].delete_prefix(ERRORS)}")
end

abort "usage: orders.rb system|session|SOCKET BOX" if ARGV.size != 2
begin
  box = Kmsd::Box.new(ARGV[1], where: ARGV[0])
  key = SecureRandom.random_bytes(32)
  stored = box.encrypt(key, context: ROW)
  say("encrypted", stored)
  say("decrypted", box.decrypt(stored, context: ROW) == key ? "the same key" : "another key")
  check_refused(box, stored)
  run_batches(box)
rescue Kmsd::Error => e
  abort "orders.rb: #{e.name}: #{e.message}"
end
