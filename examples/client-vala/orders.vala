/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a stored secret, from the first key to the second one, without ever blocking: every call that may wait for a
 * service is yielded, so that a program with windows or connections goes on meanwhile.
 *
 * Each order has a key of its own, which the application would encrypt the order with. What is stored in the order's
 * row is that key, encrypted by a box. */

const string KEY = "local/orders";
const string NEXT_KEY = "local/orders-next";
const uint ROWS = 1000;

/* Tells what was done; never a secret. */
void say (string what, string text) {
    print ("%-10s %s\n", what, text);
}

/* Ties a stored string to its row: copied into another one, it does not decrypt. */
Kms.Context context_of_row (uint row) throws Error {
    var builder = new Kms.ContextBuilder ();
    builder.add_string (Kms.NameKind.UNMARKED, "model_name", -1, "Order", -1);
    builder.add_integer (Kms.NameKind.UNMARKED, "model_id", row);
    return builder.end ();
}

class Shop {
    Kms.Registry registry;
    Kms.Box box;
    Kms.Secret secret;
    Kms.Context context;

    public Shop () throws Error {
        registry = new Kms.Registry.default ();
        secret = new Kms.Secret.random (32);
        context = context_of_row (42);
    }

    /* Keys are made and rotated by an administrator (kmsctl key create, key rotate) or, as here, by a program that may. */
    async Kms.Key administer (Kms.KeyVerb verb, string key_id) throws Error {
        string name; // what the provider calls the key
        var admin = registry.dup_provider_for_key (key_id, null, out name) as Kms.KeyAdmin;
        if (admin == null)
            throw new Kms.Error.NOT_SUPPORTED ("the provider of %s does not administer keys", key_id);
        // The array owns its keys: taking one out of it makes a reference.
        var keys = yield admin.run_async (verb, name, null, null);
        return keys[0];
    }

    /* Codes are for programs, messages for people: a second start finds the keys of the first. */
    async void ensure_key (string key_id) throws Error {
        Kms.Key key;
        try {
            key = yield administer (Kms.KeyVerb.CREATE, key_id);
        } catch (Kms.Error.ALREADY_EXISTS error) {
            key = yield administer (Kms.KeyVerb.SHOW, key_id);
        }
        say ("key", "%s, version %s".printf (key.id, key.version));
    }

    /* A box from code. Where an administrator decides about keys, it comes from the file orders.box instead:
     * registry.dup_box ("orders"). */
    Kms.Box make_box (bool has_next) throws Error {
        var builder = new Kms.BoxBuilder (registry, "orders");
        if (has_next)
            builder.add_previous ("1", KEY, null);
        builder.set_key (has_next ? "2" : "1", has_next ? NEXT_KEY : KEY, null);
        // A context with other names is a bug of ours, and refused.
        builder.set_require_context ({ "model_name", "model_id" });
        return builder.end ();
    }

    /* A stored string may hold any byte, so what reads one takes bytes: stored.data. */
    async void check_decrypts (string stored) throws Error {
        var decrypted = yield box.decrypt_async (stored.data, context, null);
        if (!decrypted.equal (secret))
            throw new Kms.Error.FAILED ("what was decrypted is not what was encrypted");
    }

    /* The version of the master key that a string is under, which is not the version of the box: "v1:" stays. */
    void say_key_version (string stored) throws Error {
        var inspection = box.inspect (stored.data, null);
        string version = "unknown";
        unowned Variant? details = inspection.get_details ();
        if (details != null)
            details.lookup ("key-version", "s", out version);
        say ("inspected", "box version %s, key %s, key version %s".printf (inspection.get_version (),
                                                                           inspection.get_key_id (), version));
    }

    /* A new version of the same master key. What is stored stays readable; rewrapping it is for when there is time. */
    async string rotate_master_key (string stored) throws Error {
        say_key_version (stored);
        var key = yield administer (Kms.KeyVerb.ROTATE, KEY);
        say ("rotated", "%s, version %s".printf (key.id, key.version));
        var rewrapped = yield box.rewrap_async (stored.data, context, null, null);
        say ("rewrapped", rewrapped);
        say_key_version (rewrapped);
        yield check_decrypts (stored);
        yield check_decrypts (rewrapped);
        say ("decrypted", "old and new");
        return rewrapped;
    }

    /* Another master key, perhaps at another service: version 2 of the box, which still reads version 1. */
    async void move_to_next_key (string stored) throws Error {
        yield ensure_key (NEXT_KEY);
        box = make_box (true);
        var moved = yield box.rewrap_async (stored.data, context, null, null);
        say ("moved", moved);
        yield check_decrypts (stored);
        yield check_decrypts (moved);
        say ("decrypted", "version 1 and version 2");
    }

    /* One code for wrong context, wrong key and changed bytes. It will not go away by trying again. */
    async void check_refused (string stored) throws Error {
        try {
            yield box.decrypt_async (stored.data, context_of_row (43), null);
        } catch (Kms.Error.INVALID_CIPHERTEXT error) {
            say ("refused", error.message);
            return;
        }
        throw new Kms.Error.FAILED ("the string of one row was decrypted in another");
    }

    /* Many rows in one call. One of them is spoilt, and fails alone. */
    async void run_batches () throws Error {
        var encrypt = new Kms.Batch (Kms.Operation.ENCRYPT);
        for (uint row = 0; row < ROWS; row++)
            encrypt.add_secret (secret, context_of_row (row));
        yield box.run_async (encrypt, null);

        var decrypt = new Kms.Batch (Kms.Operation.DECRYPT);
        for (uint row = 0; row < ROWS; row++) {
            unowned string stored = row == 17 ? "v2:c3BvaWx0" : encrypt.get_stored (row);
            decrypt.add_stored (stored.data, context_of_row (row), null);
        }
        try {
            yield box.run_async (decrypt, null);
        } catch (Error error) {
            if (decrypt.get_n_failed () != 1 || decrypt.get_error (17) == null)
                throw error;
            say ("batch", "%u encrypted, %u decrypted; row 17: %s".printf (ROWS, ROWS - decrypt.get_n_failed (),
                                                                            decrypt.get_error (17).message));
            return;
        }
        throw new Kms.Error.FAILED ("a row that was spoilt was decrypted");
    }

    public async void run () throws Error {
        yield ensure_key (KEY);
        box = make_box (false);
        var stored = yield box.encrypt_async (secret, context, null);
        say ("encrypted", stored);
        stored = yield rotate_master_key (stored);
        yield move_to_next_key (stored);
        yield check_refused (stored);
        yield run_batches ();
    }
}

async int run () {
    try {
        yield new Shop ().run ();
        return 0;
    } catch (Error error) {
        printerr ("orders: %s\n", error.message);
        return Kms.Error.get_exit_code (error);
    }
}

int main () {
    var loop = new MainLoop ();
    int code = 1;

    run.begin ((object, result) => {
        code = run.end (result);
        loop.quit ();
    });
    loop.run ();
    return code;
}
