# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""boto3, a client that others wrote, and kmsctl read what the other encrypted: test-aws-boto3.py SERVER. At the double this shows
besides that it is an AWS to somebody else, too."""

import base64
import os
import sys

import aws_servers
import cli
import tap

CONTEXT = {"model_name": "User", "model_id": "123", "name": "Zoë \"€\"\n"}
ARGUMENTS = [word for name, value in CONTEXT.items() for word in ("-c", f"{name}={value}")]


class Scene(cli.Root):
    """kmsctl, and where the server is."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        with open(os.path.join(cli.SOURCE, "plugins/aws/aws.provider"), encoding="ascii") as file:
            self.write("package/providers.d/aws.provider", file.read())

    def environment(self, **more):
        values = {name: value for name, value in super().environment(**more).items() if not name.startswith("AWS_")}
        values.update(KMS_MODULE_PATH=cli.module_path("plugins/aws"), AWS_ENDPOINT_URL=self.server.address,
                      AWS_REGION=aws_servers.REGION, AWS_EC2_METADATA_DISABLED="true",
                      AWS_ACCESS_KEY_ID=self.server.admin.id, AWS_SECRET_ACCESS_KEY=self.server.admin.secret)
        return values


class Cases:
    """What is done with one server, and one client."""

    def __init__(self, server):
        self.server, self.kms = server, server.client()

    def key(self, alias):
        key_id = self.kms.create_key(Description="of boto3")["KeyMetadata"]["KeyId"]
        self.kms.create_alias(AliasName=alias, TargetKeyId=key_id)
        return key_id

    def refuses(self, code, function, **arguments):
        try:
            function(**arguments)
        except self.kms.exceptions.ClientError as problem:
            tap.equal(problem.response["Error"]["Code"], code, "the code of the error")
        else:
            raise tap.Failure(f"no {code}")

    def check_boto3_to_kmsctl(self):
        self.key("alias/there")
        blob = self.kms.encrypt(KeyId="alias/there", Plaintext=b"the blue door", EncryptionContext=CONTEXT)["CiphertextBlob"]
        stored = b"v1:" + base64.b64encode(blob)
        with Scene(self.server) as scene:
            tap.equal(scene.good("decrypt", "alias/there", *ARGUMENTS, data=stored), b"the blue door", "decrypted by kmsctl")

    def check_kmsctl_to_boto3(self):
        with Scene(self.server) as scene:
            scene.good("key", "create", "alias/back")
            stored = scene.good("encrypt", "alias/back", *ARGUMENTS, data=b"the red door")
        answer = self.kms.decrypt(CiphertextBlob=base64.b64decode(stored[3:]), EncryptionContext=CONTEXT)
        tap.equal(answer["Plaintext"], b"the red door", "decrypted by boto3")

    def check_data_key(self):
        """As version 0.x of the gem had them made."""
        self.key("alias/data")
        made = self.kms.generate_data_key(KeyId="alias/data", KeySpec="AES_256", EncryptionContext={"a": "b"})
        with Scene(self.server) as scene:
            found = scene.good("decrypt", "alias/data", "-c", "a=b", data=b"v1:" + base64.b64encode(made["CiphertextBlob"]))
        tap.equal(found, made["Plaintext"], "the data key")

    def check_keys_of_kmsctl(self):
        with Scene(self.server) as scene:
            arn = scene.json("key", "create", "alias/shown", "--description", "of kmsctl")["details"]["arn"]
            described = self.kms.describe_key(KeyId="alias/shown")["KeyMetadata"]
            tap.equal((described["Arn"], described["Description"], described["KeyState"]), (arn, "of kmsctl", "Enabled"), "the key")
            scene.good("key", "disable", "alias/shown")
            tap.equal(self.kms.describe_key(KeyId=arn)["KeyMetadata"]["Enabled"], False, "enabled")
            scene.good("key", "delete", "alias/shown", "--days", "8", "--yes")
            tap.equal(self.kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"], "PendingDeletion", "state")

    def double_life(self):
        """What boto3 does with the operations that kmsctl does not use."""
        key = self.key("alias/life")
        blob = self.kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
        self.refuses("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=blob)
        self.refuses("IncorrectKeyException", self.kms.decrypt, CiphertextBlob=blob, KeyId=self.key("alias/second"),
                     EncryptionContext=CONTEXT)
        again = self.kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=CONTEXT, DestinationKeyId="alias/second")
        tap.equal(self.kms.decrypt(CiphertextBlob=again["CiphertextBlob"])["Plaintext"], b"x", "encrypted again")
        self.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
        tap.equal(self.kms.list_resource_tags(KeyId=key)["Tags"], [{"TagKey": "a", "TagValue": "b"}], "tags")
        self.kms.untag_resource(KeyId=key, TagKeys=["a"])
        self.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
        tap.equal(self.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], True, "rotation")
        self.kms.rotate_key_on_demand(KeyId=key)
        self.kms.disable_key(KeyId=key)
        self.refuses("DisabledException", self.kms.encrypt, KeyId=key, Plaintext=b"x")
        self.refuses("ValidationException", self.kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=5)
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.refuses("KMSInvalidStateException", self.kms.enable_key, KeyId=key)
        self.kms.cancel_key_deletion(KeyId=key)
        self.kms.delete_alias(AliasName="alias/life")
        self.refuses("NotFoundException", self.kms.describe_key, KeyId="alias/life")
        self.server.control("page-size", size=1)
        pages = list(self.kms.get_paginator("list_keys").paginate())
        self.server.control("page-size", size=0)
        tap.equal([len(page["Keys"]) for page in pages], [1] * len(pages), "keys of a page")

    def double_sessions(self):
        self.server.control("role", name="app", external_id="its id")
        sts = self.server.client("sts")
        role = {"RoleArn": "arn:aws:iam::111122223333:role/app", "RoleSessionName": "boto3"}
        self.refuses("AccessDenied", sts.assume_role, **role)
        made = sts.assume_role(**role, ExternalId="its id", DurationSeconds=900)["Credentials"]
        keys = aws_servers.Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        self.server.client(keys=keys).list_keys()
        self.refuses("UnrecognizedClientException", self.server.client(keys=keys._replace(token="other")).list_keys)
        self.refuses("InvalidSignatureException", self.server.client(keys=keys._replace(secret="other")).list_keys)
        self.server.control("role", name="web", web_identity="the token")
        role = {"RoleArn": "arn:aws:iam::111122223333:role/web", "RoleSessionName": "boto3"}
        made = sts.assume_role_with_web_identity(**role, WebIdentityToken="the token")["Credentials"]
        tap.equal(made["AccessKeyId"][:4], "ASIA", "what the id begins with")
        self.refuses("InvalidIdentityToken", sts.assume_role_with_web_identity, **role, WebIdentityToken="another")


def main(kind):
    try:
        with aws_servers.KINDS[kind]() as server:
            cases = Cases(server)
            prefixes = ("check_", "double_") if isinstance(server, aws_servers.Double) else ("check_",)
            return tap.run((f"/aws/boto3/{name.split('_', 1)[1].replace('_', '-')}", getattr(cases, name))
                           for name in sorted(dir(cases)) if name.startswith(prefixes))
    except aws_servers.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0


sys.exit(main(*sys.argv[1:]))
