"""Programs on PATH, else from an environment that carries them."""

from pathlib import Path

import pytest

from pipeline.envs.definition import Definition
from pipeline.envs.provided_programs import locate

PROVIDER = Definition("carrier", "", Path("carrier.lock"), provides=(("tool", "bin/tool"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    return tmp_path


def test_a_program_on_path_comes_before_a_provided_one(folder: Path) -> None:
    tool = locate("tool", PROVIDER, {"PATH": str(folder)})
    assert (tool.path, tool.provider) == (folder / "tool", None)


def test_a_program_that_path_lacks_comes_from_its_provider(tmp_path: Path) -> None:
    tool = locate("tool", PROVIDER, {"PATH": str(tmp_path)})
    assert (tool.path, tool.provider) == (None, PROVIDER)


def test_a_file_that_may_not_be_executed_is_no_program(folder: Path) -> None:
    (folder / "tool").chmod(0o644)
    assert locate("tool", None, {"PATH": str(folder)}).path is None


def test_without_a_path_nothing_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert locate("tool", None, {}).path is None
