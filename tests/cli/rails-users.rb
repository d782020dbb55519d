# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The users of rails-app.sqlite3 as ActiveRecord, Lockbox and attr_encrypted see them: rails-users.rb DATABASE prints what is in
# the rows; with an id and values as JSON on stdin, it sets these, saves the row and prints its id. The gem kms_encrypted is not
# in Debian: what it does with its test key is done by hand.
require "stringio"
require "active_record"
require "base64"
require "json"
require "lockbox"
require "attr_encrypted"

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ARGV.fetch(0))

# Row keys of the gem's test provider, each under its context.
module KmsKeys
  PREFIX = Base64.decode64("insecure+data+A")

  def kms_key_named(column, context)
    @kms_keys ||= {}
    @kms_keys[column] ||= self[column] ? unwrap(self[column], context) : Random.bytes(32)
  end

  def unwrap(wrapped, context)
    _, key, json = Base64.decode64(wrapped.sub(/\Av\d+:/, "")).split(":")
    raise "#{id}: another context" if Base64.decode64(json) != context.sort_by(&:first).to_h.transform_values(&:to_s).to_json

    Base64.decode64(key)
  end
end

class User < ActiveRecord::Base
  include KmsKeys
  default_context = ->(user) { { "model_id" => user.id, "model_name" => user.class.name } }
  define_method(:kms_key) { kms_key_named(:encrypted_kms_key, default_context.call(self)) }

  attr_encrypted :email, key: :kms_key
  attr_encrypted :ssn, key: :kms_key, mode: :per_attribute_iv_and_salt
  encrypts :city, key: :kms_key
  encrypts :date_of_birth, key: :kms_key, type: :date
  encrypts :score, key: :kms_key, type: :integer
  encrypts :active, key: :kms_key, type: :boolean
  encrypts :seen_at, key: :kms_key, type: :datetime
  encrypts :note, key: :kms_key, padding: true
  encrypts :ratio, key: :kms_key, type: :float
  encrypts :settings, key: :kms_key, type: :json
end

class Admin < User
end

NAMES = %w[email ssn city date_of_birth score active seen_at note ratio settings].freeze

def show(user)
  values = NAMES.to_h { |name| [name, user.public_send(name)] }
  values["seen_at"] &&= values["seen_at"].utc.iso8601(9)
  { "id" => user.id, "attributes" => values }
end

if ARGV[1]
  user = User.find(ARGV[1])
  JSON.parse($stdin.read).each { |name, value| user.public_send("#{name}=", value) }
  user.save!
  puts user.id
else
  puts User.order(:id).map { |user| show(user) }.to_json
end
