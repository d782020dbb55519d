#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the starting corpora of the fuzz targets: what the formats look like, and what is nearly that. What a fuzzer
found later is added to the same directories by hand, under a name that says what it is."""

import base64
import hashlib
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from xaes import seal  # pylint: disable=wrong-import-position

with open(os.path.join(HERE, "../fixtures/gem-vectors.json"), encoding="utf-8") as vectors_file:
    VECTORS = json.load(vectors_file)

# As in fuzz-keystore.c.
MASTER = b"master key of the fuzz targets.."
MASTER_ID = b"mastr-id"
UID = b"uid-0001"
SECRET = "hunter2hunter2"


def nonce(number):
    return hashlib.sha256(b"nonce %d" % number).digest()[:24]


def write(target, name, data):
    directory = os.path.join(HERE, "corpus", target)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def texts_of(value):
    """Every string in a piece of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)


def make_aws_ini():
    keys = f"aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n"
    cases = {"empty": "", "credentials": f"B[default]\n{keys}[b]\n{keys}", "crlf": "A\ufeff[default]\r\nregion = a # b\r\n",
             "names": "A[profile \"a b\"] ; c\nx = y\n[sso-session 'w']\n[services s]\n",
             "nested": "A[services s]\nkms =\n  endpoint_url = http://[::1]:1\nsts=\n\ta = b\n",
             "continued": f"B[a]\nx = y\n  z\naws_secret_access_key = a\n  {SECRET}\n",
             "no-equals": f"B[default]\n{SECRET}\n", "open": f"A[default {SECRET}\n", "behind": f"A[default] {SECRET}\n",
             "nameless": f"B[default]\n= {SECRET}\n", "no-section": "Aa = b\n[default]\n", "nul": "B[default]\nx = a\0b\n",
             "long-name": "B[default]\n" + "x" * 300 + " = y\n"}
    for name, data in cases.items():
        write("aws-ini", name, data)


def make_aws_keys():
    document = {"Code": "Success", "AccessKeyId": "ASIDEXAMPLE", "SecretAccessKey": SECRET, "Token": "IQo+/=", "Expiration": "2030-01-01T00:00:00Z"}
    begin = "B<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>"
    keys = f"<AccessKeyId>ASIDEXAMPLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>IQo+/=</SessionToken>"
    end = "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    times = {"": "2030-01-01T00:00:00Z", "-micro": "2030-01-01T00:00:00.123456Z", "-odd": "2030-13-41T25:61:61Z", "-early": "1900-01-01T00:00:00Z"}
    cases = {"empty": "", "json": "A" + json.dumps(document), "json-cut": "A" + json.dumps(document)[:70],
             "json-no-token": "A" + json.dumps({name: document[name] for name in ("AccessKeyId", "SecretAccessKey")}),
             "json-escapes": "A" + json.dumps(document).replace("ASID", "\\u0041SID"), "json-failed": 'A{"Code":"Failed","Message":"no"}',
             "json-line": "A" + json.dumps({**document, "Token": "a\r\nX: y"}), "json-number": "A" + json.dumps({**document, "SecretAccessKey": 1}),
             "xml-cut": begin + keys, "xml-entity": begin + keys.replace("IQo", "I&amp;o") + end, "xml-no-secret": begin + keys[:43] + end,
             "xml-nested": begin + "<Credentials>" * 40 + keys, "xml-twice": begin + keys + keys + end, "xml-none": "B<ErrorResponse/>"}
    cases.update({"xml" + name: f"{begin}{keys}<Expiration>{time}</Expiration>{end}" for name, time in times.items()})
    for name, data in cases.items():
        write("aws-keys", name, data)


def make_base64():
    cases = {"empty": b"", "one": b"QQ==", "no-padding": b"QUI", "padding-first-half": b"Q=UJD", "padding-ends": b"QQ==QUJD",
             "padding-too-much": b"QUJD====RUZH", "url-safe": b"-_-_QUJD", "binary": bytes(range(256)),
             "trailing-bits": b"QR==", "left-over": b"QUJDR", "lines": base64.encodebytes(bytes(range(200))),
             "blanks": b" Q U\tJ\nD\r", "cut": base64.b64encode(b"cut in the middle")[:10]}
    cases.update({f"gem-{number:02}": case["in"] for number, case in enumerate(VECTORS["decode64"], 1)})
    for name, data in cases.items():
        write("base64", name, data)


def make_context():
    cases = {
        "empty": "{}", "rails": '{"model_name":"User","model_id":123}', "big-integer": '{"a":-123456789012345678901234567890}',
        "escapes": r'{"a\"\\\/\b\f\n\r\t":"\u0000\u001f\u20ac\ud83d\ude00"}', "html": '{"a<":">&","b":"\u2028\u2029"}',
        "del": '{"a":"\u007f\u00e9"}', "raw": '"just a text"', "twice": '{"a":"1","a":"2"}', "blanks": ' { "a" : "b" } ',
        "half-surrogate": r'{"a":"\ud83d"}', "nested": '{"a":{"b":[1,2.5e3,true,null]}}', "deep": "[" * 80 + "]" * 80,
        "cut": '{"model_name":"Us', "float": '{"a":1.5}', "minus-zero": '{"a":-0}', "leading-zero": '{"a":01}',
        "invalid-utf8": b'{"a":"\xff\xfe"}', "overlong": b'{"a":"\xc0\xaf"}', "nul": b'{"a\\u0000b":"c\\u0000"}',
        "names-sort-apart": '{"a b":"1","a!":"2","a":"3"}', "not-ascii-name": '{"\u00e9":"1","z":"2"}',
        "assignments": 'model_name=User\nmodel_id:=123\n:name=x\n"name"=y\n', "assignment-odd": '=\n:=\na:=1x\n:"a b"=c\n:=1\n',
        "symbols": ':a=1\n:b:=2\n:"c-d"=3\n', "integer-forms": "a:=+1\na:=-0\na:=007\na:= 1\n",
    }
    for name, data in cases.items():
        write("context", name, data)
    number = 0
    for text in sorted(set(texts_of(VECTORS.get("contexts", [])))):
        if text.startswith("{"):
            number += 1
            write("context", f"gem-{number:02}", text)


def make_stored():
    good = "v1:" + base64.b64encode(b"\x8a{\x1er\xea\xde\xf9\xd6\xadk\xe0:" + base64.b64encode(b"x" * 32)).decode()
    google = base64.encodebytes(b"project/global/ring/key/1").decode()
    cases = {"version": good, "version-2": "v2" + good[2:], "version-not-active": "v9" + good[2:], "leading-zero": "v01" + good[2:],
             "huge-version": "v" + "9" * 400 + good[2:], "no-digits": "v:" + good[3:], "twice": "v1:" + good, "blank": " " + good,
             "capital": "V" + good[1:], "arabic-digits": "v\u0661" + good[2:], "nothing": "v1:", "cut": good[:30],
             "google": "$gc$" + google + "$" + base64.encodebytes(b"ciphertext").decode(), "google-cut": "$gc$" + google,
             "google-no-id": "$gc$$", "google-not-utf8": "$gc$" + base64.b64encode(b"\xff/\xfe/a/b/1").decode() + "$QQ==",
             "vault": "vault:v1:abcdef", "legacy-test": "insecure-data-key-1", "legacy": base64.encodebytes(b"x" * 100).decode(),
             "nul": "v1:QQ\0Q", "empty": "", "colons": good + ":" * 5}
    for name, data in cases.items():
        write("stored", name, data)
    number = 0
    for text in sorted(set(texts_of(VECTORS))):
        if text.startswith(("v", "V", " v", "$gc$", "insecure+")) and len(text) < 600:
            number += 1
            write("stored", f"gem-{number:02}", text)


def make_config():
    provider = "[Provider]\nModule=kms-test.so\nAbi=1\nPrefixes=tried/\n"
    box = "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n"
    files = {
        "provider": (0, provider), "provider-settings": (0, provider + f"[Settings]\nToken={SECRET}\nUnknown=1\nX-Ours=2\n"),
        "provider-all": (0, provider + "Description=One\nMatches=a;b\nExact=c\nFallback=true\nPriority=-3\nEnabled=true\n"
                         "Critical=false\nEnableIn=fuzz\nNeeds=\nAllowUnboundContext=true\nConnectTimeout=2\nAttemptTimeout=0.5\n"
                         "CallTimeout=30\nRetries=1\nMaxInFlight=8\nEnvironment=false\n"),
        "provider-critical": (0, "[Provider]\nModule=none.so\nCritical=true\n"), "provider-slash": (0, "[Provider]\nModule=a/b.so\n"),
        "provider-bad-numbers": (0, provider + "Priority=high\nEnabled=maybe\nRetries=2  # seconds\nCallTimeout=2s\n"),
        "provider-both": (0, provider + "EnableIn=a\nDisableIn=b\n"), "provider-local": (0, provider.replace("test", "local")
                                                                                        + "[Settings]\nRoot=file\nDirectory=x\n"),
        "broken-line": (0, f"[Provider]\nModule=kms-test.so\n{SECRET}\n"), "no-group": (0, f"Token={SECRET}\n"),
        "masked": (0, ""), "binary": (0, bytes(range(256))), "invalid-utf8": (0, b"[Provider]\nModule=\xff\xfe.so\n"),
        "two-bad-escapes": (0, b"[Provider]\nModule=\\q\\\n"), "group-not-utf8": (0, b"[Pro\xf6vider]\nModule=x\n"), "bom": (0, b"\xef\xbb\xbf" + provider.encode()), "crlf": (0, provider.replace("\n", "\r\n")), "cut": (0, provider[:25]),
        "twice": (0, provider + provider), "escapes": (0, "[Provider]\nModule=\\s\\n\\t\\x\\\\\n"), "locale": (0, provider + "Description[de]=x\n"),
        "box": (1, box), "box-all": (1, "[Box]\nDescription=x\nVersion=2\nRequireContext=a;b\nJsonDialect=rails81\nState=enabled\n"
                                     "EncryptFor=user:a\n[Version 1]\nKeyId=local/x\n[Version 2]\nKeyId=insecure-test-key\nProvider=test\n"),
        "box-no-version": (1, "[Box]\nVersion=7\n[Version 1]\nKeyId=insecure-test-key\n"),
        "box-odd-version": (1, "[Box]\nVersion=01\n[Version 01]\nKeyId=x\n[Version ]\n[Version x]\nKeyId=y\n"),
        "box-huge-version": (1, f"[Box]\nVersion={'9' * 300}\n[Version {'9' * 300}]\nKeyId=insecure-test-key\n"),
        "box-nobody": (1, box.replace("insecure-test-key", "nobody/x")), "box-disabled": (1, box.replace("[Ver", "State=disabled\n[Ver")),
        "global": (2, "[Global]\nUserConfig=merge\nDisabledProviders=aws;test\nCheckPermissions=strict\n"),
        "global-bad": (2, "[Global]\nUserConfig=perhaps\nCheckPermissions=\n[Daemon]\nX=1\n"), "global-nothing": (2, "\n\n# only\n"),
        "override": (3, "[Provider]\nEnabled=false\n"), "override-module": (3, "[Provider]\nModule=kms-none.so\n"),
    }
    for name, (kind, data) in files.items():
        write("config", name, bytes((kind,)) + (data if isinstance(data, bytes) else data.encode()))


def with_sum(text):
    return text + "sum: " + hashlib.sha256(text.encode()).hexdigest()[:32] + "\n"


def key_file(versions, description="Rows of the shop", state="enabled", deletion=0):
    text = (f"libkms-key 1\nname: orders\nuid: {UID.hex()}\nmaster: {MASTER_ID.hex()}\nstate: {state}\ncreated: 1700000000\n"
            f"deletion: {deletion}\ndescription: {description}\n")
    for number in versions:
        wrapped = seal(MASTER, b"libkms local key version\0" + UID + struct.pack(">I", number), b"k" * 32, nonce(number))
        text += f"version: {number} 1700000000 {base64.b64encode(wrapped).decode()}\n"
    mac = seal(MASTER, b"libkms local key file\0" + text.encode(), b"", nonce(0))
    return with_sum(text + f"seal: {base64.b64encode(mac).decode()}\n")


def root_file(choice, rounds, masters):
    salt, root_id = b"salt" * 4, b"root--id"
    text = (f"libkms-keystore 1\nroot: {choice}\nid: {root_id.hex()}\nsalt: {base64.b64encode(salt).decode()}\nrounds: {rounds}\n"
            f"check: {base64.b64encode(b'check' + bytes(11)).decode()}\n")
    for number in range(masters):
        aad = b"libkms local master\0" + root_id + MASTER_ID + salt + struct.pack(">Q", rounds) + choice.encode()
        text += f"master: {MASTER_ID.hex()} {base64.b64encode(seal(MASTER, aad, MASTER, nonce(100 + number))).decode()}\n"
    return with_sum(text)


def make_keystore():
    one, many = key_file([1]), key_file([1, 2, 7, 4294967295], "", "disabled", 1700009999)
    files = {"key-one": (0, one), "key-many": (2, many), "key-cut": (0, one[:len(one) // 2]), "key-cut-summed": (2, one[:len(one) // 2]),
             "key-no-newline": (0, one[:-1]), "key-falling": (2, key_file([2, 1])), "key-zero": (2, key_file([0])),
             "key-edited": (2, one.replace("enabled", "disabled")), "key-bad-name": (2, one.replace("orders", "../etc")),
             "key-nul": (2, one.replace("Rows", "Ro\0s")), "key-long": (2, key_file([1], "x" * 300)), "empty": (0, ""),
             "key-format-2": (0, one.replace("libkms-key 1", "libkms-key 2")), "only-sum": (2, "libkms-key 1\n"),
             "root-file": (1, root_file("file", 0, 1)), "root-passphrase": (3, root_file("passphrase", 600000, 1)),
             "root-credential": (3, root_file("credential:kms.root", 0, 2)), "root-three": (3, root_file("file", 0, 3)),
             "root-rounds": (3, root_file("file", 5, 1)), "root-cut": (3, root_file("file", 0, 1)[:120]),
             "root-dotted": (3, root_file("credential:../../etc/shadow", 0, 1)), "root-no-rounds": (3, root_file("passphrase", 0, 1))}
    for name, (kind, text) in files.items():
        write("keystore", name, bytes((kind,)) + text.encode())


def make_local_ciphertext():
    header = b"\x01" + UID + struct.pack(">I", 1)
    good = header + seal(b"k" * 32, header + b"\0", b"x" * 32, nonce(1))
    cases = {"good": good, "shortest": header + seal(b"k" * 32, header + b"\0", b"", nonce(2)), "too-short": good[:52], "empty": b"",
             "one-byte": b"\x01", "header-only": header, "format-0": b"\0" + good[1:], "format-2": b"\2" + good[1:],
             "version-0": good[:9] + bytes(4) + good[13:], "version-max": good[:9] + b"\xff" * 4 + good[13:],
             "long": header + bytes(range(256)) * 8}
    for name, data in cases.items():
        write("local-ciphertext", name, data)


def packed(versions, description=b"Rows", created=1700000000, count=None):
    data = UID + struct.pack(">QIH", created, len(versions) if count is None else count, len(description)) + description
    for number in versions:
        data += struct.pack(">IQ", number, created) + b"k" * 32
    return data


def make_key_export():
    header = b"\x01" + struct.pack(">I", 600000) + b"salt" * 4

    def armoured(data):
        return b"-----BEGIN LIBKMS KEY-----\n" + base64.encodebytes(data) + b"-----END LIBKMS KEY-----\n"

    good = armoured(header + seal(b"k" * 32, header, packed([1, 2]), nonce(1)))
    cases = {"text": (0, good), "mailed": (0, b"Dear me,\n\n> " + good.replace(b"\n", b"\r\n") + b"-- \nMe\n"), "cut": (0, good[:90]),
             "no-begin": (0, good[20:]), "end-first": (0, b"-----END LIBKMS KEY-----\n-----BEGIN LIBKMS KEY-----\n"), "empty": (0, b""),
             "format-2": (0, armoured(b"\x02" + bytes(120))), "rounds-0": (0, armoured(b"\x01" + bytes(140))),
             "rounds-max": (0, armoured(b"\x01" + b"\xff" * 140)), "not-base64": (0, good.replace(b"A", b"!")),
             "packed": (1, packed([1, 2, 9])), "packed-falling": (1, packed([2, 1])), "packed-none": (1, packed([])),
             "packed-count": (1, packed([1], count=0xffffffff)), "packed-count-2": (1, packed([1], count=2)),
             "packed-long": (1, packed([1], b"x" * 300)), "packed-nul": (1, packed([1], b"a\0b")), "packed-short": (1, packed([1])[:20]),
             "packed-time": (1, packed([1], created=0xffffffffffffffff)), "packed-not-utf8": (1, packed([1], b"\xff"))}
    for name, (kind, data) in cases.items():
        write("key-export", name, bytes((kind,)) + data)


def make_http_json():
    cases = {"empty": "", "vault-encrypt": json.dumps({"request_id": "6f1c", "lease_id": "", "renewable": False, "lease_duration": 0,
             "data": {"batch_results": [{"ciphertext": "vault:v1:QUJD", "key_version": 1}, {"error": "no\n", "plaintext": ""}]},
             "warnings": None}), "vault-errors": '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}',
             "aws": '{"CiphertextBlob":"AQICAHg=","KeyId":"arn:aws:kms:eu-west-1:111122223333:key/1"}', "numbers": "[0,-1,12,1.5,1e9,-0.0E-1]",
             "escapes": r'"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"', "lone-surrogate": r'"\ud83d"', "nul": r'"a\u0000b"',
             "deep": "[" * 64 + "]" * 64, "too-deep": "[" * 65 + "]" * 65, "cut": '{"data":{"plain', "html": "<html>502</html>",
             "two": "{} {}", "comma": "[1,]", "not-utf8": b'"\xff\xfe"', "utf8": '{"\u00e9":"\u20ac"}'.encode().decode("unicode_escape"),
             "big": "9223372036854775807", "too-big": "9223372036854775808", "blanks": " \t\r\n [ null , true , false ] "}
    for name, data in cases.items():
        write("http-json", name, data)


def make_vault_answer():
    ciphertext, failed = {"ciphertext": "vault:v1:QUJD", "key_version": 1}, {"error": "cipher: message authentication failed", "plaintext": ""}
    key = {"type": "aes256-gcm96", "derived": True, "keys": {"1": 1700000000, "2": {"creation_time": "2023-11-14T22:13:20Z"}}, "latest_version": 2}

    def answer(data, **more):
        return json.dumps({"request_id": "6f1c-00", "lease_id": "", "renewable": False, "data": data, "warnings": None, "auth": None, **more})

    cases = {"encrypt": (1, answer(ciphertext)), "decrypt": (1, answer({"plaintext": "aGVsbG8="})), "empty": (1, answer({"plaintext": ""})),
             "batch": (3, answer({"batch_results": [ciphertext, failed, ciphertext]})), "batch-too-many": (1, answer({"batch_results": [ciphertext] * 4})),
             "batch-none": (2, answer({"batch_results": None})), "batch-twice": (2, '{"data":{"batch_results":[{}],"batch_results":[]}}'),
             "ignored": (1, answer(ciphertext, warnings=["Endpoint ignored these unrecognized parameters: [associated_data]"])),
             "errors": (0, '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}'), "errors-none": (0, '{"errors":[]}'),
             "errors-many": (0, json.dumps({"errors": ["Vault is sealed"] * 9})), "key": (0, answer(key)), "key-odd": (0, answer({"keys": {"x": -1, "1": {}}})),
             "cut": (2, answer({"batch_results": [ciphertext]})[:70]), "html": (1, "<html>502</html>"), "types": (1, answer({"ciphertext": 1})),
             "id-control": (0, '{"request_id":"\\u001b[31m"}')}
    for name, (room, data) in cases.items():
        write("vault-answer", name, bytes((room,)) + data.encode())


def make_aws_answer():
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    key = {"KeyId": "1234abcd", "Arn": arn, "KeyState": "Enabled", "CreationDate": 1.7e9, "DeletionDate": 1700000000.5, "MultiRegion": False,
           "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Description": "of \u00fc\u0001", "New": [{"a": None}]}
    cases = {"encrypt": (0, json.dumps({"CiphertextBlob": "QUJD", "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})),
             "decrypt": (0, json.dumps({"Plaintext": "aGVsbG8=", "KeyId": arn})), "not-base64": (0, '{"Plaintext":"a b"}'),
             "nul": (0, '{"Plaintext":"QUJD\\u0000","KeyId":"\\u0000"}'), "key": (0, json.dumps({"KeyMetadata": key})),
             "key-odd": (0, '{"KeyMetadata":{"KeyId":1,"CreationDate":1e400,"KeyState":{}}}'), "null": (0, "null"), "empty": (0, ""),
             "error": (0, json.dumps({"__type": "com.amazonaws.kms#NotFoundException", "message": "Alias \u001b[31m is not found"})),
             "error-code": (0, '{"code":"AccessDenied:http://x","Message":null}'), "error-type": (0, '{"__type":{},"message":[]}'),
             "xml": (0, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>\n no</Message></Error></ErrorResponse>"),
             "xml-cut": (0, "<Error><Code>Access"), "header": (1, "aws#DisabledException:http://internal/"), "html": (0, "<html>502</html>"),
             "cut": (0, '{"__type":"Throttl')}
    for name, (kind, data) in cases.items():
        write("aws-answer", name, bytes((kind,)) + data.encode())


def make_vault_values():
    cases = {"seconds": "60", "duration": "1h2m3.5s4ms", "micro": "5\u00b5s", "number-alone": "1m30", "huge": "9" * 400 + "h", "true": "TRUE",
             "key": "my-key.v1", "path": "team/transit", "path-up": "a/../b", "https": "https://vault.example.org:8200/prefix/",
             "user": "https://user:password@host", "unix": "unix:///run/agent.sock", "helper": 'token_helper = "/usr/bin/helper -x" # ours\n',
             "helper-open": 'token_helper = "/usr/bin/helper\n', "helper-relative": 'token_helper = "helper"\n', "nul": "a\0b",
             "ciphertext": "vault:v12:QUJDRA==", "version-0": "vault:v0:QUJD", "unused-bits": "vault:v1:QR==",
             "words": "failed on c2VjcmV0c2VjcmV0c2VjcmV0: \x1b[31m permission denied"}
    for name, data in cases.items():
        write("vault-values", name, data)


def make_audit():
    time, mac = "2026-11-24T13:50:42.000042Z", "0123456789abcdef" * 4

    def line(sequence, **more):
        record = {"sequence": sequence, "time": time, "operation": "decrypt", "outcome": "done", **more, "mac": mac}
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"

    whole = line(17, box="orders", version="2", provider="vault-eu", key_id="vault/shop", context={"model_id": "1"},
                 caller={"uid": 1001, "pid": 4711, "unit": "shop.service", "label": "l", "bus": "system"}, error="failed", detail="r",
                 duration_usec=12, request_id="6f1c", intent=16, items=3, cached=True)
    cases = {"begin": line(1, operation="log-begin", previous="0" * 64), "whole": whole, "two": line(1) + line(2), "torn": whole + whole[:40],
             "zeros": line(1) + "\0" * 90, "hmac": line(1, context_hmac=mac), "names": line(1, context_names=["a", "b"]), "intent": line(1, outcome="intent"),
             "unknown": line(1, new={"a": [1, {}]}), "twice": line(1).replace('"outcome"', '"operation":"x","outcome"'), "escapes": line(1, box='a"\\\n\x7f'),
             "blanks": "\n\n\n", "head": "17:" + mac, "time": time, "name": "audit-00000000000000000017.jsonl", "nested": line(1, context=[[[[{}]]]]),
             "minus": line(-1), "zero": line(0), "huge": line(9223372036854775808), "not-utf8": whole.encode().replace(b"shop", b"\xff\xfe"), "empty": ""}
    for name, data in cases.items():
        write("audit", name, data)


def make_lockdown():
    def text(*lines):
        body = "libkms-lockdown 1\n" + "".join(line + "\n" for line in lines)
        return body + "sum: " + hashlib.sha256(body.encode()).hexdigest()[:32] + "\n"

    normal, sealed = ("mode: normal", "since: 0"), ("mode: sealed", "since: 1700000000000000", "by: uid:0", "reason: odd")
    whole = text(*sealed, "box: orders", *sealed, "box: users", *sealed)
    cases = {"normal": (0, text(*normal)), "whole": (0, whole), "cut": (0, whole[:60]), "sum-wrong": (0, whole.replace("orders", "orderz")),
             "box-order": (1, text(*normal, "box: b", *sealed, "box: a", *sealed)), "box-twice": (1, text(*normal, "box: a", *sealed, "box: a", *sealed)),
             "box-name": (1, text(*normal, "box: ../a", *sealed)), "mode-unknown": (1, text("mode: open", "since: 0")),
             "sealed-never": (1, text("mode: sealed", "since: 0")), "reason-none": (1, text("mode: sealed", "since: 1", "by: x", "reason: ")),
             "since-minus": (1, text("mode: normal", "since: -1")), "vertical-tab": (1, text("mode: normal", "since: \v0")), "minus-0": (1, text("mode: normal", "since: -0")), "control": (1, text("mode: sealed", "since: 1", "by: x", "reason: a\tb")),
             "format-2": (0, whole.replace("lockdown 1", "lockdown 2")), "more": (1, text(*normal, "x: y")), "empty": (0, "")}
    for name, (kind, data) in cases.items():
        write("lockdown", name, bytes((kind,)) + data.encode())


def make_frames():
    def frame(secret):
        return struct.pack(">I", len(secret)) + secret

    cases = {"empty": b"", "one": frame(b"secret"), "no-bytes": frame(b""), "many": b"".join(frame(b"x" * n) for n in range(40)),
             "cut-length": b"\0\0\0", "cut": frame(b"secret")[:-1], "lies": b"\xff\xff\xff\xffx", "one-more": frame(b"x") + b"\0",
             "too-many": frame(b"") * 1025, "most": frame(b"") * 1024}
    for name, data in cases.items():
        for size in (1, 7, 255):
            write("frames", f"{name}-{size}", bytes((size,)) + data)


def make_call_options():
    cases = {"none": "({}, {})", "bare": "({'bare': <true>, 'version': <uint32 1>}, {'id': '5'})", "type": "({'bare': <1>}, {})",
             "unknown": "({'contex': <'y'>}, {})", "anybody": "({'x-note': <[1, 2]>}, {})", "twice": "({'bare': <true>, 'bare': <true>}, {})",
             "form-none": "({'context-form': <'none'>}, {})", "form-none-map": "({'context-form': <'none'>}, {'a': 'b'})",
             "raw": "({'context-form': <'raw'>, 'context-bytes': <b'any text'>}, {})", "raw-alone": "({'context-form': <'raw'>}, {})",
             "legacy": "({'context-form': <'legacy'>, 'context-bytes': <b'[1,{\"a\":null}]'>}, {})", "form-odd": "({'context-form': <'maps'>}, {})",
             "exact": "({'context-bytes': <b'{\"a\":\"1\",\"b\":\"<\"}'>}, {'b': '<', 'a': '1'})",
             "other": "({'context-bytes': <b'{\"a\":\"2\"}'>}, {'a': '1'})", "names-twice": "({}, {'a': '1', 'a': '2'})"}
    for name, data in cases.items():
        write("call-options", name, data)


for maker in (make_aws_ini, make_aws_keys, make_base64, make_context, make_stored, make_config, make_keystore, make_local_ciphertext,
              make_key_export, make_http_json, make_aws_answer, make_vault_answer, make_vault_values, make_audit, make_lockdown,
              make_frames, make_call_options):
    maker()
