# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client of kmsd in plain Ruby: copy this file. It speaks as much D-Bus as that takes, because the gem ruby-dbus passes no
# descriptors, and secrets travel in pipes.

require "socket"

module Kmsd
  NAME = "org.libkms.Kms1"
  MANAGER = "/org/libkms/Kms1/Manager"

  # What kmsd refused, and why. Programs decide by the name, people read the text.
  class Error < StandardError
    attr_reader :name

    def initialize(name, text)
      @name = name.delete_prefix("#{NAME}.Error.")
      super(text)
    end
  end

  # A box of kmsd. +where+ is "system", "session" or the path of a private socket. For threads, and after a fork.
  class Box
    MAX_SECRET = 4096 # bytes; larger data is encrypted with a key that is one
    MAX_PIPE = 65_536 # bytes that a pipe of Linux holds

    def initialize(name, where: "system")
      @name, @where = name, where
      @lock = Mutex.new
    end

    # The string to store. +context+ is a Hash, or nil for none at all.
    def encrypt(plaintext, context: nil, **options)
      raise ArgumentError, "a secret has #{MAX_SECRET} bytes at most" if plaintext.bytesize > MAX_SECRET

      pairs, how = arguments(context, options)
      call("Encrypt", "ha{ss}a{sv}") { [pipe(plaintext), pairs, how] }.first.pack("C*")
    end

    # The secret, as a binary String.
    def decrypt(ciphertext, context: nil, **options)
      pairs, how = arguments(context, options)
      take(call("Decrypt", "aya{ss}a{sv}") { [ciphertext.bytes, pairs, how] }.first)
    end

    # Many at once: [strings to store, results]; results[i]["error"] says why one failed.
    def encrypt_batch(plaintexts, contexts: [])
      framed = plaintexts.map { |one| [one.bytesize].pack("N") + one.b }.join
      raise ArgumentError, "too much for one pipe; send fewer at a time" if framed.bytesize > MAX_PIPE

      stored, results = call("EncryptBatch", "haa{ss}a{sv}") { [pipe(framed), pairs_of(contexts), {}] }
      [stored.map { |one| one.pack("C*") }, results]
    end

    # [secrets, results]
    def decrypt_batch(stored, contexts: [])
      io, results = call("DecryptBatch", "aayaa{ss}a{sv}") { [stored.map(&:bytes), pairs_of(contexts), {}] }
      framed = take(io)
      secrets = results.map { framed.slice!(0, framed.slice!(0, 4).unpack1("N")) }
      [secrets, results]
    end

    private

    # The daemon may have been restarted: then the same again, once, with a pipe of its own.
    def call(method, signature, &arguments)
      @lock.synchronize do
        attempts = 0
        begin
          connect
          @connection.call(@path, "#{NAME}.Box", method, signature, arguments.call)
        rescue EOFError, Errno::EPIPE, Errno::ECONNRESET
          @connection = nil
          (attempts += 1) < 2 ? retry : raise
        rescue Timeout
          @connection = nil # its answer would come before the next one
          raise
        end
      end
    end

    # A connection belongs to the process that made it. Paths are told, never built.
    def connect
      return if @connection && @pid == Process.pid

      @connection, @pid = Connection.new(@where), Process.pid
      @path, = @connection.call(MANAGER, "#{NAME}.Manager", "LookupBox", "sa{sv}", [@name, {}])
    end

    def arguments(context, options)
      how = options.to_h { |name, value| [name.to_s, [value.is_a?(Integer) ? "u" : "b", value]] }
      how["context-form"] = ["s", "none"] if context.nil?
      [pairs(context || {}), how]
    end

    def pairs_of(contexts)
      contexts.map { |one| pairs(one) }
    end

    # What the gem takes, too: symbols and strings as names, strings and integers as values.
    def pairs(context)
      context.to_h do |name, value|
        raise ArgumentError, "Context keys must be a string or symbol" unless name.is_a?(String) || name.is_a?(Symbol)
        raise ArgumentError, "Context values must be a string or integer" unless value.is_a?(String) || value.is_a?(Integer)

        [name.to_s, value.to_s]
      end
    end

    # Written whole and closed before the call: kmsd reads to the end. Not IO#write, which may keep a copy in its buffer.
    def pipe(secret)
      reading, writing = IO.pipe
      writing.syswrite(secret) unless secret.empty?
      reading
    ensure
      writing&.close
    end

    def take(io)
      io.binmode.read
    ensure
      io.close
    end
  end

  # What the gem kms_encrypted takes as +client:+ of a key id of AWS (and every id that begins neither with "projects/" nor
  # with "vault/" is one): it calls encrypt and decrypt as Aws::KMS::Client has them. The gem writes "v1:" and base64
  # itself, so kmsd is asked for the bare bytes.
  class GemClient
    Encrypted = Struct.new(:ciphertext_blob)
    Decrypted = Struct.new(:plaintext)

    # The gem looks for this error, and the SDK that has it need not be there any more.
    def self.define_error
      require "aws-sdk-kms"
    rescue LoadError
      errors = %w[Aws KMS Errors].reduce(Object) do |outer, name|
        outer.const_defined?(name, false) ? outer.const_get(name) : outer.const_set(name, Module.new)
      end
      errors.const_set(:InvalidCiphertextException, Class.new(StandardError) do
        def initialize(_context, message)
          super(message)
        end
      end)
    end

    # +version+ is that of the box, and of has_kms_key.
    def initialize(box, version: 1)
      @box, @version = box, version
      self.class.define_error unless defined?(::Aws::KMS::Errors)
    end

    def encrypt(options)
      context = options[:encryption_context]
      Encrypted.new(@box.encrypt(options.fetch(:plaintext), context: context, bare: true, version: @version))
    end

    def decrypt(options)
      context = options[:encryption_context]
      Decrypted.new(@box.decrypt(options.fetch(:ciphertext_blob), context: context, bare: true, version: @version))
    rescue Error => e
      raise unless e.name == "InvalidCiphertext"

      # Becomes KmsEncrypted::DecryptionError.
      raise ::Aws::KMS::Errors::InvalidCiphertextException.new(nil, e.message)
    end
  end

  # kmsd did not answer in time.
  class Timeout < StandardError; end

  # A connection to a bus or to a private socket: authentication, one call at a time, descriptors.
  class Connection
    TIMEOUT = 30 # seconds; longer than kmsd gives a service
    METHOD_CALL, METHOD_RETURN, ERROR = 1, 2, 3
    PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE, N_DESCRIPTORS = 1, 2, 3, 4, 5, 6, 8, 9

    def initialize(where)
      @socket = UNIXSocket.new(Connection.path_of(where))
      @received, @descriptors, @serial = String.new(encoding: "BINARY"), [], 0
      authenticate
      # Private sockets answer, too.
      call("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", [], to: "org.freedesktop.DBus")
    end

    def self.path_of(where)
      return where if where.start_with?("/")

      address = ENV.fetch("DBUS_#{where.upcase}_BUS_ADDRESS") do
        where == "system" ? "unix:path=/run/dbus/system_bus_socket" : "unix:path=#{ENV.fetch("XDG_RUNTIME_DIR")}/bus"
      end
      path = address[/\Aunix:(?:[^;]*,)?path=([^,;]+)/, 1] or raise ArgumentError, "#{address} names no path"
      path.gsub(/%(\h\h)/) { $1.hex.chr }
    end

    # The values of the reply; a descriptor (h) is an IO, here and there. Closes those that are sent.
    def call(path, interface, member, signature, arguments, to: NAME)
      descriptors = arguments.grep(IO)
      message = message_of({ PATH => ["o", path], INTERFACE => ["s", interface], MEMBER => ["s", member],
                             DESTINATION => ["s", to] }, signature, arguments, descriptors.size)
      send_all(message, descriptors)
      wait_for_reply
    ensure
      descriptors&.each(&:close)
    end

    private

    def authenticate
      @socket.write("\0AUTH EXTERNAL #{Process.euid.to_s.unpack1("H*")}\r\n")
      expect("OK ")
      @socket.write("NEGOTIATE_UNIX_FD\r\n")
      expect("AGREE_UNIX_FD")
      @socket.write("BEGIN\r\n")
    end

    def expect(word)
      line = @socket.gets("\r\n") or raise EOFError
      raise IOError, "authentication failed" unless line.start_with?(word)
    end

    def message_of(fields, signature, arguments, n_descriptors)
      fields[SIGNATURE] = ["g", signature] unless signature.empty?
      fields[N_DESCRIPTORS] = ["u", n_descriptors] if n_descriptors > 0
      body = Writer.new
      Types.split(signature).zip(arguments) { |type, value| body.put(type, value) }
      header = Writer.new
      header.put("y", "l".ord) # little endian
      [METHOD_CALL, 0, 1].each { |byte| header.put("y", byte) } # no flags, protocol 1
      header.put("u", body.bytes.bytesize)
      header.put("u", @serial += 1)
      header.put("a(yv)", fields.to_a)
      header.align(8)
      header.bytes << body.bytes
    end

    # The descriptors go with the first byte.
    def send_all(bytes, descriptors)
      rights = descriptors.empty? ? [] : [Socket::AncillaryData.unix_rights(*descriptors)]
      sent = @socket.sendmsg(bytes, Socket::MSG_NOSIGNAL, nil, *rights)
      sent += @socket.send(bytes.byteslice(sent..), Socket::MSG_NOSIGNAL) while sent < bytes.bytesize
    end

    # Signals and the like are passed over.
    def wait_for_reply
      deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + TIMEOUT
      loop do
        type, fields, values = read_message(deadline)
        next unless fields[REPLY_SERIAL] == @serial
        return values if type == METHOD_RETURN

        raise Error.new(fields[ERROR_NAME], values.first.to_s)
      end
    end

    def read_message(deadline)
      start = Reader.new(receive(16, deadline))
      raise IOError, "the answer is big endian" unless start.get("y") == "l".ord

      type, = start.get("y"), start.get("y"), start.get("y")
      body_length, _serial, fields_length = start.get("u"), start.get("u"), start.get("u")
      padded = (16 + fields_length + 7) / 8 * 8
      message = receive(padded + body_length, deadline)
      @received.slice!(0, message.bytesize)
      fields = Reader.new(message, 12).get("a(yv)").to_h
      body = Reader.new(message, padded, @descriptors.shift(fields.fetch(N_DESCRIPTORS, 0)))
      [type, fields, Types.split(fields.fetch(SIGNATURE, "")).map { |one| body.get(one) }]
    end

    # The first bytes of what has come, when there are so many.
    def receive(length, deadline)
      while @received.bytesize < length
        left = deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)
        raise Timeout, "kmsd does not answer" unless left > 0 && @socket.wait_readable(left)

        data, _, _, *ancillary = @socket.recvmsg(65_536, 0, 4096, scm_rights: true)
        raise EOFError, "kmsd or the bus closed the connection" if data.nil? || data.empty?

        @received << data
        ancillary.each { |one| @descriptors.concat(one.unix_rights) if one.cmsg_is?(:SOCKET, :RIGHTS) }
      end
      @received.byteslice(0, length)
    end
  end

  # Signatures, as far as the interface needs them.
  module Types
    ALIGNMENT = Hash.new(4).merge("y" => 1, "g" => 1, "v" => 1, "(" => 8, "{" => 8, "t" => 8).freeze

    # "a{ss}u" is ["a{ss}", "u"].
    def self.split(signature)
      signature.scan(/a*(?:\((?:[^()]|\(.*?\))*\)|\{(?:[^{}]|\{.*?\})*\}|[a-z])/)
    end
  end

  # Values to bytes.
  class Writer
    attr_reader :bytes

    def initialize
      @bytes, @n_descriptors = String.new(encoding: "BINARY"), 0
    end

    def align(size)
      @bytes << "\0" * (-@bytes.bytesize % size)
    end

    def put(type, value)
      align(Types::ALIGNMENT[type[0]])
      case type[0]
      when "y" then @bytes << [value].pack("C")
      when "u" then @bytes << [value].pack("L<")
      when "b" then @bytes << [value ? 1 : 0].pack("L<")
      when "h" then put("u", (@n_descriptors += 1) - 1)
      when "s", "o" then put("u", value.bytesize) << value.b << "\0"
      when "g" then @bytes << [value.bytesize].pack("C") << value << "\0"
      when "v" then put("g", value[0]) && put(*value)
      when "(", "{" then Types.split(type[1..-2]).zip(value) { |one, member| put(one, member) }
      when "a" then put_array(type[1..], value)
      end
      @bytes
    end

    private

    # The length does not count what stands between it and the first element.
    def put_array(type, values)
      at = put("u", 0).bytesize
      align(Types::ALIGNMENT[type[0]])
      start = @bytes.bytesize
      values.each { |value| put(type, value) }
      @bytes[at - 4, 4] = [@bytes.bytesize - start].pack("L<")
    end
  end

  # Bytes to values.
  class Reader
    def initialize(bytes, at = 0, descriptors = [])
      @bytes, @at, @descriptors = bytes, at, descriptors
    end

    def get(type)
      align(Types::ALIGNMENT[type[0]])
      case type[0]
      when "y" then take(1).unpack1("C")
      when "u" then take(4).unpack1("L<")
      when "t" then take(8).unpack1("Q<")
      when "b" then get("u") == 1
      when "h" then @descriptors.fetch(get("u"))
      when "s", "o" then text(get("u"))
      when "g" then text(get("y"))
      when "v" then get(get("g"))
      when "(", "{" then Types.split(type[1..-2]).map { |one| get(one) }
      when "a" then get_array(type[1..])
      else raise IOError, "the type #{type} was not expected"
      end
    end

    private

    def get_array(type)
      length = get("u")
      align(Types::ALIGNMENT[type[0]])
      stop, values = @at + length, []
      values << get(type) while @at < stop
      type.start_with?("{") ? values.to_h : values
    end

    def align(size)
      take(-@at % size)
    end

    def text(length)
      take(length + 1).chop.force_encoding("UTF-8")
    end

    def take(length)
      raise IOError, "the message is cut" if @at + length > @bytes.bytesize

      @at += length
      @bytes.byteslice(@at - length, length)
    end
  end
end
