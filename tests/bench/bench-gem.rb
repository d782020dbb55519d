# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Ruby gem's own figures for what bench-box does, where the gem is installed.
begin
  require "active_support"
  require "active_support/core_ext/object/json"
  require "kms_encrypted"
rescue LoadError
  puts "the gem kms_encrypted is not installed here: no figures of it"
  exit
end

box = KmsEncrypted::Box.new(key_id: "insecure-test-key", version: 1, previous_versions: nil)
key = Random.bytes(32)
stored = box.encrypt(key, context: { model_name: "User", model_id: 123 })

def rate(name, turns)
  best = 10.times.map do
    start = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    turns.times { yield }
    (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - start) / turns
  end.min
  puts format("gem: %-21s %8.1f ns %10.0f /s", name, best * 1e9, 1 / best)
end

rate("encrypt", 2000) { box.encrypt(key, context: { model_name: "User", model_id: 123 }) }
rate("decrypt", 2000) { box.decrypt(stored, context: { model_name: "User", model_id: 123 }) }
