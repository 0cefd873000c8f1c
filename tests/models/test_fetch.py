"""Getting a model: the first source that has it whole, and nothing half in the store."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.models import FolderSource
from pipeline.errors import ExitCode, NotReady
from pipeline.models import fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from tests.models.conftest import CONTENT, declare, filled, quiet

NO_UV = Fetcher(Path("/nowhere/uv"))  # folders need none


def test_a_model_from_a_folder_stands_whole_in_the_store(store: ModelStore, folder: Path) -> None:
    spec = declare(FolderSource(folder))
    found = fetch.ensure(store, spec, NO_UV, quiet)
    assert {name: (found / name).read_bytes() for name in CONTENT} == CONTENT
    assert found == store.folder(spec.name, spec.digest)
    assert store.problem(spec.name, spec.digest) is None


def test_a_model_that_is_there_is_not_fetched_again(store: ModelStore, folder: Path) -> None:
    fetch.ensure(store, declare(FolderSource(folder)), NO_UV, quiet)
    told: list[str] = []
    fetch.ensure(store, declare(FolderSource(Path("/nowhere"))), NO_UV, told.append)
    assert told == []


def test_a_wrong_file_is_refused_and_the_next_source_is_tried(store: ModelStore, folder: Path, tmp_path: Path) -> None:
    wrong = filled(tmp_path / "wrong", model=b"something else")
    told: list[str] = []
    found = fetch.ensure(store, declare(FolderSource(wrong), FolderSource(folder)), NO_UV, told.append)
    assert (found / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert told == [
        f"fetching from the folder {wrong}",
        f"fetching from the folder {folder}",
        "flushing to the disk",
    ]


def test_a_missing_folder_is_not_said_to_be_fetched_from(store: ModelStore, folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    fetch.ensure(store, declare(FolderSource(tmp_path / "own"), FolderSource(folder)), NO_UV, told.append)
    assert told == [f"fetching from the folder {folder}", "flushing to the disk"]


def test_when_all_sources_fail_each_reason_is_told_and_nothing_stays(store: ModelStore, tmp_path: Path) -> None:
    wrong = filled(tmp_path / "wrong", config=b"[]")
    with pytest.raises(NotReady) as refused:
        fetch.ensure(store, declare(FolderSource(tmp_path / "absent"), FolderSource(wrong)), NO_UV, quiet)
    first, second, third = refused.value.message.splitlines()
    assert first == "model 'tiny' can't be had from any of its sources:"
    assert str(tmp_path / "absent") in second
    assert "model.bin" in second
    assert str(wrong) in third
    assert "config.json" in third
    assert refused.value.exit_code == ExitCode.NOT_READY
    assert refused.value.next_step is not None
    assert [path.name for path in store.root.iterdir()] == ["tiny.lock"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_reason_to_try_the_next_source(
    store: ModelStore, folder: Path, tmp_path: Path
) -> None:
    closed = filled(tmp_path / "closed")
    (closed / "model.bin").chmod(0)
    assert fetch.ensure(store, declare(FolderSource(closed), FolderSource(folder)), NO_UV, quiet).is_dir()


def test_a_model_of_many_files_that_the_disk_could_not_write_is_not_accepted(
    store: ModelStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged_disk(part: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(part))

    spec = declare(FolderSource(folder))
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "MANY", 0)
        patch.setattr(fetch, "sync_disk", damaged_disk)
        with pytest.raises(OSError, match="Input/output error"):
            fetch.ensure(store, spec, NO_UV, quiet)
    assert store.problem(spec.name, spec.digest) is not None
    fetch.ensure(store, spec, NO_UV, quiet)
    assert store.problem(spec.name, spec.digest) is None


def test_a_damaged_model_is_fetched_again(store: ModelStore, folder: Path) -> None:
    spec = declare(FolderSource(folder))
    found = fetch.ensure(store, spec, NO_UV, quiet)
    (found / "model.bin").write_bytes(b"torn")
    (found / "stray").touch()
    assert fetch.ensure(store, spec, NO_UV, quiet) == found
    assert (found / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert not (found / "stray").exists()


def test_what_an_interrupted_fetch_left_is_removed(store: ModelStore, folder: Path) -> None:
    store.root.mkdir(parents=True)
    for name in (".tiny+abc.part", ".tiny+abc.partxyz"):
        (store.root / name).mkdir()
        (store.root / name / "model.bin").write_bytes(b"half")
    fetch.ensure(store, declare(FolderSource(folder)), NO_UV, quiet)
    assert [path.name for path in store.root.glob(".*")] == []


def test_a_model_whose_name_begins_like_another_s_leaves_its_fetch_alone(store: ModelStore, folder: Path) -> None:
    during: list[list[str]] = []

    def watch(_step: str) -> None:
        spec = declare(FolderSource(folder), name="tiny")
        fetch.ensure(store, spec, NO_UV, quiet)  # meanwhile
        during.append([path.name for path in store.root.glob(".tiny.en*")])

    fetch.ensure(store, declare(FolderSource(folder), name="tiny.en"), NO_UV, watch)
    assert all(len(parts) == 1 for parts in during)


FETCH = """
import sys, time
from pathlib import Path
from pipeline.models import fetch
from pipeline.models.store import ModelStore
from pipeline.models.sources import Fetcher
from pipeline.config.models import FolderSource
from tests.models.conftest import declare

def progress(step):
    print(step, flush=True)
    if step == "verifying":
        sys.stdin.read()

fetch.ensure(ModelStore(Path(sys.argv[1])), declare(FolderSource(Path(sys.argv[2]))), Fetcher(Path("uv")), progress)
"""


def test_a_fetch_that_was_killed_leaves_nothing_that_is_used(store: ModelStore, folder: Path, spawning: None) -> None:
    spec = declare(FolderSource(folder))
    child = subprocess.Popen(
        [sys.executable, "-c", FETCH, store.root.parent, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    while child.stdout.readline() != b"flushing to the disk\n":
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=90)
    assert list(store.root.glob(".tiny+*"))
    assert store.problem(spec.name, spec.digest) is not None
    found = fetch.ensure(store, spec, NO_UV, quiet)
    assert (found / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert not list(store.root.glob(".tiny+*"))
