"""A client and a server in one process, over a socket."""

import http.client
import os
import shutil
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.errors import ContentDamaged, ContentRefused, ContentUnknown, ContentUnreachable, NoRoom
from pipeline.cluster.content.server import ContentServer, Endpoint
from pipeline.cluster.content.store import ContentStore
from pipeline.errors import UsageError
from pipeline.files import COPIED_BYTES
from tests.cluster.content.conftest import TOKEN
from tests.cluster.content.helpers import file_with

DATA = bytes(range(256)) * 1000


@pytest.mark.parametrize("data", [DATA, b"", b"x"])
def test_a_content_is_fetched(
    store: ContentStore, far: ContentStore, client: ContentClient, tmp_path: Path, data: bytes
) -> None:
    digest = far.put(file_with(tmp_path / "a", data)[0]).digest
    client.fetch(digest, len(data), store)
    assert store.file(digest).read_bytes() == data


@pytest.mark.parametrize("data", [DATA, b"", b"x"])
def test_a_file_is_pushed(far: ContentStore, client: ContentClient, tmp_path: Path, data: bytes) -> None:
    file, digest = file_with(tmp_path / "a", data)
    client.push(file, digest)
    assert far.file(digest).read_bytes() == data
    assert client.received(digest) is None
    client.push(file, digest)


def test_a_fetch_goes_on_where_it_broke_off(
    store: ContentStore, far: ContentStore, client: ContentClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = far.put(file_with(tmp_path / "a", DATA)[0]).digest
    reads: list[int] = []
    whole = http.client.HTTPResponse.read

    def broken(response: http.client.HTTPResponse, amount: int | None = None) -> bytes:
        if amount != COPIED_BYTES:
            return whole(response, amount)
        reads.append(len(reads))
        if len(reads) % 2 == 0 and len(reads) < 20:
            raise ConnectionResetError
        return whole(response, 20_000)

    monkeypatch.setattr(http.client.HTTPResponse, "read", broken)
    client.fetch(digest, len(DATA), store)
    assert store.file(digest).read_bytes() == DATA
    assert len(reads) > 20  # more breaks than tries in a row, and each brought something


def test_a_push_goes_on_where_it_broke_off(far: ContentStore, client: ContentClient, tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    with far.receive(digest, len(DATA)) as partial:
        assert partial is not None
        partial.write(DATA[:1234])
    assert client.received(digest) == 1234
    client.push(file, digest)
    assert far.file(digest).read_bytes() == DATA


def test_what_the_other_side_does_not_have_is_told(store: ContentStore, client: ContentClient) -> None:
    with pytest.raises(ContentUnknown):
        client.fetch("blake3:" + "0" * 64, 3, store)


def test_a_damaged_content_never_arrives_and_goes_where_it_came_from(
    store: ContentStore, far: ContentStore, client: ContentClient, tmp_path: Path
) -> None:
    digest = far.put(file_with(tmp_path / "a", DATA)[0]).digest
    times = far.file(digest).stat()
    far.file(digest).chmod(0o644)
    far.file(digest).write_bytes(b"y" * len(DATA))
    os.utime(far.file(digest), ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ContentDamaged):
        client.fetch(digest, len(DATA), store)
    assert store.find(digest) is None
    assert far.find(digest) is None


def test_a_file_that_is_not_what_was_said_is_refused(far: ContentStore, client: ContentClient, tmp_path: Path) -> None:
    file, _ = file_with(tmp_path / "a", DATA)
    with pytest.raises(ContentDamaged):
        client.push(file, "blake3:" + "0" * 64)
    assert far.find("blake3:" + "0" * 64) is None


def test_a_file_for_which_there_is_no_room_is_refused(client: ContentClient, tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", bytes(5 << 20))
    with pytest.raises(NoRoom):
        client.push(file, digest)


@pytest.mark.parametrize("token", ["", "another", TOKEN + "x"])
def test_without_the_token_nothing_is_told(
    server: ContentServer, far: ContentStore, store: ContentStore, tmp_path: Path, token: str
) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    far.put(file)
    stranger = ContentClient(server.address, token)
    with pytest.raises(ContentRefused):
        stranger.fetch(digest, len(DATA), store)
    with pytest.raises(ContentRefused):
        stranger.push(file, digest)
    with pytest.raises(ContentRefused):
        stranger.call("echo", b"{}")


def test_a_server_that_is_gone_is_told_after_a_few_tries(
    server: ContentServer, client: ContentClient, store: ContentStore
) -> None:
    nobody = ContentClient("127.0.0.1:9", TOKEN, tries=2)
    with pytest.raises(ContentUnreachable):
        nobody.fetch("blake3:" + "0" * 64, 3, store)
    with pytest.raises(ContentUnreachable):
        nobody.call("echo", b"{}")


def test_a_node_s_own_answers_are_json(client: ContentClient) -> None:
    assert client.call("echo", b'{"a": 1}') == b'{"a": 1}'
    with pytest.raises(ContentRefused):
        client.call("nothing", b"{}")


@pytest.mark.parametrize("path", ["/content/blake3:zz", "/content/../../etc/passwd", "/content/", "/"])
def test_names_that_are_no_digests_are_refused(server: ContentServer, path: str) -> None:
    connection = http.client.HTTPConnection(server.address)
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert connection.getresponse().status in {400, 404}
    connection.close()


def test_many_who_fetch_one_content_read_it_once(
    store: ContentStore,
    far: ContentStore,
    server: ContentServer,
    client: ContentClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest = far.put(file_with(tmp_path / "a", DATA)[0]).digest
    asked: list[str] = []
    rest = ContentClient._fetch_rest

    def counted(client: ContentClient, partial: Any, proceed: Any) -> None:
        asked.append(partial.digest)
        rest(client, partial, proceed)

    monkeypatch.setattr(ContentClient, "_fetch_rest", counted)
    threads = [threading.Thread(target=client.fetch, args=(digest, len(DATA), store)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [digest]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "node7"])
def test_no_server_is_open_to_other_machines_without_tls(store: ContentStore, host: str) -> None:
    with pytest.raises(UsageError):
        ContentServer(store, TOKEN, Endpoint(host))


def test_a_server_needs_a_token(store: ContentStore) -> None:
    with pytest.raises(UsageError):
        ContentServer(store, "")


def test_with_certificates_contents_travel_by_tls(
    store: ContentStore, far: ContentStore, tmp_path: Path, spawning: None
) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl to make a certificate with")
    made, key = tmp_path / "node.pem", tmp_path / "node.key"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made]
    subprocess.run([program, *words, *map(str, names)], check=True, capture_output=True, timeout=60)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(made, key)
    digest = far.put(file_with(tmp_path / "a", DATA)[0]).digest
    server = ContentServer(far, TOKEN, Endpoint(tls=ours))
    with server.running():
        client = ContentClient(server.address, TOKEN, ssl.create_default_context(cafile=str(made)), tries=2)
        client.fetch(digest, len(DATA), store)
        client.push(*file_with(tmp_path / "b", DATA * 2))
        stranger = ContentClient(server.address, TOKEN, ssl.create_default_context(), seconds=5, tries=1)
        with pytest.raises(ContentUnreachable):
            stranger.fetch("blake3:" + "0" * 64, 3, store)
    assert store.file(digest).read_bytes() == DATA
