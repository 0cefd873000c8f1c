"""Interpreters that can be carried, and that their archive is held to its own folder."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from pipeline.bundles import pythons
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.errors import InputError


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Something like an interpreter that uv keeps."""
    home = tmp_path / "kept" / "cpython-3.12.4-linux"
    (home / "bin").mkdir(parents=True)
    (home / "lib" / "__pycache__").mkdir(parents=True)
    (home / "bin" / "python3.12").write_text("#!/bin/sh\n")
    (home / "bin" / "python3.12").chmod(0o755)
    (home / "bin" / "python").symlink_to("python3.12")
    (home / "lib" / "os.py").write_text("pass\n")
    (home / "lib" / "__pycache__" / "os.pyc").write_text("bytecode")
    return home


def python(executable: Path) -> BaseInterpreter:
    return BaseInterpreter(executable, "3.12.4", "cpython-312")


def test_an_interpreter_that_uv_keeps_can_be_carried(kept: Path) -> None:
    assert pythons.home(python(kept / "bin" / "python3.12"), kept.parent) == kept


def test_one_that_a_shorter_name_leads_to_is_the_same(kept: Path) -> None:
    (kept.parent / "cpython-3.12").symlink_to(kept.name)
    assert pythons.home(python(kept.parent / "cpython-3.12" / "bin" / "python3.12"), kept.parent) == kept


def test_a_system_s_own_cannot(kept: Path, tmp_path: Path) -> None:
    assert pythons.home(python(Path("/usr/bin/python3")), kept.parent) is None
    assert pythons.home(python(Path("/usr/bin/python3")), None) is None


def test_it_arrives_as_it_was_without_bytecode(kept: Path, tmp_path: Path) -> None:
    pythons.pack(kept, tmp_path / "p.tar")
    there = pythons.unpack(tmp_path / "p.tar", kept.name, tmp_path / "there")
    assert sorted(path.relative_to(there).as_posix() for path in there.rglob("*")) == [
        "bin",
        "bin/python",
        "bin/python3.12",
        "lib",
        "lib/os.py",
    ]
    assert str((there / "bin" / "python").readlink()) == "python3.12"
    assert os.access(there / "bin" / "python3.12", os.X_OK)
    assert os.listdir(tmp_path / "there") == [kept.name]


def test_the_same_interpreter_gives_the_same_bytes(kept: Path, tmp_path: Path) -> None:
    pythons.pack(kept, tmp_path / "one.tar")
    os.utime(kept / "lib" / "os.py", (1, 1))
    pythons.pack(kept, tmp_path / "two.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_one_that_is_there_stays(kept: Path, tmp_path: Path) -> None:
    assert pythons.unpack(tmp_path / "none.tar", kept.name, kept.parent) == kept


@pytest.mark.parametrize(
    ("name", "link"),
    [("../out", ""), ("home/a", "../../../out"), ("home/a", "/etc/passwd")],
    ids=["name", "link", "abs"],
)
def test_what_leads_out_is_refused_and_nothing_is_left(tmp_path: Path, name: str, link: str) -> None:
    with tarfile.open(tmp_path / "p.tar", "w") as archive:
        entry = tarfile.TarInfo(name)
        if link:
            entry.type, entry.linkname = tarfile.SYMTYPE, link
        archive.addfile(entry, None if link else io.BytesIO())
    with pytest.raises(InputError, match="home"):
        pythons.unpack(tmp_path / "p.tar", "home", tmp_path / "there")
    assert os.listdir(tmp_path / "there") == []
    assert not (tmp_path / "out").exists()
