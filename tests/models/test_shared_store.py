"""One store that two users fetch into: what one of them made or left lying serves the other one."""

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.config.models import FolderSource
from pipeline.models import fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from tests.models.conftest import CONTENT, declare, filled, quiet

ANN, BOB, GROUP = 60001, 60002, 60000
FETCHER = Fetcher(Path("uv"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or os.geteuid() != 0, reason="only root can be two other users")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that both may write to, where both may go; a test's own folder lies in one that is for root alone."""
    before = os.umask(0o022)  # whatever a command has left to this process
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, -1, GROUP)
        Path(folder).chmod(0o2775)
        yield Path(folder)
    os.umask(before)


def started(user: int, work: Callable[[], object]) -> int:
    """A process of this user that does the work. All modules are loaded: the user may not read where they are."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setgroups([GROUP])
        os.setgid(GROUP)
        os.setuid(user)
        os.umask(0o022)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def done(*children: int) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


@pytest.fixture
def source(shared: Path, tmp_path: Path) -> FolderSource:
    """What is fetched; one fetch loads all modules that it needs."""
    source = FolderSource(filled(shared / "copy"))
    fetch.ensure(ModelStore(tmp_path / "own"), declare(source), FETCHER, quiet)
    return source


def test_two_users_at_once_get_one_whole_model(shared: Path, source: FolderSource) -> None:
    store, spec = ModelStore(shared / "models"), declare(source)
    both = [started(user, lambda: fetch.ensure(store, spec, FETCHER, quiet)) for user in (ANN, BOB)]
    assert done(*both) == [0, 0]
    assert store.problem(spec.name, spec.digest) is None


@pytest.mark.parametrize("mode", [None, 0o755])
def test_what_one_user_s_interrupted_fetch_left_does_not_stop_the_other_one(
    shared: Path, source: FolderSource, mode: int | None
) -> None:
    store, spec = ModelStore(shared / "models"), declare(source)

    def begin() -> None:
        store.make_root()
        part = fetch._begin(store, spec)
        (part / f"model.bin{fetch.PARTIAL}").write_bytes(CONTENT["model.bin"][:5])
        if mode is not None:
            part.chmod(mode)

    assert done(started(ANN, begin)) == [0]
    assert done(started(BOB, lambda: fetch.ensure(store, spec, FETCHER, quiet))) == [0]
    assert store.problem(spec.name, spec.digest) is None
    assert mode or not list(store.root.glob(".tiny+*"))


def test_what_one_user_fetched_the_other_one_mends(shared: Path, source: FolderSource) -> None:
    store, spec = ModelStore(shared / "models"), declare(source)
    assert done(started(ANN, lambda: fetch.ensure(store, spec, FETCHER, quiet))) == [0]
    (store.folder(spec.name, spec.digest) / "config.json").write_bytes(b"damaged")
    assert done(started(BOB, lambda: fetch.ensure(store, spec, FETCHER, quiet))) == [0]
    assert store.problem(spec.name, spec.digest) is None
    assert (store.folder(spec.name, spec.digest) / "config.json").read_bytes() == CONTENT["config.json"]
