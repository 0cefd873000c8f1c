"""What a version of a service has answered is read, also where it has closed the connection before a write."""

import asyncio
import socket
import struct
import time

import pytest

from pipeline.services.front.backend_connection import BackendConnection

HEAD = b"HTTP/1.1 413 Too large\r\nContent-Length: 5\r\n\r\n"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closed at once, without a word


def answered_and_closed(server: socket.socket, is_reset: bool) -> None:
    peer, _ = server.accept()
    peer.sendall(HEAD + b"large")
    time.sleep(0.05)  # until it has come: what hasn't is lost by a reset
    if is_reset:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()


@pytest.mark.parametrize("is_reset", [True, False])
@pytest.mark.parametrize("is_read_before", [True, False])
def test_an_answer_is_not_lost_when_a_write_fails(is_reset: bool, is_read_before: bool) -> None:
    async def asked(server: socket.socket) -> tuple[bytes, bytes, bytes]:
        connection = await BackendConnection.opened(server.getsockname())
        answered_and_closed(server, is_reset)
        if is_read_before:
            await asyncio.sleep(0.05)
        for _ in range(3):
            connection.writer.write(b"more of the request")
            time.sleep(0.02)  # for the peer's word that it is closed
        head = await connection.incoming.head()
        body = await connection.incoming.peek()
        connection.incoming.take(len(body))
        end = await connection.incoming.peek()
        connection.close()
        return head, body, end

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert asyncio.run(asked(server)) == (HEAD, b"large", b"")
