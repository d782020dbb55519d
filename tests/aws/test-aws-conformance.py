# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kms-provider-test of the AWS module against the double: test-aws-conformance.py any-key|strict. Its report is this program's."""

import os
import subprocess
import sys

import aws_servers

BUILD, SOURCE = os.environ["BUILD"], os.environ["SOURCE"]


def main(form):
    plugin = os.path.join(SOURCE, "plugins/aws")
    with aws_servers.Double() as server:
        for alias in ("alias/orders", "alias/second"):
            server.control("key", alias=alias)
        command = [os.path.join(BUILD, "provider-test/kms-provider-test"), "--provider", os.path.join(plugin, "aws.provider"),
                   "--key-id=alias/orders", "--second-key-id=alias/second", f"--setting=Region={aws_servers.REGION}",
                   f"--setting=Endpoint={server.address}"]
        if form == "strict":
            command.append("--setting=StrictKeyId=true")
        else:
            command += ["--expect", os.path.join(plugin, "provider-test.expect")]
        values = dict(aws_servers.environment(), AWS_ACCESS_KEY_ID=server.admin.id, AWS_SECRET_ACCESS_KEY=server.admin.secret,
                      AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        return subprocess.run([*command, os.path.join(BUILD, "plugins/aws/kms-aws.so")], env=values, check=False).returncode


sys.exit(main(*sys.argv[1:]))
