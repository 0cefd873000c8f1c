"""Notes on wheels: they hold for one pin and one Python, and are no more than hints."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles.lockfile import Pin
from pipeline.envs.packages import known_wheels
from pipeline.envs.packages.known_wheels import KnownWheels, WheelNote
from pipeline.envs.packages.wheel_contents import WheelContents

PIN = Pin("box", "1.0", line=1, hashes=("sha256:" + "0" * 64,))
PYTHON = BaseInterpreter(Path("/python"), "3.11.7", "cpython-311-x86_64-linux-gnu")
CONTENTS = WheelContents({"box.py": "0 1"}, ">=3.9")


@pytest.fixture
def known(tmp_path: Path) -> KnownWheels:
    return KnownWheels(tmp_path / "wheels")


def test_what_was_seen_is_known_for_the_same_files_and_the_same_python(known: KnownWheels) -> None:
    known.keep(PIN, PYTHON, CONTENTS)
    assert known.of(PIN, PYTHON) == WheelNote(CONTENTS)
    assert known.of(PIN, replace(PYTHON, executable=Path("/other"))) == WheelNote(CONTENTS)
    assert known.of(replace(PIN, hashes=("sha256:" + "1" * 64,)), PYTHON) is None
    assert known.of(replace(PIN, may_be_wheel=False), PYTHON) is None
    assert known.of(PIN, replace(PYTHON, version="3.12.1")) is None


def test_that_no_wheel_is_taken_is_known_too(known: KnownWheels) -> None:
    known.keep(PIN, PYTHON, None)
    assert known.of(PIN, PYTHON) == WheelNote(None)


def test_a_pin_without_hashes_may_be_any_file(known: KnownWheels) -> None:
    known.keep(replace(PIN, hashes=()), PYTHON, CONTENTS)
    assert known.of(replace(PIN, hashes=()), PYTHON) is None


@pytest.mark.parametrize("text", [b"", b"{", b'{"contents": 1}', b"\0"])
def test_a_note_that_can_t_be_read_is_none(known: KnownWheels, text: bytes) -> None:
    known.keep(PIN, PYTHON, CONTENTS)
    (file,) = known.folder.iterdir()
    file.write_bytes(text)
    assert known.of(PIN, PYTHON) is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "wheels").write_text("a file")
    known = KnownWheels(tmp_path / "wheels")
    known.keep(PIN, PYTHON, CONTENTS)
    assert known.of(PIN, PYTHON) is None


def test_the_oldest_go_when_there_are_many(known: KnownWheels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_wheels, "NOTES", 4)
    pins = [replace(PIN, version=f"{number}.0") for number in range(5)]
    for age, pin in enumerate(pins):
        before = set(known.folder.iterdir()) if known.folder.is_dir() else set()
        known.keep(pin, PYTHON, CONTENTS)
        for file in set(known.folder.iterdir()) - before:
            os.utime(file, (age, age))
    assert [known.of(pin, PYTHON) is not None for pin in pins] == [False, False, True, True, True]
