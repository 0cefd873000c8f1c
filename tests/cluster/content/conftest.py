"""A store, a server over another one, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.server import ContentServer
from pipeline.cluster.content.store import ContentStore, opened

TOKEN = "the token of this run"
LIMIT = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with opened(tmp_path / "here", LIMIT, headroom=0) as store:
        yield store


@pytest.fixture
def far(tmp_path: Path) -> Iterator[ContentStore]:
    with opened(tmp_path / "far", LIMIT, headroom=0) as store:
        yield store


@pytest.fixture
def server(far: ContentStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContentServer]:
    serve = ContentServer.serve_forever
    monkeypatch.setattr(ContentServer, "serve_forever", lambda own, _seconds: serve(own, 0.005))  # it ends as fast
    server = ContentServer(far, TOKEN, answers={"echo": lambda body: body})
    with server.running():
        yield server


@pytest.fixture
def client(server: ContentServer, monkeypatch: pytest.MonkeyPatch) -> ContentClient:
    monkeypatch.setattr("pipeline.cluster.content.client.PAUSE", 0.001)
    return ContentClient(server.address, TOKEN, seconds=20, tries=3)
