# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our signatures are those of botocore's SigV4Auth, for requests by chance: of KMS as they are sent, and of anything else.

test-aws-signer.py PRINT-SIGNATURES"""

import base64
import random
import subprocess
import sys
import urllib.parse

import tap
import vault_servers

REQUESTS = 3000
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"


def import_botocore():
    """That of Debian, or of build-aux/install-peers."""
    for add in (lambda: None, lambda: sys.path.append("/usr/lib/python3/dist-packages"), vault_servers.add_packages):
        add()
        try:
            import botocore
            import botocore.auth
            import botocore.awsrequest
            import botocore.credentials
            return botocore
        except ImportError:
            pass
    return None


def text(chance, most, letters=UNRESERVED):
    return "".join(chance.choice(letters) for _ in range(chance.randrange(most)))


def kms_request(chance):
    """As the provider sends them."""
    region = chance.choice(["us-east-1", "eu-west-1", "cn-north-1"])
    words = "é\"\\\u20ac{}: ," + UNRESERVED
    return {"method": "POST", "host": f"kms.{region}.amazonaws.com", "path": "/", "query": "", "region": region, "service": "kms",
            "body": text(chance, 6000, words),
            "headers": [("Content-Type", "application/x-amz-json-1.1"),
                        ("X-Amz-Target", f"TrentService.{chance.choice(['Encrypt', 'Decrypt', 'ReEncrypt'])}")]}


def any_request(chance):
    """Paths with what must be escaped, queries in any order, headers with blanks and several times."""
    segments = [urllib.parse.quote(text(chance, 6, UNRESERVED + " é$&'()*+,;=:@"), safe="~") for _ in range(chance.randrange(5))]
    segments = [segment if chance.random() < 0.8 else chance.choice(["", ".", ".."]) for segment in segments]
    pairs = [f"{urllib.parse.quote('q' + text(chance, 5, UNRESERVED + ' é/+'), safe='~')}="
             f"{urllib.parse.quote(text(chance, 5, UNRESERVED + ' é/+='), safe='~')}" for _ in range(chance.randrange(5))]
    headers = [(f"X-Amz-{chance.choice('ABC')}{chance.choice('abc')}", text(chance, 12, UNRESERVED + "   ,é") or "x")
               for _ in range(chance.randrange(6))]
    return {"method": chance.choice(["GET", "POST", "PUT"]), "host": chance.choice(["127.0.0.1:4566", "a.example", "[::1]:80"]),
            "path": "/" + "/".join(segments), "query": "&".join(pairs), "region": "eu-central-1",
            "service": chance.choice(["kms", "sts", "iam"]), "body": text(chance, 40), "headers": headers}


def make_requests(chance):
    requests = []
    for number in range(REQUESTS):
        request = kms_request(chance) if number % 2 == 0 else any_request(chance)
        day = f"20{chance.randrange(10, 40)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        request["date"] = f"{day}T{chance.randrange(24):02}{chance.randrange(60):02}{chance.randrange(60):02}Z"
        request["id"] = "AKIA" + text(chance, 17, UNRESERVED[:26])
        request["secret"] = "s" + text(chance, 41, UNRESERVED + "+/")
        request["token"] = chance.choice(["", "t" + text(chance, 300, UNRESERVED + "+/=")])
        request["headers"] += [("host", request["host"]), ("x-amz-date", request["date"])]
        if request["token"]:
            request["headers"].append(("X-Amz-Security-Token", request["token"]))
        chance.shuffle(request["headers"])
        requests.append(request)
    return requests


def sign_by_botocore(botocore, request):
    credentials = botocore.credentials.Credentials(request["id"], request["secret"], request["token"] or None)
    auth = botocore.auth.SigV4Auth(credentials, request["service"], request["region"])
    query = f"?{request['query']}" if request["query"] else ""
    made = botocore.awsrequest.AWSRequest(method=request["method"], url=f"https://{request['host']}{request['path']}{query}",
                                          data=request["body"].encode())
    for name, value in request["headers"]:
        made.headers[name] = value
    made.context["timestamp"] = request["date"]
    names = auth.headers_to_sign(made)
    canonical = auth.canonical_request(made)
    signature = auth.signature(auth.string_to_sign(made, canonical), made)
    return (f"AWS4-HMAC-SHA256 Credential={auth.scope(made)}, SignedHeaders={auth.signed_headers(names)}, "
            f"Signature={signature}"), canonical


def write_line(request):
    fields = [request[name] for name in ("method", "path", "query", "region", "service", "date", "id", "secret", "token", "body")]
    for name, value in request["headers"]:
        fields += [name, value]
    return " ".join(base64.b64encode(field.encode()).decode() or "-" for field in fields)


def compare(program, botocore):
    seed = random.randrange(1 << 32)
    requests = make_requests(random.Random(seed))
    print(f"# botocore {botocore.__version__}, seed {seed}")
    done = subprocess.run([program], input="".join(write_line(request) + "\n" for request in requests), capture_output=True,
                          text=True, check=True, timeout=120)
    found = done.stdout.splitlines()
    tap.equal(len(found), len(requests), "signatures")
    for request, ours in zip(requests, found):
        theirs, canonical = sign_by_botocore(botocore, request)
        if ours != theirs:
            raise tap.Failure(f"{request}\nours   {ours}\ntheirs {theirs}\n{canonical}")


def main(program):
    botocore = import_botocore()

    def check():
        if botocore is None:
            raise tap.Skip("no botocore: install python3-botocore, or run build-aux/install-peers")
        compare(program, botocore)

    tap.main([("/aws/signer/botocore", check)])


main(*sys.argv[1:])
