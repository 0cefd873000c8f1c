"""Files that come from the browser: into the project's folder, whole or not at all."""

import io
import shutil
from collections.abc import Iterator
from http import HTTPStatus
from io import BufferedReader
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import NotReady, UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold.portable_names import problem
from pipeline.ui import uploads
from pipeline.ui.messages import Upload
from pipeline.ui.uploads import SPARE, UploadFolder, portable
from tests.conftest import Sandbox
from tests.ui.pages import Browser, served


def upload(content: bytes, size: int | None = None) -> Upload:
    return Upload(BufferedReader(io.BytesIO(content)), len(content) if size is None else size)


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    return UploadFolder(ProjectFolder(tmp_path))


def test_a_file_is_there_under_its_name_and_a_second_one_beside_it(folder: UploadFolder) -> None:
    first, second = folder.receive("film.mkv", upload(b"one")), folder.receive("film.mkv", upload(b"two"))
    assert (first.name, second.name) == ("film.mkv", "film-2.mkv")
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


def test_no_more_is_read_than_was_announced(folder: UploadFolder) -> None:
    assert folder.receive("film.mkv", upload(b"12345", size=3)).read_bytes() == b"123"


def test_of_one_that_ends_early_nothing_is_left(folder: UploadFolder) -> None:
    with pytest.raises(UsageError, match="whole"):
        folder.receive("film.mkv", upload(b"123", size=4))
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize("size", [0, uploads.LARGEST + 1])
def test_a_size_that_is_not_taken_is_refused(folder: UploadFolder, size: int) -> None:
    with pytest.raises(UsageError):
        folder.require_room(size)


def test_where_the_disk_has_no_room_nothing_is_written(folder: UploadFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=SPARE + 9))
    with pytest.raises(NotReady):
        folder.receive("film.mkv", upload(b"1234567890"))
    assert not folder.path.exists()
    assert folder.receive("film.mkv", upload(b"123456789")).stat().st_size == 9


def test_what_a_killed_server_has_left_is_removed_after_a_day(
    folder: UploadFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.path.mkdir()
    left = folder.path / ".film.mkv.upload"
    left.write_text("half")
    folder.receive("a", upload(b"a"))
    assert left.exists()
    monkeypatch.setattr(uploads, "FORGOTTEN_SECONDS", -1)
    folder.receive("b", upload(b"b"))
    assert not left.exists()


OUTSIDE = ["../../etc/passwd", "/etc/passwd", "..", "", ".", "~", "-rf", ".hidden", "film."]
ODD = ["con", "nul.mkv", "a:b?.mkv", "x" * 300 + ".mkv", "\n", "a\0b", "é" * 200 + ".mkv", "\ud800.mkv", "日本" * 90]


@pytest.mark.parametrize("name", [*OUTSIDE, *ODD])
def test_any_name_becomes_one_inside_the_folder(folder: UploadFolder, name: str) -> None:
    assert problem(portable(name)) is None
    assert folder.receive(name, upload(b"1")).parent == folder.path


def test_a_usual_name_stays() -> None:
    name = "Le Fabuleux Destin d'Amélie (2001) [1080p].mkv"
    assert portable(name) == name


@pytest.fixture
def editor(sandbox: Sandbox) -> Iterator[Browser]:
    yield from served(sandbox, edits=True)


def test_a_file_comes_over_http(editor: Browser, sandbox: Sandbox) -> None:
    assert editor.send("POST", "/uploads?size=5")[0] == HTTPStatus.OK
    status, _, body = editor.send("PUT", "/uploads/..%2Ffilm.mkv", {"Content-Length": "0"})
    assert status == HTTPStatus.CONFLICT, body
    assert editor.send("PUT", "/uploads/film.mkv", {"Transfer-Encoding": "chunked"})[0] == HTTPStatus.LENGTH_REQUIRED
    assert not (sandbox.root / "uploads").exists()
