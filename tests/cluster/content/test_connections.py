"""Connections that are used again, and what happens where the other side has ended one."""

import socket
import threading
from pathlib import Path

import pytest

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.connections import KEPT
from pipeline.cluster.content.errors import ContentRefused, ContentUnreachable
from pipeline.cluster.content.server import ContentServer, Endpoint
from pipeline.cluster.content.store import ContentStore
from tests.cluster.content.conftest import TOKEN
from tests.cluster.content.helpers import file_with

DATA = bytes(range(256)) * 1000


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Who has connected."""
    found: list[object] = []
    accept = ContentServer.get_request

    def get_request(server: ContentServer) -> tuple[socket.socket, object]:
        request, address = accept(server)
        found.append(address)
        return request, address

    monkeypatch.setattr(ContentServer, "get_request", get_request)
    return found


def test_requests_one_after_the_other_have_one_connection(
    accepted: list[object], client: ContentClient, store: ContentStore, far: ContentStore, tmp_path: Path
) -> None:
    for _ in range(5):
        assert client.call("echo", b'{"a": 1}') == b'{"a": 1}'
    digest = far.put(file_with(tmp_path / "a", DATA)[0]).digest
    client.fetch(digest, len(DATA), store)
    client.push(*file_with(tmp_path / "b", DATA * 2))
    assert client.received(digest) is None
    assert len(accepted) == 1


def test_requests_at_once_have_connections_of_their_own_and_few_are_kept(
    accepted: list[object], client: ContentClient
) -> None:
    threads = [threading.Thread(target=client.call, args=("echo", b"{}")) for _ in range(3 * KEPT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = len(accepted)
    for _ in range(KEPT):
        client.call("echo", b"{}")
    assert len(accepted) == before


def test_one_that_the_other_side_has_ended_is_replaced(far: ContentStore, tmp_path: Path) -> None:
    first = ContentServer(far, TOKEN, answers={"echo": lambda body: body})
    port = first.server_address[1]
    client = ContentClient(first.address, TOKEN, seconds=20, tries=1)
    with first.running():
        client.call("echo", b"1")
    second = ContentServer(far, TOKEN, Endpoint(port=int(port)), answers={"echo": lambda body: body})
    with second.running():
        assert client.call("echo", b"2") == b"2"
        client.push(*file_with(tmp_path / "a", DATA))
    with pytest.raises(ContentUnreachable):
        client.call("echo", b"3")


def test_one_that_was_ended_before_a_push_sends_the_whole_file(far: ContentStore, tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    first = ContentServer(far, TOKEN, answers={"echo": lambda body: body})
    client = ContentClient(first.address, TOKEN, seconds=20, tries=2)
    with first.running():
        client.call("echo", b"1")
    with ContentServer(far, TOKEN, Endpoint(port=int(first.server_address[1]))).running():
        client.push(file, digest)
    assert far.file(digest).read_bytes() == DATA


def test_after_a_refusal_the_next_request_is_answered(client: ContentClient) -> None:
    with pytest.raises(ContentRefused):
        client.call("nothing", bytes(100_000))
    assert client.call("echo", b"{}") == b"{}"


def test_a_body_that_is_too_large_is_refused_and_not_taken_for_a_request(client: ContentClient) -> None:
    with pytest.raises((ContentRefused, ContentUnreachable)):
        client.call("echo", bytes(17 << 20))
    assert client.call("echo", b"{}") == b"{}"


def test_a_fault_of_the_node_is_told(far: ContentStore) -> None:
    def fail(_: bytes) -> bytes:
        raise RuntimeError("a bug")

    server = ContentServer(far, TOKEN, answers={"fail": fail})
    with server.running():
        client = ContentClient(server.address, TOKEN, tries=1)
        with pytest.raises(ContentRefused, match="RuntimeError: a bug"):
            client.call("fail", b"{}")


def test_a_server_that_ends_ends_its_connections(far: ContentStore) -> None:
    server = ContentServer(far, TOKEN, answers={"echo": lambda body: body})
    with server.running():
        mine = socket.create_connection(("127.0.0.1", int(server.server_address[1])), 20)
        mine.sendall(
            b"POST /echo HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        )
        assert mine.recv(4096).startswith(b"HTTP/1.1 200")
    assert mine.recv(4096) == b""
    mine.close()


def test_a_short_request_comes_in_one_piece() -> None:
    """In two, the other side would wake for its head, and once more for the rest."""
    pieces: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            pieces.append(connection.recv(1 << 16))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        client = ContentClient(f"127.0.0.1:{listener.getsockname()[1]}", TOKEN, seconds=20, tries=1)
        assert client.call("echo", b'{"a": 1}') == b"{}"
        thread.join()
    head, _, body = pieces[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /echo HTTP/1.1\r\n")
    assert body == b'{"a": 1}'
