"""A file on its way to another node, compared with a bare copy over a loopback socket; for ``cluster.py``."""

import os
import secrets
import socket
import tempfile
import threading
import time
from pathlib import Path

from blake3 import blake3

from pipeline.cluster.content import store as content_store
from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.server import ContentServer

CHUNK = 1 << 20


def seconds_by_socket(source: Path, target: Path) -> float:
    """The least that it can take: sent by the system, digested and written as it comes, and flushed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sender = threading.Thread(target=_send, args=(source, listening.getsockname()))
        start = time.perf_counter()
        sender.start()
        connection, _ = listening.accept()
        hasher = blake3()
        with connection, open(target, "wb", buffering=0) as file:
            while data := connection.recv(CHUNK):
                file.write(data)
                hasher.update(data)
            os.fsync(file.fileno())
        spent = time.perf_counter() - start
        sender.join()
    return spent


def seconds_by_contents(source: Path, folder: Path) -> float:
    """From one node's store to that of another one, over its server."""
    size, token = source.stat().st_size, secrets.token_hex(16)
    with (
        content_store.opened(folder / "from", 4 * size, headroom=0) as given,
        content_store.opened(folder / "to", 4 * size, headroom=0) as taking,
    ):
        digest = given.put(source).digest
        server = ContentServer(given, token)
        with server.running():
            start = time.perf_counter()
            ContentClient(server.address, token).fetch(digest, size, taking)
            return time.perf_counter() - start


def transfer_ratio(megabytes: int, rounds: int) -> float:
    """The least of some rounds of each, in turn: what else runs here makes both longer, at any moment."""
    by_socket, by_contents = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="cluster-") as name:
            folder = Path(name)
            source = folder / "film"
            source.write_bytes(os.urandom(megabytes << 20))
            by_socket.append(seconds_by_socket(source, folder / "copied"))
            by_contents.append(seconds_by_contents(source, folder))
    return min(by_contents) / min(by_socket)


def _send(source: Path, address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection, open(source, "rb") as file:
        connection.sendfile(file)
