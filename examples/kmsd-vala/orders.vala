/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key of an order, encrypted and decrypted by kmsd, without ever blocking: orders system|session|SOCKET BOX. */

[CCode (cname = "getentropy", cheader_filename = "unistd.h")]
extern int getentropy ([CCode (array_length_type = "size_t")] uint8[] bytes);

/* Tells what was done; never a secret. */
void say (string what, string text) {
    print ("%-10s %s\n", what, text);
}

/* Ties a stored string to its row: copied into another one, it does not decrypt. */
HashTable<string, string> context_of_row (uint row) {
    var context = new HashTable<string, string> (str_hash, str_equal);
    context["model_name"] = "Order";
    context["model_id"] = row.to_string ();
    return context;
}

/* One name for wrong context, wrong key and changed bytes. It will not go away by trying again. */
async void check_refused (Kmsd.Box box, uint8[] stored) throws Error {
    try {
        yield box.decrypt (stored, context_of_row (43));
    } catch (Kmsd.Error.INVALID_CIPHERTEXT error) {
        say ("refused", "InvalidCiphertext");
        return;
    }
    throw new IOError.FAILED ("the string of one row was decrypted in another");
}

async void run (string where, string name) throws Error {
    var box = yield new Kmsd.Box (where, name);
    var key = new uint8[32];
    if (getentropy (key) != 0)
        throw new IOError.FAILED ("the kernel gives no random bytes");
    var stored = yield box.encrypt (key, context_of_row (42));
    // The bytes have no NUL behind them.
    say ("encrypted", ((string) stored).substring (0, stored.length));
    var decrypted = yield box.decrypt (stored, context_of_row (42));
    var same = decrypted.length == key.length && Memory.cmp (decrypted, key, key.length) == 0;
    Kmsd.wipe (key);
    Kmsd.wipe (decrypted);
    say ("decrypted", same ? "the same key" : "another key");
    yield check_refused (box, stored);
}

int main (string[] args) {
    var loop = new MainLoop ();
    int code = 0;

    if (args.length != 3) {
        printerr ("usage: orders system|session|SOCKET BOX\n");
        return 2;
    }
    run.begin (args[1], args[2], (object, result) => {
        try {
            run.end (result);
        } catch (Error error) {
            var name = DBusError.get_remote_error (error) ?? "%s %d".printf (error.domain.to_string (), error.code);
            DBusError.strip_remote_error (error);
            printerr ("orders: %s: %s\n", name, error.message);
            code = 1;
        }
        loop.quit ();
    });
    loop.run ();
    return code;
}
