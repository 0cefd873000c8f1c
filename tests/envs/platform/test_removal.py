"""What differs on Windows, through the calls that are injected."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.platform.removal import (
    PAUSES,
    System,
    extended,
    move_aside,
    processes_that_hold,
    remove_tree,
)
from pipeline.errors import NotReady


class Fails:
    """A call that fails a number of times, then does what it should."""

    def __init__(self, times: int, error: OSError, act: object = lambda *_: None) -> None:
        self.times, self.error, self.act = times, error, act
        self.calls: list[tuple[object, ...]] = []

    def __call__(self, *arguments: object) -> None:
        self.calls.append(arguments)
        if len(self.calls) <= self.times:
            raise self.error
        self.act(*arguments)  # type: ignore[operator]


def sharing_violation(path: str = "C:\\venv\\numpy.pyd", winerror: int = 32) -> OSError:
    error = OSError(errno.EACCES, "used by another process", path)
    error.winerror = winerror  # type: ignore[attr-defined]
    return error


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def system(pauses: list[float]) -> System:
    return System(windows=True, sleep=pauses.append, holders=lambda _: [], make_writable=lambda _: None)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("C:\\venv\\a", "\\\\?\\C:\\venv\\a"),
        ("C:/venv/a", "\\\\?\\C:\\venv\\a"),
        ("\\\\server\\share\\a", "\\\\?\\UNC\\server\\share\\a"),
        ("\\\\?\\C:\\venv", "\\\\?\\C:\\venv"),
    ],
)
def test_names_of_any_length_have_a_form_of_their_own(path: str, form: str) -> None:
    from pathlib import PureWindowsPath

    assert extended(PureWindowsPath(path)) == form  # type: ignore[arg-type]


def test_removal_gets_the_extended_name(system: System, tmp_path: Path) -> None:
    remove = Fails(0, OSError())
    remove_tree(tmp_path, replace(system, remove=remove))
    assert str(remove.calls[0][0]).startswith("\\\\?\\")


def test_a_file_that_is_in_use_is_waited_for_longer_and_longer(
    system: System, pauses: list[float], tmp_path: Path
) -> None:
    remove_tree(tmp_path, replace(system, remove=Fails(4, sharing_violation())))
    assert pauses == sorted(pauses)
    assert 3 <= len(pauses) <= 4


def test_a_file_that_stays_in_use_is_named_with_who_holds_it(
    system: System, pauses: list[float], tmp_path: Path
) -> None:
    held = replace(system, remove=Fails(99, sharing_violation()), holders=lambda _: ["python.exe (process 7)"])
    with pytest.raises(NotReady) as refused:
        remove_tree(tmp_path, held)
    assert "C:\\venv\\numpy.pyd" in refused.value.message
    assert "python.exe (process 7)" in refused.value.message
    assert pauses == list(PAUSES)


def test_a_read_only_file_is_made_writable_first(system: System, pauses: list[float], tmp_path: Path) -> None:
    made: list[str] = []
    remove = Fails(1, sharing_violation(winerror=5))
    remove_tree(tmp_path, replace(system, remove=remove, make_writable=made.append))
    assert "C:\\venv\\numpy.pyd" in made
    assert pauses == []


def test_what_no_process_holds_fails_at_once(pauses: list[float], tmp_path: Path) -> None:
    system = System(windows=False, sleep=pauses.append, remove=Fails(9, OSError(errno.EROFS, "read-only", "x")))
    with pytest.raises(OSError, match="read-only"):
        remove_tree(tmp_path, system)
    assert pauses == []


def test_a_folder_is_removed_and_one_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    remove_tree(tmp_path / "a")
    remove_tree(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_folder_goes_aside_under_a_hidden_name_beside(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    aside = move_aside(tmp_path / "build")
    assert aside.is_dir()
    assert aside.parent == tmp_path
    assert aside.name.startswith(".build.")
    assert not (tmp_path / "build").exists()


def test_a_folder_that_can_not_be_renamed_is_copied_and_removed(pauses: list[float], tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/file").write_text("x")
    system = System(windows=False, sleep=pauses.append, rename=Fails(99, OSError(errno.EBUSY, "busy")))
    aside = move_aside(tmp_path / "build", system)
    assert (aside / "file").read_text() == "x"
    assert not (tmp_path / "build").exists()
    assert len(pauses) == 4


def test_a_copy_whose_original_can_not_be_removed_is_taken_back(pauses: list[float], tmp_path: Path) -> None:
    import shutil

    def remove(path: str) -> None:
        if not path.endswith(".aside"):
            raise OSError(errno.EBUSY, "busy", path)
        shutil.rmtree(path)

    (tmp_path / "build").mkdir()
    busy = Fails(99, OSError(errno.EBUSY, "busy"))
    system = System(windows=False, sleep=pauses.append, rename=busy, remove=remove, holders=lambda _: [])
    with pytest.raises(NotReady, match="busy"):
        move_aside(tmp_path / "build", system)
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


@pytest.mark.long
def test_who_has_a_file_open_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (tmp_path / "file").open():
        assert any(f"process {os.getpid()})" in each for each in processes_that_hold(tmp_path))
    assert not any(f"process {os.getpid()})" in each for each in processes_that_hold(tmp_path))
