# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The AWS double refuses what others that speak KMS refuse, with the same codes: test-aws-double.py moto|local-kms. Where the other one
is known to differ from AWS, what it says stands beside the step."""

import sys

import aws_servers
import tap

A, B = "alias/compare-a", "alias/compare-b"
NOBODY = "00000000-0000-0000-0000-000000000000"
FINE = "fine"


class Side:
    """A server, and what was made there."""

    def __init__(self, server):
        boto3 = aws_servers.import_boto3()
        config = boto3.session.Config(retries={"max_attempts": 1}, parameter_validation=False)
        self.kms = boto3.session.Session().client(
            "kms", endpoint_url=server.address, region_name=aws_servers.REGION, aws_access_key_id=server.admin.id,
            aws_secret_access_key=server.admin.secret, config=config)
        self.made = {}

    def ask(self, name, **arguments):
        """The code of the refusal, or FINE; what is kept is under "keep"."""
        keep = arguments.pop("keep", None)
        filled = {key: self.made.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value
                  for key, value in arguments.items()}
        try:
            answer = getattr(self.kms, name)(**filled)
        except self.kms.exceptions.ClientError as problem:
            return problem.response["Error"]["Code"]
        if keep is not None:
            variable, *path = keep
            for member in path:
                answer = answer[member]
            self.made[variable] = answer
        return FINE


def step(name, moto=None, local_kms=None, **arguments):
    """Moto and local_kms are what these say instead."""
    return name, {"moto": moto, "local-kms": local_kms}, arguments


STEPS = [
    step("create_key", keep=("a", "KeyMetadata", "KeyId")),
    step("create_key", keep=("b", "KeyMetadata", "KeyId")),
    step("create_key", KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT", keep=("rsa", "KeyMetadata", "KeyId")),
    step("create_alias", AliasName=A, TargetKeyId="$a"),
    step("create_alias", AliasName=B, TargetKeyId="$b"),
    step("create_alias", AliasName=A, TargetKeyId="$b"),
    step("create_alias", AliasName="no-prefix", TargetKeyId="$a"),
    step("create_alias", AliasName="alias/aws/mine", TargetKeyId="$a", moto=FINE),
    step("create_alias", AliasName="alias/a b", TargetKeyId="$a", local_kms=FINE),
    step("create_alias", AliasName="alias/of-nobody", TargetKeyId=NOBODY),
    step("describe_key", KeyId=A),
    step("describe_key", KeyId="alias/nobody"),
    step("describe_key", KeyId=NOBODY),
    step("encrypt", KeyId=A, Plaintext=b"x", EncryptionContext={"a": "b"}, keep=("blob", "CiphertextBlob")),
    step("encrypt", KeyId=A, Plaintext=b""),
    step("encrypt", KeyId=A, Plaintext=b"x" * 4096),
    step("encrypt", KeyId=A, Plaintext=b"x" * 4097),
    step("encrypt", KeyId="alias/nobody", Plaintext=b"x"),
    step("encrypt", KeyId="$rsa", Plaintext=b"x", moto=FINE, local_kms="InternalFailureException"),
    step("decrypt", CiphertextBlob="$blob", EncryptionContext={"a": "b"}),
    step("decrypt", CiphertextBlob="$blob", EncryptionContext={"a": "c"}),
    step("decrypt", CiphertextBlob="$blob"),
    step("decrypt", CiphertextBlob="$blob", EncryptionContext={"a": "b"}, KeyId=A),
    step("decrypt", CiphertextBlob="$blob", EncryptionContext={"a": "b"}, KeyId=B, moto="AccessDeniedException", local_kms="InvalidCiphertextException"),
    step("re_encrypt", CiphertextBlob="$blob", SourceEncryptionContext={"a": "b"}, DestinationKeyId=B),
    step("re_encrypt", CiphertextBlob="$blob", DestinationKeyId=B),
    step("generate_data_key", KeyId=A, KeySpec="AES_256"),
    step("generate_data_key", KeyId=A, NumberOfBytes=1024),
    step("generate_data_key", KeyId=A, NumberOfBytes=1025),
    step("generate_data_key", KeyId=A),
    step("generate_data_key", KeyId=A, KeySpec="AES_256", NumberOfBytes=32),
    step("enable_key_rotation", KeyId="$a"),
    step("get_key_rotation_status", KeyId="$a"),
    step("enable_key_rotation", KeyId="$rsa", moto=FINE),
    step("list_keys", Limit=1001, moto=FINE),
    step("list_keys", Limit=1, Marker="no mark", moto=FINE),
    step("tag_resource", KeyId="$a", Tags=[{"TagKey": "x", "TagValue": "y"}]),
    step("tag_resource", KeyId="$a", Tags=[{"TagKey": "aws:x", "TagValue": "y"}], moto=FINE, local_kms=FINE),
    step("disable_key", KeyId=A),
    step("disable_key", KeyId="$a"),
    step("encrypt", KeyId=A, Plaintext=b"x", moto=FINE),
    step("decrypt", CiphertextBlob="$blob", EncryptionContext={"a": "b"}, KeyId=A, moto=FINE),
    step("enable_key", KeyId="$a"),
    step("schedule_key_deletion", KeyId="$a", PendingWindowInDays=6, moto=FINE),
    step("schedule_key_deletion", KeyId="$a", PendingWindowInDays=31, moto=FINE),
    step("cancel_key_deletion", KeyId="$a", moto=FINE),
    step("schedule_key_deletion", KeyId="$a", PendingWindowInDays=7),
    step("encrypt", KeyId=A, Plaintext=b"x", moto=FINE),
    step("schedule_key_deletion", KeyId="$a", PendingWindowInDays=7, moto=FINE),
    step("cancel_key_deletion", KeyId="$a"),
    step("encrypt", KeyId=A, Plaintext=b"x", moto=FINE, local_kms=FINE),
    step("update_alias", AliasName="alias/nobody", TargetKeyId="$a"),
    step("update_alias", AliasName=A, TargetKeyId="$b"),
    step("delete_alias", AliasName=A),
    step("delete_alias", AliasName=A),
]


def compare(double, other, kind):
    for name, known, arguments in STEPS:
        ours, theirs = double.ask(name, **dict(arguments)), other.ask(name, **dict(arguments))
        wanted = known[kind] or ours
        if theirs != wanted:
            yield f"{name} {arguments}: the double {ours}, {kind} {theirs}" + (f", which was to be {wanted}" if known[kind] else "")


def main(kind):
    if aws_servers.import_boto3() is None:
        print("1..0 # SKIP no boto3: run build-aux/install-peers")
        return 0
    try:
        with aws_servers.Double() as double, aws_servers.KINDS[kind]() as other:
            return tap.run([(f"/aws-double/{kind}", lambda: tap.none(compare(Side(double), Side(other), kind), "what differs"))])
    except aws_servers.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0


sys.exit(main(*sys.argv[1:]))
