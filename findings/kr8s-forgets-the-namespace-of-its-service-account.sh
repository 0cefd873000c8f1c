#!/usr/bin/env bash
# kr8s, run within a pod, works in the namespace "default", whatever namespace its service account is of.
#
# Kubernetes puts three files into a pod: token, ca.crt and namespace; kubectl there works in the namespace that the third names. kr8s reads
# that file only if no namespace is known yet, which it asks of a property that says "default" where none is. So the file is never read, and
# pods are made and listed elsewhere, or refused where the account may do so in its own namespace alone. Who reads the file, and says
# api(namespace=...), is where they meant to be.
#
# Seen with Python 3.11, kr8s 0.20.15, against a server of our own on loopback that answers what the version is. Exit code 0: as described;
# 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "kr8s==0.20.15"
cat >"$folder/pod.py" <<'EOF2'
import asyncio
import datetime
import http.server
import ipaddress
import os
import ssl
import sys
import threading
from pathlib import Path

import kr8s
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCOUNT = Path(sys.argv[1])


class Version(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"gitVersion": "v1.34.0"}')

    def log_message(self, *_):
        pass


def certificate():
    """Of the server, by itself; the account's ca.crt is the same one."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(1))
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = built.add_extension(place, False).add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made.public_bytes(serialization.Encoding.PEM), private


async def namespaces():
    own = (ACCOUNT / "namespace").read_text()
    found = await kr8s.asyncio.api(serviceaccount=str(ACCOUNT))
    stated = await kr8s.asyncio.api(serviceaccount=str(ACCOUNT), namespace=own)
    print(f"the account's: {own}; kr8s: {found.namespace}; stated: {stated.namespace}")


public, private = certificate()
(ACCOUNT / "ca.crt").write_bytes(public)
(ACCOUNT / "server.pem").write_bytes(private + public)
(ACCOUNT / "token").write_text("t")
(ACCOUNT / "namespace").write_text("lab")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(ACCOUNT / "server.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Version)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(KUBERNETES_SERVICE_HOST="127.0.0.1", KUBERNETES_SERVICE_PORT=str(server.server_port))
asyncio.run(namespaces())
EOF2
mkdir "$folder/account" "$folder/home"
found=$(env -u KUBECONFIG HOME="$folder/home" "$folder/venv/bin/python" "$folder/pod.py" "$folder/account")
echo "$found"
test "$found" = "the account's: lab; kr8s: default; stated: lab"
