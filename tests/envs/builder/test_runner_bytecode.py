"""Bytecode of our own runner is made once, and again when its source has changed."""

import platform
import sys
from pathlib import Path

import pytest

from pipeline.envs.builder import runner_bytecode


def compiled(folder: Path, log: Path) -> None:
    runner_bytecode.compile_for(Path(sys.executable), platform.python_version(), log, folder)


@pytest.fixture
def folder(tmp_path: Path, spawning: None) -> Path:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/one.py").write_text("X = 1\n")
    compiled(tmp_path / "kit", tmp_path / "log")
    return tmp_path / "kit"


def test_it_is_made_beside_the_source(folder: Path) -> None:
    assert [path.suffix for path in (folder / "__pycache__").iterdir()] == [".pyc"]


def test_what_is_there_is_not_made_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.process.run", lambda *_: pytest.fail("something was started"))
    compiled(folder, tmp_path / "log")


def test_a_source_that_has_changed_is_compiled_again(folder: Path, tmp_path: Path) -> None:
    before = next((folder / "__pycache__").iterdir()).read_bytes()
    (folder / "one.py").write_text("X = 12345\n")
    compiled(folder, tmp_path / "log")
    assert next((folder / "__pycache__").iterdir()).read_bytes() != before
