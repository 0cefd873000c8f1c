"""uv at work: with an index on the loopback that fails, lies or is slow, and within its time."""

import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import Deadline, PackageSources
from pipeline.envs.definition import Definition
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import build_folders, make_wheel
from tests.envs.conftest import locked

WHEEL = "quirk-1.0-py3-none-any.whl"
BUSY_TWICE = """#!/bin/sh
case "$*" in *"pip sync"*)
    tries={folder}/tries
    echo >>$tries
    if [ "$(wc -l <$tries)" -lt 3 ]; then echo "cause: Text file busy (os error 26)"; exit 2; fi
esac
exec {uv} "$@"
"""


@dataclass
class Index:
    """Serves one wheel, after so many failures of some kind."""

    wheel: bytes
    digest: str
    failures: int = 0
    how: str = "503"
    asked: list[str] = field(default_factory=list)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        if len(self.asked) <= self.failures:
            self._fail(request)
            return
        link = f'<a href="/{WHEEL}#sha256={self.digest}">{WHEEL}</a>'.encode()
        body = self.wheel if request.path.endswith(".whl") else link
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _fail(self, request: http.server.BaseHTTPRequestHandler) -> None:
        if self.how == "close":
            request.close_connection = True
            request.connection.close()
        else:
            request.send_error(int(self.how))


@pytest.fixture
def index(tmp_path: Path, installer: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Where uv looks, instead of this test's wheels."""
    wheel = make_wheel(tmp_path, "quirk", "1.0", "VERSION = '1.0'\n").read_bytes()
    served = Index(wheel, hashlib.sha256(wheel).hexdigest())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        do_HEAD = do_GET  # noqa: N815  # as the library calls it

        def log_message(self, *_: object) -> None:
            """Nothing."""

    for name in ("UV_OFFLINE", "UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        yield served
        server.shutdown()


@pytest.fixture
def wanted(index: Index, tmp_path: Path) -> Definition:
    lock = tmp_path / "alpha.lock"
    lock.write_text(f"quirk==1.0 --hash=sha256:{index.digest}\n")
    return Definition("alpha", ">=3.11", lock, imports=("quirk",))


def patient(builder: Builder, *pauses: float) -> Builder:
    return replace(builder, sources=PackageSources(pauses=pauses))


@pytest.mark.parametrize("how", ["503", "429", "close"])
def test_what_may_pass_by_itself_is_tried_again(builder: Builder, wanted: Definition, index: Index, how: str) -> None:
    index.failures, index.how = 1000, how
    told: list[str] = []

    def progress(step: str) -> None:
        told.append(step)
        if step.startswith("trying again"):
            index.failures = 0

    assert patient(builder, 0.01, 0.01).ensure(wanted, progress).prefix.is_dir()
    assert [step for step in told if "0.01 s" in step]


def test_what_stays_away_is_given_up_with_the_installer_s_words(
    builder: Builder, wanted: Definition, index: Index
) -> None:
    index.failures = 1000
    with pytest.raises(NotReady) as refused:
        patient(builder, 0.01, 0.01).ensure(wanted, quiet)
    assert "503 Service Unavailable" in refused.value.message
    assert "network" in str(refused.value.next_step)


def test_a_version_that_is_nowhere_is_asked_for_once(builder: Builder, wanted: Definition, index: Index) -> None:
    wanted.locked.write_text(f"quirk==9.0 --hash=sha256:{index.digest}\n")
    told: list[str] = []
    with pytest.raises(NotReady, match=r"there is no version of quirk==9\.0"):
        patient(builder, 0.01).ensure(wanted, told.append)
    assert not [step for step in told if "0.01 s" in step]


def test_a_file_with_other_content_than_the_lock_says_is_refused_and_named(
    builder: Builder, wanted: Definition, index: Index, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    index.wheel = make_wheel(tmp_path / "other", "quirk", "1.0", "VERSION = 'evil'\n").read_bytes()
    with pytest.raises(NotReady, match=r"Hash mismatch for `quirk==1\.0`"):
        builder.ensure(wanted, quiet)
    assert not build_folders(builder.registry.builds)


def test_what_is_in_the_cache_is_not_asked_of_the_index(builder: Builder, wanted: Definition, index: Index) -> None:
    builder.ensure(wanted, quiet)
    before = len(index.asked)
    assert before
    builder.ensure(wanted, quiet, force=True)
    assert len(index.asked) == before


def test_offline_what_is_missing_is_named_with_the_command_that_brings_it(
    builder: Builder, wanted: Definition, index: Index
) -> None:
    offline = replace(builder, sources=PackageSources(offline=True))
    with pytest.raises(NotReady) as refused:
        offline.ensure(wanted, quiet)
    assert "environment 'alpha'" in refused.value.message
    assert "quirk" in refused.value.message
    assert "bootstrap --env alpha" in str(refused.value.next_step)
    assert index.asked == []


def test_a_folder_of_wheels_does_not_hide_those_that_the_caller_names(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    folder = tmp_path / "cache, of wheels"  # a comma stands between two folders for uv
    folder.mkdir()
    make_wheel(folder, "other", "1.0", "")
    lock = tmp_path / "both.lock"
    lock.write_text(definition.locked.read_text() + locked(folder / "other-1.0-py3-none-any.whl"))
    both = replace(definition, lock=lock, imports=("quirk", "other"))
    assert replace(builder, sources=PackageSources(wheels=folder)).ensure(both, quiet).prefix.is_dir()


def test_offline_a_folder_of_wheels_is_enough(
    builder: Builder, wanted: Definition, index: Index, tmp_path: Path
) -> None:
    folder = tmp_path / "cache/wheels"
    folder.mkdir(parents=True)
    shutil.copy(tmp_path / WHEEL, folder)
    assert replace(builder, sources=PackageSources(True, folder)).ensure(wanted, quiet).prefix.is_dir()
    assert index.asked == []


def test_a_lock_that_was_edited_by_hand_is_refused_with_its_name_and_what_is_wrong_in_it(
    builder: Builder, wanted: Definition
) -> None:
    wanted.locked.write_text("quirk===~1.0 ]]\n")
    with pytest.raises(NotReady) as refused:
        builder.ensure(wanted, quiet)
    assert "alpha.lock" in refused.value.message
    assert "quirk===~1.0 ]]" in refused.value.message


def test_a_program_that_is_still_being_written_is_waited_for(
    builder: Builder, wanted: Definition, index: Index, tmp_path: Path
) -> None:
    """As a virus scanner, or another process's fork, holds a file for a moment."""
    uv = tmp_path / "uv"
    uv.write_text(BUSY_TWICE.format(folder=tmp_path, uv=builder.uv))
    uv.chmod(0o755)
    told: list[str] = []
    assert replace(patient(builder, 0.01, 0.01), uv=uv).ensure(wanted, told.append).prefix.is_dir()
    assert [step for step in told if "0.01 s" in step]


@pytest.mark.parametrize(("seconds", "shown"), [(1800, "30 min"), (90, "1.5 min"), (0.2, "0.2 s")])
def test_a_deadline_is_shown_as_a_person_would_write_it(seconds: float, shown: str) -> None:
    assert str(Deadline(seconds)) == shown


def test_a_deadline_that_has_passed_leaves_a_moment() -> None:
    assert 0 < Deadline(0).left() < 1


def test_a_token_in_the_path_of_an_index_is_in_no_log_and_no_message(
    builder: Builder, definition: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = tmp_path / "uv"
    fails = 'case "$*" in *"pip sync"*) echo "Failed to fetch http://host/very-secret/simple/quirk"; exit 2; esac'
    telling.write_text(f'#!/bin/sh\n{fails}\nexec {builder.uv} "$@"\n')
    telling.chmod(0o755)
    monkeypatch.setenv("TOKEN", "very-secret")
    private = replace(definition, index="http://host/${TOKEN}/simple")
    with pytest.raises(NotReady, match=r"http://host/\*\*\*\*/simple/quirk") as refused:
        replace(builder, uv=telling, sources=PackageSources(pauses=())).ensure(private, quiet)
    assert "very-secret" not in str(refused.value.message)
    log = builder.logs.joinpath("alpha.log").read_text()
    assert "http://host/****/simple/quirk" in log
    assert "very-secret" not in log
