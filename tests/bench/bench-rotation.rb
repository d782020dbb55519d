# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# New data keys for rows with two encrypted attributes, as the gem kms_encrypted's rotate_kms_key! makes them: decrypts both
# with the old key, assigns them, and saves the row with validations and callbacks: bench-rotation.rb DATABASE. Prints rows a
# second of wall time. What the gem itself adds, and a KMS, is left out; the data key is wrapped and unwrapped by hand.
require "active_record"
require "base64"
require "json"
require "lockbox"
require "securerandom"

ROWS = 5_000

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ARGV.fetch(0))

class User < ActiveRecord::Base
  if respond_to?(:has_encrypted)
    has_encrypted :city, key: :kms_key
  else
    encrypts :city, key: :kms_key
  end

  # "v1:" and base64 of PREFIX:base64:base64 of the context.
  def parts
    Base64.decode64(encrypted_kms_key.delete_prefix("v1:")).split(":")
  end

  def kms_key
    @kms_key ||= Base64.decode64(parts[1])
  end

  # Lockbox of Debian 12 has no associated data for attributes, but for boxes.
  def phone
    Lockbox.new(key: kms_key).decrypt(Base64.decode64(phone_ciphertext), associated_data: "phone")
  end

  def phone=(text)
    self.phone_ciphertext = Base64.strict_encode64(Lockbox.new(key: kms_key).encrypt(text, associated_data: "phone"))
  end

  def rotate_kms_key!
    prefix, _, context = parts
    values = { city: city, phone: phone }
    @kms_key = SecureRandom.random_bytes(32)
    wrapped = [prefix, Base64.strict_encode64(@kms_key), context].join(":")
    self.encrypted_kms_key = "v1:#{Base64.strict_encode64(wrapped)}"
    values.each { |name, value| public_send("#{name}=", value) }
    save!
  end
end

rows = 0
started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
User.where("id <= ?", ROWS).find_each do |user|
  user.rotate_kms_key!
  rows += 1
end
puts (rows / (Process.clock_gettime(Process::CLOCK_MONOTONIC) - started)).round
