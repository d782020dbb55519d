/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of kmsd's interface that a client needs, as Vala sees them: copy this file. A descriptor (h) is a
 * UnixInputStream, bytes (ay) are uint8[]. */

[CCode (cname = "explicit_bzero", cheader_filename = "string.h")]
extern void explicit_bzero (void* bytes, size_t length);

namespace Kmsd {
    const string NAME = "org.libkms.Kms1";
    const string MANAGER_PATH = "/org/libkms/Kms1/Manager";
    const int MAX_SECRET = 4096; // bytes; larger data is encrypted with a key that is one

    /* Those that a client tells apart; any other one arrives as a DBusError or IOError. */
    [DBus (name = "org.libkms.Kms1.Error")]
    public errordomain Error {
        [DBus (name = "InvalidCiphertext")]
        INVALID_CIPHERTEXT,
        [DBus (name = "NotFound")]
        NOT_FOUND,
        [DBus (name = "NotAuthorized")]
        NOT_AUTHORIZED,
        [DBus (name = "LockedDown")]
        LOCKED_DOWN,
        [DBus (name = "Unavailable")]
        UNAVAILABLE,
        [DBus (name = "Throttled")]
        THROTTLED,
        [DBus (name = "TimedOut")]
        TIMED_OUT
    }

    [DBus (name = "org.libkms.Kms1.Manager")]
    interface Manager : Object {
        public abstract async ObjectPath lookup_box (string name, HashTable<string, Variant> options) throws GLib.Error;
    }

    [DBus (name = "org.libkms.Kms1.Box")]
    interface BoxMethods : Object {
        public abstract async void encrypt (UnixInputStream plaintext, HashTable<string, string> context,
                                            HashTable<string, Variant> options, out uint8[] ciphertext,
                                            out HashTable<string, Variant> info) throws GLib.Error;
        public abstract async void decrypt (uint8[] ciphertext, HashTable<string, string> context,
                                            HashTable<string, Variant> options, out UnixInputStream plaintext,
                                            out HashTable<string, Variant> info) throws GLib.Error;
    }

    /* "system", "session" or the path of a private socket. There a proxy must not take the connection for one to a bus, of
     * which it would want to know who owns the name. */
    async DBusConnection connect_to (string where) throws GLib.Error {
        if (where == "system" || where == "session")
            return yield Bus.get (where == "system" ? BusType.SYSTEM : BusType.SESSION);
        return yield new DBusConnection.for_address ("unix:path=" + DBus.address_escape_value (where),
                                                     DBusConnectionFlags.AUTHENTICATION_CLIENT);
    }

    /* The reading end of a pipe with the secret, written whole and closed before the call: kmsd reads to the end. */
    UnixInputStream put (uint8[] secret) throws GLib.Error {
        int ends[2];
        Unix.open_pipe (ends, Posix.FD_CLOEXEC);
        var reading = new UnixInputStream (ends[0], true);
        var written = Posix.write (ends[1], secret, secret.length);
        Posix.close (ends[1]);
        if (written != secret.length)
            throw new IOError.FAILED ("the pipe does not take the secret");
        return reading;
    }

    /* Wipe what you get when it has served. */
    async uint8[] take (UnixInputStream pipe) throws GLib.Error {
        var place = new uint8[MAX_SECRET];
        size_t length = 0;
        try {
            yield pipe.read_all_async (place, Priority.DEFAULT, null, out length);
            var secret = new uint8[length];
            Memory.copy (secret, place, length);
            return secret;
        } finally {
            wipe (place);
        }
    }

    public void wipe (uint8[] secret) {
        explicit_bzero (secret, secret.length);
    }

    public class Box {
        BoxMethods methods;

        /* Paths are told, never built. */
        public async Box (string where, string name) throws GLib.Error {
            var connection = yield connect_to (where);
            var flags = DBusProxyFlags.DO_NOT_LOAD_PROPERTIES | DBusProxyFlags.DO_NOT_CONNECT_SIGNALS;
            unowned string? owner = connection.unique_name != null ? NAME : null;
            // GDBus knows the names of a domain's errors once it was used.
            new Error.NOT_FOUND ("");
            Manager manager = yield connection.get_proxy (owner, MANAGER_PATH, flags);
            var path = yield manager.lookup_box (name, no_options ());
            methods = yield connection.get_proxy (owner, path, flags);
        }

        static HashTable<string, Variant> no_options () {
            return new HashTable<string, Variant> (str_hash, str_equal);
        }

        public async uint8[] encrypt (uint8[] secret, HashTable<string, string> context) throws GLib.Error {
            uint8[] stored;
            HashTable<string, Variant> info;
            yield methods.encrypt (put (secret), context, no_options (), out stored, out info);
            return stored;
        }

        public async uint8[] decrypt (uint8[] stored, HashTable<string, string> context) throws GLib.Error {
            UnixInputStream pipe;
            HashTable<string, Variant> info;
            yield methods.decrypt (stored, context, no_options (), out pipe, out info);
            return yield take (pipe);
        }
    }
}
