# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# Writes a .model of libkms for every class of a Rails application that has has_kms_key:
#   bin/rails runner kms_models.rb DIRECTORY

require "fileutils"
require_relative "kms_attributes"
require_relative "kms_context"

# The text of one class's file.
class KmsModelFile
  UNKNOWN = "?" # no file with that is accepted, so that nobody overlooks it

  attr_reader :notes

  def initialize(model)
    @model = model
    @parent = inherited_from
    @notes = []
    @keys = model.kms_keys
    @attributes = KmsAttributeReader.new(model, @keys.keys.map(&:to_sym))
  end

  # "Shop::LineItem" → "shop-line-item"
  def self.stem(model)
    model.name.gsub("::", "-").gsub(/([a-z\d])([A-Z])/, '\1-\2').downcase.gsub(/[^a-z0-9-]/, "-")
  end

  def stem
    self.class.stem(@model)
  end

  # A class of a table with several needs a file only where it has more than the one above it.
  def needed?
    @parent.nil? || added_keys.any? || added_attributes.any?
  end

  def text
    lines = ["# What #{@model.name} encrypts, as its class says. A database is named with Database= or --db."]
    lines += group("Model", @parent ? { "Name" => @model.name, "Extends" => self.class.stem(@parent) } : table)
    added_keys.each { |name, options| lines += key(name.to_sym, options) }
    added_attributes.each { |name, values| lines += group("Attribute #{name}", values) }
    lines += blind_indexes + unused_columns
    "#{lines.join("\n")}\n"
  end

  private

  def inherited_from
    parent = @model.superclass
    parent unless parent == ActiveRecord::Base || parent.abstract_class? || parent.kms_keys.empty?
  end

  # Rows of a class below this one stand in the same table, and may have more under the same key.
  def more_below(key)
    @model.descendants.flat_map do |below|
      more = KmsAttributeReader.new(below, @keys.keys.map(&:to_sym)).groups.reject { |name, _| @attributes.groups.key?(name) }
      more.select { |_, values| values["Key"] == key.to_s }.keys.map { |name| "#{below.name} has \"#{name}\" under it as well" }
    end
  end

  def added_keys
    @parent ? @keys.reject { |name, _| @parent.kms_keys.key?(name) } : @keys
  end

  def added_attributes
    return @attributes.groups unless @parent

    inherited = KmsAttributeReader.new(@parent, @parent.kms_keys.keys.map(&:to_sym)).groups
    @attributes.groups.reject { |name, values| inherited[name] == values }
  end

  def group(name, values)
    ["", "[#{name}]"] + values.compact.map { |key, value| "#{key}=#{value}" }
  end

  def table
    columns = @model.columns_hash
    created, updated = %w[created updated].map { |what| %W[#{what}_at #{what}_on].find { |column| columns.key?(column) } }
    { "Name" => @model.name, "Table" => @model.table_name,
      "Id" => @model.primary_key == "id" ? nil : @model.primary_key,
      "TypeColumn" => columns.key?(@model.inheritance_column) ? @model.inheritance_column : nil,
      "CreatedAt" => created,
      "UpdatedAt" => updated,
      "LockVersion" => columns.key?(@model.locking_column) ? @model.locking_column : nil }
  end

  def key(name, options)
    reader = KmsContextReader.new(@model, name)
    versions = options[:previous_versions] || {}
    current = options[:version] || 1
    context = context(reader, name, current)
    lines = unseen(name)
    lines += group("Key #{name}", "KeyId" => key_id(options[:key_id], name), "Version" => current == 1 ? nil : current,
                                  "Context" => context == "model_name;model_id" ? nil : context,
                                  "Eager" => eager(options[:eager_encrypt]),
                                  "UpgradeContext" => options[:upgrade_context] ? "true" : nil,
                                  "Complete" => lines.empty? ? "true" : nil)
    versions.each do |version, previous|
      old = context(reader, name, version)
      lines += group("Key #{name}/#{version}", "KeyId" => key_id(previous[:key_id], name), "Context" => old == context ? nil : old)
    end
    lines
  end

  def key_id(value, name)
    return value if value.is_a?(String) && !value.empty?

    @notes << "the key id of #{@model.name}.#{name} is computed; write it into the file"
    UNKNOWN
  end

  def context(reader, name, version)
    reader.read(version) || begin
      @notes << "the context of #{@model.name}.#{name}, version #{version}, is computed; write Context= into the file (kms-model(5))"
      UNKNOWN
    end
  end

  def eager(value)
    { true => "true", :try => "try", :fetch_id => "fetch-id" }[value]
  end

  def unseen(name)
    reasons = (@attributes.unseen.fetch(name, []) + more_below(name)).uniq
    @notes.concat(reasons.map { |reason| "#{@model.name}.#{name} is not Complete=true: #{reason}" })
    reasons.empty? ? [] : [""] + reasons.map { |reason| "# Not Complete=true: #{reason}." }
  end

  def blind_indexes
    return [] unless @model.respond_to?(:blind_indexes)

    @model.blind_indexes.map do |name, options|
      "\n# A blind index, whose key is another: column #{options[:bidx_attribute]} (#{name})."
    end
  end

  def unused_columns
    return [] if @parent

    known = @attributes.groups.flat_map { |name, values| [values["Column"], "#{name}_ciphertext", "encrypted_#{name}"] }
    known += @keys.keys.map { |name| "encrypted_#{name}" }
    columns = @model.columns_hash.keys.select { |name| name.match?(/_ciphertext\z|\Aencrypted_/) }
    columns.reject! { |name| known.include?(name.sub(/_(iv|salt)\z/, "")) || known.include?(name) }
    columns.map { |name| "\n# Under none of these keys: the column #{name}." }
  end
end

# Writes the files of all classes; returns what people have to look at.
def kms_write_models(classes, directory)
  FileUtils.mkdir_p(directory)
  files = classes.map { |model| KmsModelFile.new(model) }.select(&:needed?)
  files.each { |file| File.write(File.join(directory, "#{file.stem}.model"), file.text) }
  files.flat_map(&:notes)
end

if defined?(Rails) && Rails.respond_to?(:application) && Rails.application
  Rails.application.eager_load!
  classes = ActiveRecord::Base.descendants.select { |model| model.respond_to?(:kms_keys) && model.kms_keys.any? && !model.abstract_class? }
  notes = kms_write_models(classes.sort_by(&:name), ARGV.fetch(0))
  notes.each { |note| warn "kms_models: #{note}" }
  exit(notes.empty? ? 0 : 1)
end
