"""Links out of an environment, and the bytecode of our own runner."""

import platform
import sys
from pathlib import Path

import pytest

from pipeline.envs.builder.proof import compile_runner, links_leading_out


def compiled(folder: Path, log: Path) -> None:
    compile_runner(Path(sys.executable), platform.python_version(), log, folder)


@pytest.fixture
def folder(tmp_path: Path, spawning: None) -> Path:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/one.py").write_text("X = 1\n")
    compiled(tmp_path / "kit", tmp_path / "log")
    return tmp_path / "kit"


def test_bytecode_is_made_beside_the_source(folder: Path) -> None:
    assert [path.suffix for path in (folder / "__pycache__").iterdir()] == [".pyc"]


def test_bytecode_that_is_there_is_not_made_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.process.run", lambda *_: pytest.fail("something was started"))
    compiled(folder, tmp_path / "log")


def test_a_source_that_has_changed_is_compiled_again(folder: Path, tmp_path: Path) -> None:
    before = next((folder / "__pycache__").iterdir()).read_bytes()
    (folder / "one.py").write_text("X = 12345\n")
    compiled(folder, tmp_path / "log")
    assert next((folder / "__pycache__").iterdir()).read_bytes() != before


def test_a_link_that_leads_out_is_found_and_those_to_the_interpreter_are_not(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/env")
    (tmp_path / "lib64").symlink_to("lib")
    (packages / "inner").symlink_to("../site-packages")
    (packages / "dangling").symlink_to("absent")
    assert links_leading_out(tmp_path) == []
    (packages / "outer").symlink_to("/etc/hostname")
    (packages / "upward").symlink_to("../../../../elsewhere")
    (tmp_path / "bin/tool").symlink_to("/usr/bin/env")
    assert links_leading_out(tmp_path) == [
        "bin/tool",
        "lib/python3.11/site-packages/outer",
        "lib/python3.11/site-packages/upward",
    ]
