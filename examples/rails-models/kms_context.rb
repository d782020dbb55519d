# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a class binds to its keys: its method is called on two rows that do not exist, and what it returns is looked for in them.

# Reads the context of one key of a class as Context= of a model says it.
class KmsContextReader
  PLAIN = /\A[A-Za-z0-9_]+\z/

  def initialize(model, key_name)
    @model = model
    name = key_name.to_s.delete_prefix("kms_key")
    @method = :"kms_encryption_context#{name}"
  end

  # Context= for a version, or nil where the method does something that this can't see.
  def read(version)
    rows = [sample(1), sample(2)]
    contexts = rows.map { |row| call(row, version) }
    return nil unless contexts.all?(Hash) && contexts[0].keys == contexts[1].keys

    @is_mixed = contexts[0].keys.any?(String)
    parts = contexts[0].keys.map { |name| part(name, rows, contexts.map { |context| context[name] }) }
    parts.include?(nil) ? nil : parts.join(";")
  rescue StandardError
    nil
  end

  private

  # A row in which every column has a value that no other has.
  def sample(seed)
    row = @model.new
    @model.columns.each_with_index do |column, place|
      number = seed * 7_000_000 + place * 101
      row[column.name] = column.type == :integer ? number : "column #{number}" if %i[integer string text].include?(column.type)
    end
    row[@model.inheritance_column] = nil if @model.columns_hash.key?(@model.inheritance_column)
    row
  end

  def call(row, version)
    method = row.method(@method)
    method.arity.zero? ? method.call : method.call(version: version)
  end

  def part(name, rows, values)
    source = default(name, rows, values) || column(rows, values) || constant(values)
    return nil if source.nil?
    return marked(name) if source == :default

    "#{marked(name)}=#{source}"
  end

  def default(name, rows, values)
    case name.to_s
    when "model_name" then :default if values == rows.map { |row| row.model_name.to_s } && name.is_a?(Symbol)
    when "model_id" then :default if values.map(&:to_s) == rows.map { |row| row[@model.primary_key].to_s } && name.is_a?(Symbol)
    end
  end

  def column(rows, values)
    found = @model.columns.find do |column|
      texts = rows.map { |row| row[column.name] }
      texts.none?(&:nil?) && texts.map(&:to_s) == values.map(&:to_s)
    end
    "@#{found.name}" if found
  end

  def constant(values)
    return nil unless values[0] == values[1]

    case values[0]
    when Integer then "##{values[0]}"
    when String then values[0] unless values[0].match?(/\A[@#]|[;\n\0]|\A\s|\s\z/)
    end
  end

  # Symbols are what most write; where there are strings, too, the two are told apart (kms-model(5)).
  def marked(name)
    return "\"#{name}\"" if name.is_a?(String)

    name.to_s.match?(PLAIN) && !@is_mixed ? name.to_s : ":#{name}"
  end
end
