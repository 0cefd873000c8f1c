#!/usr/bin/env bash
# A StreamReader of asyncio raises the error of a failed write instead of giving what it has received before: a server's early answer
# (413 to an upload that is too large, 401, 503), which a plain socket still reads, is lost.
#
# The server answers before the request has come whole, and closes. The client has the answer already, and goes on writing; when that fails,
# asyncio gives the error to the reader, too, and read() raises it first, whatever is in its buffer. So a client or a proxy that writes a body
# tells "connection reset" for what the server said plainly. Who wants the answer must read beside the writing, and keep what has come.
#
# Seen with Python 3.11 on Linux; nothing is installed. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/answers.py" <<'EOF2'
import asyncio
import socket
import threading
import time

REQUEST = b"PUT /film HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"
ANSWER = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
PIECE, PIECES = bytes(50_000), 20


def refuse(listener):
    for _ in range(2):
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(ANSWER)
        connection.close()


def by_socket(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(REQUEST)
        begins = connection.recv(9)
        try:
            for _ in range(PIECES):
                connection.sendall(PIECE)
                time.sleep(0.01)
        except ConnectionError:
            return f"{begins.decode()}... write failed ... {connection.recv(3).decode()}"
    return "all was written"


async def by_streams(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    begins = await reader.readexactly(9)
    try:
        for _ in range(PIECES):
            writer.write(PIECE)
            await writer.drain()
            await asyncio.sleep(0.01)
    except ConnectionError:
        try:
            return f"{begins.decode()}... write failed ... {(await reader.read(3)).decode()}"
        except ConnectionError:
            return f"{begins.decode()}... write failed ... read raises ConnectionError"
    return "all was written"


with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
    threading.Thread(target=refuse, args=(listener,), daemon=True).start()
    print("socket: ", by_socket(port))
    print("asyncio:", asyncio.run(by_streams(port)))
EOF2
found=$(python3 "$folder/answers.py")
echo "$found"
echo "$found" | grep -q "^socket:  HTTP/1.1 ... write failed ... 413$"
echo "$found" | grep -q "^asyncio: HTTP/1.1 ... write failed ... read raises ConnectionError$"
