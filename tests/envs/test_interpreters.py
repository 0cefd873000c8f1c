"""The Python that an environment is built on."""

import platform
import sys
import sysconfig
from pathlib import Path

import pytest

from pipeline.envs import interpreters
from pipeline.envs.definition import Definition
from pipeline.errors import NotReady


def wanting(python: str) -> Definition:
    return Definition("alpha", python, Path("alpha.lock"))


def program(folder: Path, text: str) -> Path:
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_our_own_interpreter_is_taken_where_it_fits_and_nothing_is_started(tmp_path: Path) -> None:
    found = interpreters.find(wanting(">=3.11"), tmp_path / "no uv")
    assert found.version == platform.python_version()
    assert found.executable.is_file()
    assert found.executable != Path(sys.executable)  # that of the machine, not the virtual environment's


def test_all_who_ask_at_the_same_moment_get_the_same_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library fills its table for the first who asks, while others may look into it already."""
    monkeypatch.setattr(sysconfig, "_CONFIG_VARS", {})  # as they then find it
    found = interpreters.find(wanting(">=3.11"), tmp_path / "no uv")
    monkeypatch.undo()
    assert found.abi == sysconfig.get_config_var("SOABI")


def test_another_one_is_asked_what_it_is(tmp_path: Path, spawning: None) -> None:
    python = program(tmp_path, """echo '["3.10.1", "cpython-310-x"]'""")
    finder = tmp_path / "uv"
    finder.write_text(f"#!/bin/sh\necho '{python}'\n")
    finder.chmod(0o755)
    found = interpreters.find(wanting("<3.11"), finder)
    assert found == interpreters.BaseInterpreter(python, "3.10.1", "cpython-310-x")


def test_one_that_does_not_run_is_refused(tmp_path: Path, spawning: None) -> None:
    python = program(tmp_path, "echo 'cannot open shared object' >&2; exit 127")
    finder = tmp_path / "uv"
    finder.write_text(f"#!/bin/sh\necho '{python}'\n")
    finder.chmod(0o755)
    with pytest.raises(NotReady, match="doesn't run: cannot open shared object"):
        interpreters.find(wanting("<3.11"), finder)


def test_one_that_hangs_is_refused(tmp_path: Path, spawning: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "ASK_SECONDS", 0.2)
    with pytest.raises(NotReady, match="program"):
        interpreters.find(wanting("<3.11"), program(tmp_path, "sleep 600"))


def test_uv_is_asked_without_a_person_s_configuration(tmp_path: Path, spawning: None) -> None:
    asked = tmp_path / "asked"
    with pytest.raises(NotReady):
        interpreters.find(wanting(">=3.99"), program(tmp_path, f'echo "$UV_NO_CONFIG $@" >"{asked}"; exit 2'))
    assert asked.read_text() == "1 python find --no-project --system >=3.99\n"
