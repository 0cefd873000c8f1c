"""Runs with grpcio: calls a server without a pause until its input ends, and prints what it heard, as JSON.

Arguments: HOST:PORT of the server.
"""

import json
import sys
import threading
from collections import Counter

import grpc

is_over = threading.Event()
heard: "Counter[str]" = Counter()
failures = []


def wait_for_end() -> None:
    sys.stdin.read()
    is_over.set()


with grpc.insecure_channel(sys.argv[1]) as channel:
    ask = channel.unary_unary("/words.Words/Version", lambda text: text.encode(), bytes.decode)
    print(ask("", timeout=60, wait_for_ready=True), flush=True)
    threading.Thread(target=wait_for_end, daemon=True).start()
    while not is_over.is_set():
        try:
            heard[ask("", timeout=30)] += 1
        except grpc.RpcError as error:
            failures.append(str(error))
print(json.dumps({"heard": heard, "failures": failures}))
