# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# Stands in for the gem kms_encrypted: calls its AWS client's client as that does, and writes "vN:" and base64 around it.
# A line of JSON with operation, version, text, context comes in for each call.

require "json"
require_relative ARGV.fetch(0)

module KmsEncrypted
  class DecryptionError < StandardError; end
end

# The class of the SDK is looked up only when there is an error, as in the gem.
def decrypt(client, options)
  client.decrypt(options).plaintext
rescue ::Aws::KMS::Errors::InvalidCiphertextException
  raise KmsEncrypted::DecryptionError, "Decryption failed"
end

box = Kmsd::Box.new(ARGV.fetch(2), where: ARGV.fetch(1))
$stdout.sync = true
$stdin.each_line do |line|
  call = JSON.parse(line)
  client = Kmsd::GemClient.new(box, version: call["version"])
  options = call["context"] ? { encryption_context: call["context"].transform_keys(&:to_sym) } : {}
  answer =
    if call["operation"] == "encrypt"
      bytes = client.encrypt({ key_id: "kmsd/users", plaintext: [call["text"]].pack("H*"), **options }).ciphertext_blob
      "v#{call["version"]}:#{[bytes].pack("m0")}"
    else
      decrypt(client, { ciphertext_blob: call["text"].sub(/\Av\d+:/, "").unpack1("m"), **options }).unpack1("H*")
    end
  puts JSON.generate("answer" => answer)
rescue KmsEncrypted::DecryptionError, Kmsd::Error => e
  puts JSON.generate("error" => e.is_a?(Kmsd::Error) ? e.name : e.class.name)
end
