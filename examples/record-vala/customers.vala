/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A customer is stored and read, in a table of which e-mail address, birthday and number of visits are encrypted; without
 * ever blocking: every call that may wait for the database or for a service is yielded. */

const string EMAIL = "ada@example.org";

void say (string what, string text) {
    print ("%-10s %s\n", what, text);
}

class Shop {
    Kms.Model model;
    Kms.Store store;

    /* The model says which columns are encrypted, and under which key; it is a file, of an administrator or a package. */
    public Shop (string name, string database) throws Error {
        var registry = new Kms.Registry.default ();
        model = registry.dup_model (name);
        store = Kms.Store.open (registry, database, null);
    }

    /* Nothing is encrypted or written before the record is saved. */
    async string create () throws Error {
        var record = new Kms.Record (model, store);
        Kms.Value email;
        Kms.Value.parse (Kms.ValueType.STRING, new Kms.Secret (EMAIL.data), out email);
        record.set_column ("name", "Ada");
        record.set ("email", email);
        record.set ("born_on", new Kms.Value.date (1815, 12, 10));
        record.set ("visits", new Kms.Value.integer (1));
        yield record.save_async (null);
        say ("created", "customer %s".printf (record.get_id ()));
        return record.get_id ();
    }

    async void check_read (Kms.Record record, int64 expected) throws Error {
        Kms.Value? email, visits;
        yield record.get_async ("email", null, out email);
        yield record.get_async ("visits", null, out visits);
        unowned uint8[] text = email.get_plaintext ().get_data ();
        if (text.length != EMAIL.length || Memory.cmp (text, EMAIL, text.length) != 0
            || visits.get_integer () != expected)
            throw new Kms.Error.FAILED ("what was read is not what was stored");
        say ("read", "customer %s, visits %s".printf (record.get_id (), visits.get_integer ().to_string ()));
    }

    async void set_visits (Kms.Record record, int64 number) throws Error {
        record.set ("visits", new Kms.Value.integer (number));
        yield record.save_async (null);
    }

    /* Two programs read the same row; one is faster. */
    async void change (string id) throws Error {
        var record = yield Kms.Record.load_async (model, store, id, null);
        var other = yield Kms.Record.load_async (model, store, id, null);
        yield check_read (record, 1);
        yield set_visits (record, 2);
        say ("changed", "customer " + id);
        try {
            yield set_visits (other, 7);
            throw new Kms.Error.FAILED ("a change was lost");
        } catch (Kms.Error.CONFLICT late) {
            say ("refused", late.message);
        }
        yield other.reload_async (null);
        yield check_read (other, 2);
    }

    /* Many rows, whose data keys are unwrapped some hundred at a time. */
    void count () throws Error {
        var reader = new Kms.RecordReader (model, store, { "born_on" });
        uint found = 0;
        for (; reader.next (null); found++) {
            Kms.Value? born_on;
            reader.get (0, out born_on);
            if (born_on.get_date (null, null) != 1815)
                throw new Kms.Error.FAILED ("a birthday is not what was stored");
        }
        say ("counted", "customers: %u".printf (found));
    }

    public async void run () throws Error {
        yield change (yield create ());
        count ();
    }
}

int main (string[] args) {
    var loop = new MainLoop ();
    int code = 0;

    if (args.length != 3) {
        printerr ("Usage: customers MODEL DATABASE\n");
        return 2;
    }
    try {
        var shop = new Shop (args[1], args[2]);
        shop.run.begin ((object, result) => {
            try {
                shop.run.end (result);
            } catch (Error error) {
                printerr ("customers: %s\n", error.message);
                code = Kms.Error.get_exit_code (error);
            }
            loop.quit ();
        });
    } catch (Error error) {
        printerr ("customers: %s\n", error.message);
        return Kms.Error.get_exit_code (error);
    }
    loop.run ();
    return code;
}
