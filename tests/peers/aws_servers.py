# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What speaks AWS KMS for a test: the double; moto, which checks signatures and policies of IAM with code of its own; and local-kms,
which checks neither, but states and limits."""

import collections
import glob
import json
import os
import subprocess
import tempfile
import time
import urllib.request

import vault_servers

START_SECONDS = 30
REGION = "eu-west-1"
Keys = collections.namedtuple("Keys", "id secret token", defaults=(None,))


class Missing(Exception):
    """There is no such server here; the text says why."""


def allow(*actions, resource="*"):
    """A policy of IAM."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


def environment():
    """That of this program without what it says of AWS: nothing of it may reach a test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def import_boto3():
    """Somebody else's client, of the environment of build-aux/install-peers or of the system; None without."""
    vault_servers.add_packages()
    try:
        import boto3
        import botocore.config
    except ImportError:
        return None
    return boto3


class Server:
    """A process that serves at an address; with "with", gone at the end."""

    def __init__(self, process, address, admin):
        self.process, self.address, self.admin = process, address, admin

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def client(self, service="kms", keys=None, region=REGION):
        """A client of boto3."""
        boto3 = import_boto3()
        if boto3 is None:
            raise Missing(f"no boto3 in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        keys = keys or self.admin
        config = boto3.session.Config(retries={"max_attempts": 1}, connect_timeout=10, read_timeout=30)
        return boto3.session.Session().client(
            service, endpoint_url=self.address, region_name=region, aws_access_key_id=keys.id,
            aws_secret_access_key=keys.secret, aws_session_token=keys.token, config=config)

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.address, timeout=5).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{self.address} did not answer in {START_SECONDS} s")


class Double(Server):
    """kms-test-aws, with the address of what controls it."""

    def __init__(self):
        program = os.path.join(os.environ["BUILD"], "tests/servers/kms-test-aws")
        process = subprocess.Popen([program, "--seconds=300"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        address, key_id, secret, self.control_address = process.stdout.readline().split()
        super().__init__(process, address, Keys(key_id, secret))

    def control(self, path, **body):
        method = "GET" if path == "log" else "POST"
        request = urllib.request.Request(f"{self.control_address}/test/{path}", json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def add_user(self, name, policy):
        keys = Keys(f"AKIA{name.upper():0<16}", f"the secret of {name}")
        self.control("access-key", id=keys.id, secret=keys.secret, policy=json.dumps(policy))
        return keys

    def stop(self):
        """Ends it as it ends by itself: sanitizers have their say at the end."""
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        if code != 0:
            raise RuntimeError(f"kms-test-aws: exit code {code}")


class Moto(Server):
    """With its IAM switched on: who is not a user of it gets nothing, nor does a user without a policy."""

    def __init__(self):
        python = os.path.join(vault_servers.peers(), "bin/python")
        if not glob.glob(os.path.join(vault_servers.peers(), "lib/python3*/site-packages/moto")):
            raise Missing(f"no moto in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        port = vault_servers.free_port()
        process = subprocess.Popen(["timeout", "300", python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment())
        super().__init__(process, f"http://127.0.0.1:{port}", Keys("anybody", "anybody"))
        self.wait()
        self.admin = self.add_user("admin", allow("*"))
        self.switch_on()

    def switch_on(self):
        """From the next request on."""
        request = urllib.request.Request(f"{self.address}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=30).close()

    def add_user(self, name, policy):
        iam = self.client("iam", region="us-east-1")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"])


class LocalKms(Server):
    """It looks at no signature."""

    def __init__(self):
        program = os.path.join(vault_servers.peers(), "bin/local-kms")
        if not os.path.exists(program):
            raise Missing(f"no local-kms in \"{vault_servers.peers()}\": build-aux/install-peers builds it where there is Go")
        self.home = tempfile.TemporaryDirectory(prefix="local-kms-")
        port = vault_servers.free_port()
        values = dict(environment(), PORT=str(port), KMS_REGION=REGION, KMS_ACCOUNT_ID="111122223333",
                      KMS_DATA_PATH=self.home.name)
        process = subprocess.Popen(["timeout", "300", program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=values, cwd=self.home.name)
        super().__init__(process, f"http://127.0.0.1:{port}", Keys("anybody", "anybody"))
        self.wait()

    def stop(self):
        super().stop()
        self.home.cleanup()


KINDS = {"double": Double, "moto": Moto, "local-kms": LocalKms}
