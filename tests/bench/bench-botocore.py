# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many requests botocore's client sends to the server of bench-aws: ADDRESS KEYID."""
import sys
import time

try:
    import botocore
    import botocore.session
except ImportError:
    print("no figures of botocore: it is not installed (python3-botocore)")
    sys.exit(0)

address, key = sys.argv[1:]
client = botocore.session.get_session().create_client("kms", region_name="eu-west-1", endpoint_url=address)
N = 500
best = best_core = 0
for turn in range(3):
    begin, begin_core = time.perf_counter(), time.process_time()
    for _ in range(N):
        client.encrypt(KeyId=key, Plaintext=bytes(32), EncryptionContext={"model_name": "User", "model_id": "123"})
    best = max(best, N / (time.perf_counter() - begin))
    best_core = max(best_core, N / (time.process_time() - begin_core))
print(f"{'botocore ' + botocore.__version__ + ', one after the other':32} {best:7.0f} requests/s; "
      f"a second and core {best_core:7.0f}")
