"""Files under a second name: the same bytes, whatever the file system can do, and nobody's edits in them."""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipeline.cache import materialize
from pipeline.cache.materialize import Placer
from pipeline.files import FICLONE


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(materialize, "COPY_UP_TO", 0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def source(folder: Path, bits: int = 0o644) -> Path:
    file = folder / "source"
    file.write_text("hello\n")
    file.chmod(bits)
    return file


def cloning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system with reflinks, as far as its caller can tell."""

    def clone(target: int, request: int, file: int) -> int:
        assert request == FICLONE
        return os.write(target, os.pread(file, 1 << 20, 0))

    monkeypatch.setattr(fcntl, "ioctl", clone)


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_a_hard_link_shares_its_bytes_and_may_not_be_written_to(tmp_path: Path) -> None:
    file = source(tmp_path, 0o755)
    status = Placer().place(file, tmp_path / "target", writable=True)
    assert status.st_ino == file.stat().st_ino
    assert mode(file) == mode(tmp_path / "target") == 0o555


@pytest.mark.parametrize("way", [cloning, without_links], ids=["reflink", "copy"])
def test_a_file_of_its_own_leaves_the_source_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[pytest.MonkeyPatch], None]
) -> None:
    way(monkeypatch)
    file = source(tmp_path, 0o750)
    kept, taken = tmp_path / "kept", tmp_path / "taken"
    assert Placer().place(file, kept, writable=False).st_ino != file.stat().st_ino
    Placer().place(kept, taken, writable=True)
    assert [mode(each) for each in (file, kept, taken)] == [0o750, 0o550, 0o750]
    taken.write_text("edited\n")
    assert [each.read_text() for each in (file, kept)] == ["hello\n", "hello\n"]


def test_a_file_system_that_has_no_reflinks_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(*_: Any) -> NoReturn:
        asked.append(1)
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    placer, file = Placer(), source(tmp_path)
    for number in range(3):
        assert placer.place(file, tmp_path / str(number), writable=True).st_nlink == number + 2
    assert asked == [1]


def test_somebody_else_s_file_whose_mode_can_not_be_changed_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, change = source(tmp_path), os.chmod

    def refuse(path: Any, bits: int, **_: Any) -> None:
        if os.stat(path).st_ino == file.stat().st_ino:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        change(path, bits)

    monkeypatch.setattr(os, "chmod", refuse)
    assert Placer().place(file, tmp_path / "target", writable=False).st_ino != file.stat().st_ino
    assert mode(tmp_path / "target") == 0o444


def test_a_system_where_links_would_hinder_removal_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(materialize, "LINKS", False)
    file = source(tmp_path)
    assert Placer().place(file, tmp_path / "target", writable=True).st_ino != file.stat().st_ino
    assert mode(file) == mode(tmp_path / "target") == 0o644


def test_a_copy_that_fails_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(_: Path, target: Path) -> NoReturn:
        target.write_text("hel")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    without_links(monkeypatch)
    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(OSError, match="No space"):
        Placer().place(source(tmp_path), tmp_path / "target", writable=True)
    assert not (tmp_path / "target").exists()


def test_a_small_file_is_copied_so_that_a_person_may_edit_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = source(tmp_path)
    monkeypatch.setattr(materialize, "COPY_UP_TO", file.stat().st_size)
    assert Placer().place(file, tmp_path / "target", writable=True).st_ino != file.stat().st_ino
    assert (tmp_path / "target").read_text() == "hello\n"
    assert mode(file) == mode(tmp_path / "target") == 0o644


def test_a_read_only_result_can_be_removed_with_its_folder(tmp_path: Path) -> None:
    file = source(tmp_path)
    (tmp_path / "folder").mkdir()
    Placer().place(file, tmp_path / "folder" / "target", writable=True)
    shutil.rmtree(tmp_path / "folder")
    assert file.read_text() == "hello\n"
