#!/usr/bin/env bash
# Linux keeps a port for a program that will be started later, if a socket is bound to it that doesn't listen.
#
# "Bind port 0, close, tell the program the number" loses the port to whoever comes in between. Instead the socket stays bound, and gets
# SO_REUSEADDR and SO_REUSEPORT after it was bound. A server that sets either of them before it binds (asyncio, uvicorn, http.server, gRPC, Go and
# Node do) gets the port while the first socket is still there, since that doesn't listen; connections go to the server alone. Nobody
# gets the number from bind(0), and a bind without these options fails. Python's socketserver.TCPServer is such a server: it sets none, unlike
# http.server's. Where SO_REUSEADDR is set before the bind of port 0, two such sockets could be given the same number, so it is set after it.
#
# Seen with Linux 6.18. Exit code 0: as described; 1: something has changed.
set -eu
python3 - <<'PYTHON'
import http.server
import socket
import socketserver
import sys

kept = socket.socket()
kept.bind(("127.0.0.1", 0))
for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
    kept.setsockopt(socket.SOL_SOCKET, option, 1)
port = kept.getsockname()[1]
try:
    socketserver.TCPServer(("127.0.0.1", port), socketserver.BaseRequestHandler)
    sys.exit("socketserver.TCPServer sets SO_REUSEADDR now")
except OSError as error:
    print("socketserver.TCPServer:", error)
numbers = set()
others = []
for _ in range(1000):
    other = socket.socket()
    other.bind(("127.0.0.1", 0))
    numbers.add(other.getsockname()[1])
    others.append(other)
    if len(others) > 500:
        others.pop(0).close()
if port in numbers:
    sys.exit("the port was given to somebody else")
with http.server.HTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler):
    socket.create_connection(("127.0.0.1", port)).close()
    print("http.server listens on the port, which is still bound by the other socket")
PYTHON
