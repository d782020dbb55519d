# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads two Lockbox attributes of each row with ActiveRecord: bench-record-read.rb DATABASE. Prints rows a second of
# processor time. What the gem kms_encrypted would add to that is left out; the data key is unwrapped by hand.
require "active_record"
require "base64"
require "json"
require "lockbox"

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ARGV.fetch(0))

class User < ActiveRecord::Base
  if respond_to?(:has_encrypted)
    has_encrypted :city, :phone, key: :kms_key
  else
    encrypts :city, :phone, key: :kms_key
  end

  # "v1:" and base64 of PREFIX:base64:base64 of the context.
  def kms_key
    @kms_key ||= begin
      _, key, context = Base64.decode64(encrypted_kms_key.delete_prefix("v1:")).split(":")
      raise "wrong context" if Base64.decode64(context) != { model_id: id.to_s, model_name: "User" }.to_json
      Base64.decode64(key)
    end
  end
end

rows = 0
started = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
User.find_each do |user|
  raise "row #{user.id}" if user.city.nil? || user.phone.nil?
  rows += 1
  break if rows == 20_000
end
puts (rows / (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - started)).round
