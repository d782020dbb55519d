# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a class encrypts under which of its keys, as Lockbox and attr_encrypted keep it.

# Groups [Attribute …] of a class; what this can't describe, it names in `unseen`, for the key or for all keys.
class KmsAttributeReader
  ALGORITHMS = [nil, "aes-gcm", "xchacha20", "xsalsa20"].freeze
  TYPES = [nil, :string, :binary, :boolean, :date, :datetime, :time, :integer, :float, :decimal, :json, :hash, :array, :inet].freeze
  ENCODINGS = { "m" => nil, "m0" => "m0", true => nil, false => "false", nil => "false" }.freeze

  attr_reader :groups, :unseen

  def initialize(model, keys)
    @model = model
    @keys = keys
    @groups = {}
    @unseen = Hash.new { |hash, key| hash[key] = [] }
    attr_encrypted.each { |name, options| add(name, options) { attr_encrypted_group(name, options) } }
    lockbox.each { |name, options| add(name, options) { lockbox_group(name, options) } }
    files.each { |name, options| add_file(name, options) }
  end

  private

  # Version 4 renamed it, since Rails 7 has a list of that name, which is none of attr_encrypted's.
  def attr_encrypted
    list = %i[attr_encrypted_encrypted_attributes encrypted_attributes].find { |method| @model.respond_to?(method) }
    attributes = list ? @model.public_send(list) : {}
    attributes.is_a?(Hash) ? attributes : {}
  end

  def lockbox
    @model.respond_to?(:lockbox_attributes) ? @model.lockbox_attributes : {}
  end

  def files
    attachments = @model.respond_to?(:lockbox_attachments) ? @model.lockbox_attachments : {}
    uploaders = @model.respond_to?(:uploaders) ? @model.uploaders : {}
    attachments.merge(uploaders.select { |_, uploader| uploader.respond_to?(:lockbox_options) && uploader.lockbox_options }
                               .transform_values(&:lockbox_options))
  end

  # A key that is no name of a method is a key, which is none of ours; what is called may return any.
  def key_of(name, options)
    options = {} unless options.is_a?(Hash)
    key = options[:key]
    @keys.each { |each| @unseen[each] << "the key of \"#{name}\" is computed" } if key.respond_to?(:call)
    Array(options[:previous_versions]).each do |version|
      previous = version.is_a?(Hash) ? version[:key] : nil
      @unseen[previous.to_sym] << "\"#{name}\" has previous versions" if @keys.include?(previous.to_s.to_sym)
    end
    key.to_sym if (key.is_a?(Symbol) || key.is_a?(String)) && @keys.include?(key.to_sym)
  end

  def add(name, options)
    key = key_of(name, options)
    return if key.nil?

    group = yield
    if group
      @groups[name.to_s] = { "Key" => key.to_s }.merge(group.compact)
      @unseen[key] << "\"#{name}\" has previous versions" if options[:previous_versions].to_a.any?
    else
      @unseen[key] << "\"#{name}\" is encrypted in a way that a model can't say"
    end
  end

  def add_file(name, options)
    key = key_of(name, options)
    return if key.nil?

    @groups[name.to_s] = { "Key" => key.to_s, "Format" => "lockbox-file" }
    @unseen[key] << "the file \"#{name}\" would have to be encrypted again"
  end

  def lockbox_group(name, options)
    return nil unless ALGORITHMS.include?(options[:algorithm]&.to_s) && TYPES.include?(options[:type])
    return nil if options[:associated_data] && !options[:associated_data].is_a?(String)

    column = options[:encrypted_attribute].to_s
    { "Format" => options.fetch(:encode, true) ? "lockbox" : "raw",
      "Column" => column == "#{name}_ciphertext" ? nil : column,
      "Type" => options[:type]&.to_s,
      "Padding" => options[:padding] ? options[:padding].to_s : nil,
      "AssociatedData" => options[:associated_data],
      "Algorithm" => options[:algorithm]&.to_s }
  end

  FORMATS = { per_attribute_iv: "attr-encrypted", per_attribute_iv_and_salt: "attr-encrypted-salted",
              single_iv_and_salt: "attr-encrypted-single" }.freeze

  # What is encrypted on some conditions only stands there as it is on others.
  def attr_encrypted_group(name, options)
    format = FORMATS[options[:mode]&.to_sym]
    format += "-cbc" if format == "attr-encrypted-single" && options[:algorithm] == "aes-256-cbc"
    return nil if format.nil? || (options[:algorithm] != "aes-256-gcm" && !format.end_with?("-cbc"))
    return nil if options[:if] != true || options[:unless] != false || options[:encryptor].to_s != "Encryptor"

    encodings = { "Encode" => :encode, "EncodeIv" => :encode_iv, "EncodeSalt" => :encode_salt }
    return nil unless encodings.values.all? { |option| ENCODINGS.key?(options[option]) }

    column = options[:attribute].to_s
    { "Format" => format, "Column" => column == "encrypted_#{name}" ? nil : column }
      .merge(encodings.transform_values { |option| ENCODINGS[options[option]] })
  end
end
