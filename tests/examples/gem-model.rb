# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# A model with has_kms_key and kmsd behind it, where the gem is installed; else says what is missing.

begin
  require "active_record"
  require "sqlite3"
  require "kms_encrypted"
rescue LoadError => e
  puts "SKIP #{e.message}"
  exit
end
require_relative ARGV.fetch(0)

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define { create_table(:users) { |t| t.text :encrypted_kms_key } }

class User < ActiveRecord::Base
  has_kms_key key_id: "kmsd/users", client: Kmsd::GemClient.new(Kmsd::Box.new(ARGV.fetch(2), where: ARGV.fetch(1)))
end

user = User.new
key = user.kms_key
user.save!
puts user.encrypted_kms_key, user.id, key.unpack1("H*"), User.find(user.id).kms_key.unpack1("H*")
User.create!(encrypted_kms_key: user.encrypted_kms_key)
begin
  User.last.kms_key
  puts "decrypted"
rescue KmsEncrypted::DecryptionError
  puts "refused"
end
