# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl with AWS KMS, as people use the two: test-aws-scenes.py SERVER."""

import base64
import json
import os
import re
import sys

import aws_servers
import cli
import tap
import vault_servers

CONTEXT = ("-c", "model_name=User", "-c", "model_id=123")
OTHER = ("-c", "model_name=User", "-c", "model_id=124")


class Scene(cli.Root):
    """A configuration in which the environment says where the server is, and who asks."""

    def __init__(self, server, keys=None, settings="", **variables):
        super().__init__()
        self.server, self.keys, self.variables = server, keys or server.admin, variables
        with open(os.path.join(cli.SOURCE, "plugins/aws/aws.provider"), encoding="ascii") as file:
            self.write("package/providers.d/aws.provider", f"{file.read()}[Settings]\n{settings}")

    def environment(self, **more):
        values = {name: value for name, value in super().environment(**more).items() if not name.startswith(("AWS_", "VAULT_"))}
        values.update(KMS_MODULE_PATH=cli.module_path("plugins/aws", "plugins/vault"), AWS_ENDPOINT_URL=self.server.address,
                      AWS_REGION=aws_servers.REGION, AWS_EC2_METADATA_DISABLED="true", AWS_ACCESS_KEY_ID=self.keys.id,
                      AWS_SECRET_ACCESS_KEY=self.keys.secret)
        if self.keys.token:
            values["AWS_SESSION_TOKEN"] = self.keys.token
        values.update(self.variables)
        return values

    def create(self, alias):
        """The ARN of a new key."""
        return self.json("key", "create", alias)["details"]["arn"]


def only(*kinds):
    """For what other servers do not do."""
    def mark(function):
        function.kinds = kinds
        return function
    return mark


def check_life_of_a_key(server):
    """Created, used, disabled, listed, as a user types it."""
    with Scene(server) as scene:
        scene.good("key", "create", "alias/life", "--description", "of a test")
        stored = scene.good("encrypt", "alias/life", *CONTEXT, data=b"the blue door")
        tap.equal(scene.good("decrypt", "alias/life", *CONTEXT, data=stored), b"the blue door", "decrypted")
        cli.wants(scene.bad(6, "decrypt", "alias/life", *OTHER, data=stored), "wrong context")
        tap.equal(scene.json("key", "show", "alias/life")["state"], "enabled", "state")
        scene.good("key", "disable", "alias/life")
        tap.equal(scene.json("key", "show", "alias/life")["state"], "disabled", "state")
        if "alias/life" not in [key["id"] for key in scene.json("key", "list", "aws")["keys"]]:
            raise tap.Failure("it is not in the list")
        # moto uses disabled keys on, and local-kms denies that they are there when it has to look for them.
        if not isinstance(server, aws_servers.Moto):
            cli.wants(scene.bad(1, "encrypt", "alias/life", *CONTEXT, data=b"x"), "disabled", "kmsctl key enable")
        if isinstance(server, aws_servers.Double):
            cli.wants(scene.bad(1, "decrypt", "alias/life", *CONTEXT, data=stored), "disabled", "kmsctl key enable")
        scene.good("key", "enable", "alias/life")
        tap.equal(scene.good("decrypt", "alias/life", *CONTEXT, data=stored), b"the blue door", "decrypted again")


def check_second_key(server):
    """A box takes a second key: what is rewrapped inside KMS, decrypts; so does what is not yet."""
    with Scene(server) as scene:
        scene.create("alias/first")
        second = scene.create("alias/second")
        scene.good("box", "create", "orders", "--key", "alias/first")
        old = scene.good("encrypt", "orders", *CONTEXT, data=b"the blue door")
        scene.good("box", "new-version", "orders", "--key", "alias/second")
        moved = scene.good("rewrap", "orders", *CONTEXT, data=old)
        tap.equal((old[:3], moved[:3]), (b"v1:", b"v2:"), "versions")
        for stored in (old, moved):
            tap.equal(scene.good("decrypt", "orders", *CONTEXT, data=stored), b"the blue door", "decrypted")
    if isinstance(server, aws_servers.Double):
        operations = [line["operation"] for line in server.control("log")["entries"]]
        tap.equal(operations[-3:], ["ReEncrypt", "Decrypt", "Decrypt"], "what was asked of KMS")
    with Scene(server, settings="StrictKeyId=true\n") as scene:
        tap.equal(scene.good("decrypt", second, *CONTEXT, data=b"v1:" + moved[3:]), b"the blue door", "of the second key")


@only(aws_servers.Double, aws_servers.Moto)
def check_encrypt_only(server):
    """Exit code 4 for who may not decrypt."""
    with Scene(server) as admin:
        admin.create("alias/limited")
    keys = server.add_user("writer", aws_servers.allow("kms:Encrypt"))
    with Scene(server, keys) as scene:
        stored = scene.good("encrypt", "alias/limited", *CONTEXT, data=b"x")
        cli.wants(scene.bad(4, "decrypt", "alias/limited", *CONTEXT, data=stored), "not allowed")
        cli.wants(scene.bad(4, "key", "rotate", "alias/limited"), "not allowed")
    keys = server.add_user("reader", aws_servers.allow("kms:Decrypt"))
    with Scene(server, keys) as scene:
        tap.equal(scene.good("decrypt", "alias/limited", *CONTEXT, data=stored), b"x", "decrypted")
        cli.wants(scene.bad(4, "encrypt", "alias/limited", *CONTEXT, data=b"x"), "not allowed")


def page_policies(arn):
    """Those of kms-aws(5), for this key."""
    with open(os.path.join(cli.SOURCE, "docs/man/kms-aws.5.rst"), encoding="utf-8") as file:
        texts = re.findall(r"^    \{\n(?:^    .*\n)+?^    \}\n", file.read(), flags=re.M)
    policies = [json.loads(text) for text in texts]
    for policy in policies:
        policy["Statement"][0]["Resource"] = arn
    return policies


@only(aws_servers.Double)
def check_policies_of_the_page(server):
    """They allow what the page says, and nothing else."""
    with Scene(server) as admin:
        arn = admin.create("alias/page")
        admin.create("alias/not-of-the-page")
    writer, reader = (server.add_user(f"page{i}", policy) for i, policy in enumerate(page_policies(arn)))
    with Scene(server, writer) as scene:
        stored = scene.good("encrypt", "alias/page", *CONTEXT, data=b"x")
        scene.bad(4, "decrypt", "alias/page", *CONTEXT, data=stored)
        scene.bad(4, "encrypt", "alias/not-of-the-page", *CONTEXT, data=b"x")
        scene.good("doctor", "alias/page")
        of_order = scene.good("encrypt", "alias/page", "-c", "model_name=Order", data=b"x")
    with Scene(server, reader) as scene:
        tap.equal(scene.good("decrypt", "alias/page", *CONTEXT, data=stored), b"x", "decrypted")
        scene.bad(4, "decrypt", "alias/page", "-c", "model_name=Order", data=of_order)
        scene.bad(4, "encrypt", "alias/page", *CONTEXT, data=b"x")


@only(aws_servers.Double, aws_servers.Moto)
def check_wrong_secret(server):
    keys = aws_servers.Keys(server.admin.id, "not the secret")
    with Scene(server, keys) as scene:
        cli.wants(scene.bad(4, "encrypt", "alias/any", *CONTEXT, data=b"x"), "signature is refused")
        cli.wants(scene.run("doctor", "alias/any").stdout.decode(), "signature is refused")
    with Scene(server, aws_servers.Keys("AKIANOBODY0000000000", "nothing")) as scene:
        cli.wants(scene.bad(4, "encrypt", "alias/any", *CONTEXT, data=b"x"), "keys are refused")


def assume_role(server):
    """Keys of a session, by somebody else's client where there is one."""
    if isinstance(server, aws_servers.Double):
        server.control("role", name="app", policy=json.dumps(aws_servers.allow("kms:*")))
    else:
        iam = server.client("iam", region="us-east-1")
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}))
        iam.put_role_policy(RoleName="app", PolicyName="kms", PolicyDocument=json.dumps(aws_servers.allow("kms:*")))
    account = "111122223333" if isinstance(server, aws_servers.Double) else "123456789012"
    sts = server.client("sts")
    made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/app", RoleSessionName="scene")["Credentials"]
    return aws_servers.Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@only(aws_servers.Double, aws_servers.Moto)
def check_session(server):
    try:
        keys = assume_role(server)
    except aws_servers.Missing as reason:
        raise tap.Skip(str(reason)) from None
    with Scene(server) as admin:
        admin.create("alias/session")
    with Scene(server, keys) as scene:
        stored = scene.good("encrypt", "alias/session", *CONTEXT, data=b"x")
        tap.equal(scene.good("decrypt", "alias/session", *CONTEXT, data=stored), b"x", "decrypted")
    with Scene(server, keys._replace(token=keys.token[:-8] + "AAAAAA==")) as scene:
        scene.bad(4, "decrypt", "alias/session", *CONTEXT, data=stored)


def check_move_to_vault(server):
    """Version 1 of a box is at AWS, version 2 at Vault: old and new values decrypt all the while."""
    vault = vault_servers.Double(os.path.join(cli.BUILD, "tests/servers/kms-test-vault"))
    try:
        with Scene(server, VAULT_ADDR=vault.address, VAULT_TOKEN=vault.token) as scene:
            with open(os.path.join(cli.SOURCE, "plugins/vault/vault.provider"), encoding="ascii") as file:
                scene.write("package/providers.d/vault.provider", file.read())
            scene.create("alias/leaving")
            scene.good("key", "create", "vault/orders")
            scene.good("box", "create", "orders", "--key", "alias/leaving")
            old = scene.good("encrypt", "orders", *CONTEXT, data=b"the blue door")
            scene.good("box", "new-version", "orders", "--key", "vault/orders")
            new = scene.good("encrypt", "orders", *CONTEXT, data=b"the red door")
            tap.equal(scene.good("decrypt", "orders", *CONTEXT, data=old), b"the blue door", "the old value")
            moved = scene.good("rewrap", "orders", *CONTEXT, data=old)
            tap.equal([text[:3] for text in (old, new, moved)], [b"v1:", b"v2:", b"v2:"], "versions")
            tap.equal(base64.b64decode(moved[3:])[:9], b"vault:v1:", "who encrypted what was moved")
            # AWS is left behind.
            scene.server = vault
            for stored, plaintext in ((new, b"the red door"), (moved, b"the blue door")):
                tap.equal(scene.good("decrypt", "orders", *CONTEXT, data=stored), plaintext, "decrypted without AWS")
    finally:
        vault.stop()


@only(aws_servers.Double)
def check_other_region(server):
    """From one region to another no KMS takes it: it is decrypted there and encrypted here."""
    far = server.control("key", region="us-east-1")["arn"]
    near = server.control("key", region="eu-west-1")["arn"]
    with Scene(server) as scene:
        scene.good("box", "create", "orders", "--key", far)
        old = scene.good("encrypt", "orders", *CONTEXT, data=b"the blue door")
        scene.good("box", "new-version", "orders", "--key", near)
        server.control("no-log")
        moved = scene.good("rewrap", "orders", *CONTEXT, data=old)
        tap.equal([(line["operation"], line["region"]) for line in server.control("log")["entries"]],
                  [("Decrypt", "us-east-1"), ("Encrypt", "eu-west-1")], "what was asked, and where")
        tap.equal(scene.good("decrypt", "orders", *CONTEXT, data=moved), b"the blue door", "decrypted")
    with Scene(server, settings="Region=eu-west-1\n") as scene:
        cli.wants(scene.bad(1, "encrypt", far, *CONTEXT, data=b"x"), "us-east-1", "Region=")


def check_default_key(server):
    """As a process of the gem finds it."""
    with Scene(server) as scene:
        scene.create("alias/gem")
        env = {"KMS_KEY_ID": "alias/gem"}
        stored = scene.good("encrypt", *CONTEXT, data=b"x", env=env)
        tap.equal(scene.good("decrypt", *CONTEXT, data=stored, env=env), b"x", "decrypted")


@only(aws_servers.Double)
def check_messages(server):
    """Nothing secret is in what is said, with every message switched on and whatever goes wrong."""
    plaintext, secret, token = b"plaintext-Zw8RkVq2mT5uXo9L", "secret-of-messages-Hs7Jf3GyWc6P", "token-of-messages-QtE0aLbN4d"
    server.control("key", alias="alias/messages")
    server.control("access-key", id="AKIAMESSAGES00000000", secret=secret)
    keys = aws_servers.Keys("AKIAMESSAGES00000000", secret)
    said = b""
    for who in (keys, keys._replace(token=token), keys._replace(secret=secret[::-1])):
        with Scene(server, who, KMS_DEBUG="all", G_MESSAGES_DEBUG="all") as scene:
            done = scene.run("-v", "encrypt", "alias/messages", *CONTEXT, data=plaintext)
            stored = done.stdout if done.returncode == 0 else b"v1:" + base64.b64encode(plaintext)
            said += done.stderr + scene.run("-v", "decrypt", "alias/messages", *CONTEXT, data=stored).stderr
            said += scene.run("decrypt", "alias/messages", *OTHER, data=stored).stderr
            for command in (("doctor", "alias/messages"), ("key", "show", "alias/messages"), ("config", "show"), ("inspect", "alias/messages")):
                done = scene.run(*command, data=stored)
                said += done.stdout + done.stderr
    cli.wants(said.decode(), "alias/messages", "DEBUG")
    for word in (plaintext, secret.encode(), secret[::-1].encode(), token.encode()):
        for form in (word, base64.b64encode(word)[:-4], word.hex().encode()):
            if form in said:
                raise tap.Failure(f"{form} in {said}")


@only(aws_servers.Double)
def check_pages(server):
    for i in range(7):
        server.control("key", alias=f"alias/page-{i}")
    server.control("page-size", size=2)
    with Scene(server) as scene:
        names = [key["id"] for key in scene.json("key", "list", "aws")["keys"]]
    server.control("page-size", size=0)
    tap.equal(sorted(name for name in names if name.startswith("alias/page-")), [f"alias/page-{i}" for i in range(7)], "the list")


@only(aws_servers.LocalKms)
def check_pages_of_others(server):
    """More aliases than a page holds."""
    try:
        kms = server.client()
    except aws_servers.Missing as reason:
        raise tap.Skip(str(reason)) from None
    aliases = [f"alias/many-{i:03}" for i in range(120)]
    for alias in aliases:
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    with Scene(server) as scene:
        names = [key["id"] for key in scene.json("key", "list", "aws")["keys"]]
    tap.equal(sorted(name for name in names if name.startswith("alias/many-")), aliases, "the list")


def main(kind):
    try:
        with aws_servers.KINDS[kind]() as server:
            cases = [(name, function) for name, function in sorted(globals().items()) if name.startswith("check_")
                     and type(server) in getattr(function, "kinds", aws_servers.KINDS.values())]
            return tap.run((f"/aws/scenes/{name[6:].replace('_', '-')}", lambda function=function: function(server))
                           for name, function in cases)
    except aws_servers.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0


sys.exit(main(*sys.argv[1:]))
