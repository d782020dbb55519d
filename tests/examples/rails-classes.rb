# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The classes behind rails-app.sqlite3, and others that are harder to describe, with the real ActiveRecord, Lockbox and
# attr_encrypted. The gem kms_encrypted may be missing: a double then has what it lets others see of a class's keys.
#   ruby rails-classes.rb kms_models.rb DIRECTORY

begin
  require "active_record"
  require "sqlite3"
  require "lockbox"
  require "attr_encrypted"
rescue LoadError => e
  puts "SKIP #{e.message}"
  exit
end

# As has_kms_key of kms_encrypted 1.8: a class knows its keys and those above it, and has a context unless it defines one.
module KmsKeysDouble
  def has_kms_key(name: nil, key_id: nil, eager_encrypt: false, version: 1, previous_versions: nil, upgrade_context: false)
    @kms_keys ||= {}
    suffix = name ? "_#{name}" : ""
    @kms_keys[:"kms_key#{suffix}"] = { key_id: key_id, name: name, version: version, previous_versions: previous_versions,
                                       upgrade_context: upgrade_context, eager_encrypt: eager_encrypt }
    context = :"kms_encryption_context#{suffix}"
    define_method(context) { { model_name: model_name.to_s, model_id: id } } unless method_defined?(context)
    define_method(:"kms_key#{suffix}") { "k" * 32 }
  end

  def kms_keys
    (superclass.respond_to?(:kms_keys) ? superclass.kms_keys : {}).merge(@kms_keys || {})
  end
end

begin
  require "kms_encrypted"
rescue LoadError
  ActiveRecord::Base.extend(KmsKeysDouble)
end

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:users) do |t|
    t.string :name
    t.string :type
    t.text :encrypted_email, :encrypted_email_iv, :encrypted_ssn, :encrypted_ssn_iv, :encrypted_ssn_salt
    %w[date_of_birth city phone street score active seen_at note balance ratio address settings].each { |name| t.text "#{name}_ciphertext" }
    t.text :encrypted_kms_key, :encrypted_kms_key_phone, :encrypted_kms_key_street
    t.timestamps
  end
  create_table(:tenants) { |t| t.text :encrypted_kms_key, :iban_ciphertext }
  create_table(:line_items, primary_key: :number) do |t|
    t.integer :tenant_id, :lock_version
    t.text :encrypted_kms_key, :encrypted_kms_key_more, :encrypted_kms_key_odd, :gift_data, :secret_crypt, :secret_crypt_iv, :mine_ciphertext
  end
end

KEY_ID = "insecure-test-key".freeze

class User < ActiveRecord::Base
  has_kms_key key_id: KEY_ID
  has_kms_key name: :phone, key_id: KEY_ID, eager_encrypt: :try
  has_kms_key name: :street, key_id: KEY_ID, version: 2, previous_versions: { 1 => { key_id: KEY_ID } }

  attr_encrypted :email, key: :kms_key
  attr_encrypted :ssn, key: :kms_key, mode: :per_attribute_iv_and_salt
  lockbox_encrypts :date_of_birth, type: :date, key: :kms_key
  lockbox_encrypts :city, key: :kms_key
  lockbox_encrypts :score, type: :integer, key: :kms_key
  lockbox_encrypts :active, type: :boolean, key: :kms_key
  lockbox_encrypts :seen_at, type: :datetime, key: :kms_key
  lockbox_encrypts :note, padding: true, key: :kms_key
  lockbox_encrypts :ratio, type: :float, key: :kms_key
  lockbox_encrypts :settings, type: :json, key: :kms_key
  lockbox_encrypts :phone, key: :kms_key_phone, associated_data: "phone"
  lockbox_encrypts :street, key: :kms_key_street
  # What came with a later Lockbox than Debian's.
  @lockbox_attributes[:balance] = { key: :kms_key, attribute: "balance", encrypted_attribute: "balance_ciphertext", type: :decimal, encode: true }

  def kms_encryption_context_street(version:)
    version == 1 ? { version: 1, "Name" => name } : { version: 2, model_id: id }
  end
end

class Admin < User
end

# A key above, and one of its own.
class Boss < User
  has_kms_key name: :boss, key_id: KEY_ID, upgrade_context: true
  lockbox_encrypts :office, key: :kms_key_boss
  lockbox_encrypts :car, key: :kms_key_phone
end

module Shop
  class LineItem < ActiveRecord::Base
    self.table_name = "line_items"
    has_kms_key key_id: "vault/items"
    has_kms_key name: :more, key_id: KEY_ID
    has_kms_key name: :odd, key_id: KEY_ID, eager_encrypt: true

    lockbox_encrypts :gift, key: :kms_key, encrypted_attribute: :gift_data, encode: false, algorithm: "xchacha20", padding: 8
    attr_encrypted :secret, key: :kms_key, attribute: "secret_crypt", encode: "m0", if: :needed?
    lockbox_encrypts :mine, key: "0" * 64
    def self.lockbox_attachments
      { licence: { key: :kms_key_more } }
    end

    def self.blind_indexes
      { secret: { bidx_attribute: "secret_bidx" } }
    end

    def kms_encryption_context
      { tenant: tenant_id.to_s, :"app.name" => "shop" }
    end

    def kms_encryption_context_odd
      { time: Time.now.to_f.to_s }
    end
  end
end

class Tenant < ActiveRecord::Base
  has_kms_key key_id: KEY_ID
  lockbox_encrypts :iban, key: -> { "0" * 64 }
end

require File.expand_path(ARGV.fetch(0))
puts kms_write_models([User, Admin, Boss, Shop::LineItem, Tenant], ARGV.fetch(1))
