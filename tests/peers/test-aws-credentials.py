# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Credentials from everywhere that AWS's clients look for them: test-aws-credentials.py boto3|kmsctl. Both are given the same
files and variables, and have to ask the same services of the double for them; that boto3 gets in shows that the double's STS,
container, metadata service and single sign-on are AWS's to somebody else."""

import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import aws_servers
import cli
import tap

ROLE = "arn:aws:iam::111122223333:role/"
USE = json.dumps(aws_servers.allow("kms:Encrypt", "kms:Decrypt"))
ENCRYPT = """import boto3
boto3.client("kms").encrypt(KeyId="alias/orders", Plaintext=b"x")
"""


class Place:
    """A home with files of AWS, and the variables of a client in there."""

    def __init__(self, server, directory):
        self.server, self.home = server, directory
        self.variables = {"HOME": directory, "AWS_REGION": aws_servers.REGION, "AWS_DEFAULT_REGION": aws_servers.REGION,
                          "AWS_ENDPOINT_URL": server.address, "AWS_EC2_METADATA_DISABLED": "true"}

    def write(self, name, text):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def admin(self, name="default"):
        keys = self.server.admin
        return f"[{name}]\naws_access_key_id = {keys.id}\naws_secret_access_key = {keys.secret}\n"


def link_environment(place):
    place.variables.update(AWS_ACCESS_KEY_ID=place.server.admin.id, AWS_SECRET_ACCESS_KEY=place.server.admin.secret)
    return []


def link_credentials_file(place):
    place.write(".aws/credentials", "# a comment\n" + place.admin("work"))
    place.write(".aws/config", "[profile other]\nregion = us-east-1\n")
    place.variables.update(AWS_PROFILE="work")
    return []


def link_config_file(place):
    place.write(".aws/config", place.admin("profile work"))
    place.variables.update(AWS_PROFILE="work")
    return []


def link_role_of_profile(place):
    place.server.control("role", name="of-profile", policy=USE, external_id="its id")
    place.write(".aws/credentials", place.admin("base"))
    place.write(".aws/config", f"[profile work]\nrole_arn = {ROLE}of-profile\nsource_profile = base\nexternal_id = its id\n"
                               "role_session_name = a-session\nduration_seconds = 900\n")
    place.variables.update(AWS_PROFILE="work")
    return ["AssumeRole"]


def link_role_of_role(place):
    place.server.control("role", name="first", policy=json.dumps(aws_servers.allow("sts:AssumeRole")))
    place.server.control("role", name="second", policy=USE)
    place.write(".aws/credentials", place.admin("base"))
    place.write(".aws/config", f"[profile middle]\nrole_arn = {ROLE}first\nsource_profile = base\n"
                               f"[profile work]\nrole_arn = {ROLE}second\nsource_profile = middle\n")
    place.variables.update(AWS_PROFILE="work")
    return ["AssumeRole", "AssumeRole"]


def link_role_of_container(place):
    place.server.control("role", name="of-container", policy=USE)
    place.server.control("container", policy=json.dumps(aws_servers.allow("sts:AssumeRole")))
    place.write(".aws/config", f"[profile work]\nrole_arn = {ROLE}of-container\ncredential_source = EcsContainer\n")
    place.variables.update(AWS_PROFILE="work", AWS_CONTAINER_CREDENTIALS_FULL_URI=place.server.address + "/v2/credentials")
    return ["container", "AssumeRole"]


def link_web_identity(place):
    place.server.control("role", name="web", policy=USE, web_identity="a.web+identity/token==")
    path = place.write("token", "a.web+identity/token==")
    place.variables.update(AWS_WEB_IDENTITY_TOKEN_FILE=path, AWS_ROLE_ARN=ROLE + "web", AWS_ROLE_SESSION_NAME="pod")
    return ["AssumeRoleWithWebIdentity"]


def write_token(place, name, **more):
    digest = hashlib.sha1(name.encode()).hexdigest()
    place.write(f".aws/sso/cache/{digest}.json", json.dumps({"region": aws_servers.REGION, **more}))


def later(**amount):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**amount)).strftime("%Y-%m-%dT%H:%M:%SZ")


def link_sso_of_old(place):
    start = "https://old.awsapps.com/start"
    place.server.control("sso", token="the access token", account="111122223333", role="Reader", policy=USE)
    write_token(place, start, startUrl=start, accessToken="the access token", expiresAt=later(hours=2))
    place.write(".aws/config", f"[profile work]\nsso_start_url = {start}\nsso_region = eu-west-1\n"
                               "sso_account_id = 111122223333\nsso_role_name = Reader\n")
    place.variables.update(AWS_PROFILE="work")
    return ["sso"]


def link_sso_session(place):
    """Its token ends in five minutes, and is renewed."""
    start = "https://new.awsapps.com/start"
    place.server.control("sso", token="old", account="111122223333", role="Writer", policy=USE)
    place.server.control("sso-refresh", client_id="client", client_secret="secret", refresh_token="again", old="old", new="new")
    write_token(place, "company", startUrl=start, accessToken="old", expiresAt=later(minutes=5), refreshToken="again",
                clientId="client", clientSecret="secret", registrationExpiresAt=later(days=30))
    place.write(".aws/config", f"[sso-session company]\nsso_start_url = {start}\nsso_region = eu-west-1\n"
                               "[profile work]\nsso_session = company\nsso_account_id = 111122223333\nsso_role_name = Writer\n")
    place.variables.update(AWS_PROFILE="work")
    return ["oidc", "sso"]


def link_process(place):
    keys = place.server.admin
    answer = place.write("answer.json", json.dumps({"Version": 1, "AccessKeyId": keys.id, "SecretAccessKey": keys.secret}))
    place.write(".aws/config", f"[profile work]\ncredential_process = /bin/cat \"{answer}\"\n")
    place.variables.update(AWS_PROFILE="work")
    return []


def link_container(place):
    place.server.control("container", authorization="Basic abc", policy=USE)
    place.variables.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=place.server.address + "/v2/credentials",
                           AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic abc")
    return ["container"]


def link_pod(place):
    place.server.control("container", authorization="of a file", policy=USE)
    path = place.write("pod-token", "of a file")
    place.variables.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=place.server.address + "/v2/credentials",
                           AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=path, AWS_CONTAINER_AUTHORIZATION_TOKEN="not this one")
    return ["container"]


def link_instance(place):
    """A token, the role's name, its keys."""
    place.server.control("imds", region=aws_servers.REGION, policy=USE)
    place.variables.update(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=place.server.address)
    return ["imds", "imds", "imds"]


def run_boto3(place):
    """In a process of its own, with the packages that this one found."""
    values = dict(aws_servers.environment(), **place.variables, PYTHONPATH=":".join(filter(None, sys.path)))
    return subprocess.run([sys.executable, "-c", ENCRYPT], env=values, capture_output=True, text=True, check=False, timeout=60)


def run_kmsctl(place):
    with cli.Root() as root:
        with open(os.path.join(cli.SOURCE, "plugins/aws/aws.provider"), encoding="ascii") as file:
            root.write("package/providers.d/aws.provider", file.read())
        values = {name: value for name, value in root.environment().items() if not name.startswith("AWS_")}
        values.update(place.variables, KMS_MODULE_PATH=cli.module_path("plugins/aws"))
        return subprocess.run([cli.KMSCTL, "encrypt", "alias/orders"], input="x", env=values, capture_output=True, text=True,
                              check=False, timeout=60)


def check(server, client, link):
    with tempfile.TemporaryDirectory(prefix="aws-home-") as directory:
        place = Place(server, directory)
        asked = link(place)
        server.control("no-log")
        done = client(place)
    if done.returncode != 0:
        raise tap.Failure(done.stderr)
    log = server.control("log")["entries"]
    tap.equal([line["operation"] for line in log], [*asked, "Encrypt"], "what was asked for")
    kind = "ASIA" if asked else "AKIA"
    tap.equal(log[-1]["access_key_id"][:4], kind, "whose keys they are")


def main(name):
    client = {"boto3": run_boto3, "kmsctl": run_kmsctl}[name]
    if client is run_boto3 and aws_servers.import_boto3() is None:
        print("1..0 # SKIP no boto3: run build-aux/install-peers")
        return 0
    with aws_servers.Double() as server:
        server.control("key", alias="alias/orders")
        return tap.run((f"/aws/credentials/{name}/{link[5:].replace('_', '-')}", lambda function=function: check(server, client, function))
                       for link, function in sorted(globals().items()) if link.startswith("link_"))


sys.exit(main(*sys.argv[1:]))
