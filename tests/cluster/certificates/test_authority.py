"""Certificates: who gets in with them, and who doesn't."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.cluster.certificates import authority
from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.errors import NotReady


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    made = CertificateFiles(tmp_path / "certificates")
    authority.make(made)
    return made


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> bytes:
    """What the client gets of the server."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secure:
                secure.sendall(b"hello")
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours) as secure:
            return secure.recv(16)
    finally:
        ours.close()
        thread.join(10)


def test_nobody_else_may_read_the_files(files: CertificateFiles) -> None:
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.all} == {0o600}


def test_a_driver_and_a_node_of_one_authority_understand_each_other(files: CertificateFiles) -> None:
    assert handshake(files.context("node", is_server=True), files.context("driver", is_server=False)) == b"hello"


def test_a_driver_of_another_authority_is_refused(files: CertificateFiles, tmp_path: Path) -> None:
    others = CertificateFiles(tmp_path / "others")
    authority.make(others)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(files.context("node", is_server=True), others.context("driver", is_server=False))


def test_a_driver_without_a_certificate_is_refused(files: CertificateFiles) -> None:
    client = ssl.create_default_context(cafile=str(files.authority))
    client.check_hostname = False
    with pytest.raises((ssl.SSLError, ConnectionError)):
        assert handshake(files.context("node", is_server=True), client) == b"hello"


def test_the_key_of_the_authority_is_kept_nowhere(files: CertificateFiles) -> None:
    assert sorted(file.name for file in files.folder.iterdir()) == [
        "authority.crt",
        "driver.crt",
        "driver.key",
        "node.crt",
        "node.key",
    ]


def test_old_ones_are_told_with_the_command_that_makes_new_ones(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path / "old")
    authority.make(files, days=0)
    with pytest.raises(NotReady, match="ended on") as caught:
        files.require_valid("pipeline cluster certificates desk --force")
    assert caught.value.command == "pipeline cluster certificates desk --force"
    authority.ensure(files)
    assert files.expiry() > datetime.now(UTC) + timedelta(days=300)


def test_those_that_are_good_stay(files: CertificateFiles) -> None:
    before = files.key("node").read_bytes()
    authority.ensure(files)
    assert files.key("node").read_bytes() == before


def test_missing_and_damaged_ones_are_told(tmp_path: Path, files: CertificateFiles) -> None:
    with pytest.raises(NotReady, match="there are no certificates"):
        CertificateFiles(tmp_path / "none").require_valid("x")
    files.certificate("node").write_bytes(b"nonsense")
    with pytest.raises(NotReady, match="is no certificate"):
        files.require_valid("x")
