#!/usr/bin/env bash
# grpcio's Server.stop(grace) cancels calls that arrive between its beginning and the client's hearing of it.
#
# "New RPCs are refused, those that have begun are finished": a call that the client has sent just before it hears that the server is about
# to end is neither. It ends with StatusCode.CANCELLED ("Error received from peer"), which a client can't tell from a cancellation of its own,
# and which no retry policy repeats. So a server that is replaced by another at the same address loses a call now and then, however long its
# grace is. What helps is a proxy that first sends GOAWAY with the highest stream number (RFC 9113, 6.8), waits until the client has closed
# the connection, and only then stops the server.
#
# Seen with grpcio 1.60.0 and 1.73.0. Exit code 0: as described; 1: no call was cancelled in 30 stops.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python="$folder/venv/bin/python"
for version in 1.60.0 1.73.0; do
    "$python" -m pip install --quiet --disable-pip-version-check "grpcio==$version"
    "$python" - <<'PYTHON'
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc


def started(port):
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 1)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("a.A", {"B": handler})])
    number = server.add_insecure_port("127.0.0.1:%d" % port)
    server.start()
    return server, number


ended, is_over = Counter(), threading.Event()


def call(number):
    with grpc.insecure_channel("127.0.0.1:%d" % number) as channel:
        ask = channel.unary_unary("/a.A/B")
        while not is_over.is_set():
            try:
                ask(b"", timeout=10)
                ended["answered"] += 1
            except grpc.RpcError as error:
                ended[str(error.code())] += 1


server, number = started(0)
clients = [threading.Thread(target=call, args=(number,)) for _ in range(4)]
for client in clients:
    client.start()
for _ in range(30):
    time.sleep(0.1)
    before, (server, _) = server, started(number)  # the next one listens before this one stops
    before.stop(5).wait()
is_over.set()
for client in clients:
    client.join()
print("grpcio", grpc.__version__, dict(ended))
if not ended["StatusCode.CANCELLED"]:
    sys.exit("no call was cancelled")
PYTHON
done
