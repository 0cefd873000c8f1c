"""The module that a command stage's process loads, called by hand with an invocation."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

SDK = REPOSITORY / "pipeline" / "sdk"
SHOW = "import sys, json; json.dump(sys.argv[1:], open('words', 'w'))"


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these start the runner."""


def invocation(folder: Path, **command: Any) -> dict[str, Any]:
    (folder / "outputs").mkdir()
    empty = {"words": [], "shell": "", "files": {}, "variables": {}, "stdin": "", "stdout": ""}
    return {
        "schema": 2,
        "arguments": {"inputs": {}, "parameters": {"n": 1}, "models": {"small": "small-0"}, "outputs": {"o": "o.txt"}},
        "stage_file": str(SDK / "command_stage.py"),
        "modules": [str(SDK / "command_words.py")],
        "inputs": {"one": [str(folder / "a.txt")], "many": [str(folder / "b.txt"), str(folder / "c.txt")]},
        "models": {"small": "/models/small-0"},
        "output_folder": str(folder / "outputs"),
        "work": str(folder / "work"),
        "cpus": 3,
        "command": {**empty, **command},
    }


def perform(folder: Path, content: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    (folder / "a.txt").write_text("a\n")
    file = folder / "invocation.json"
    file.write_text(json.dumps(content))
    command = [sys.executable, "-I", "-B", str(SDK / "run_stage.py"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_all_placeholders_are_filled_in(tmp_path: Path) -> None:
    words = ["{input.one}", "x{input.one}", "{input.many}", "{model.small}", "-m", "{model.absent}", "{cpus}"]
    words += ["{file.s.sh}", "{work}", "{output_folder}", "{output.o}", "{parameter.n}"]
    content = invocation(tmp_path, words=[sys.executable, "-c", SHOW, *words], files={"s.sh": "/stages/s.sh"})
    done = perform(tmp_path, content)
    assert done.returncode == 0, done.stderr
    many = [str(tmp_path / "b.txt"), str(tmp_path / "c.txt")]
    assert json.loads((tmp_path / "work" / "words").read_text()) == [
        str(tmp_path / "a.txt"),
        f"x{tmp_path / 'a.txt'}",
        *many,
        "/models/small-0",
        "3",
        "/stages/s.sh",
        str(tmp_path / "work"),
        str(tmp_path / "outputs"),
        str(tmp_path / "outputs" / "o.txt"),
        "1",
    ]


def test_several_files_in_the_middle_of_a_word_are_refused(tmp_path: Path) -> None:
    done = perform(tmp_path, invocation(tmp_path, words=["echo", "x{input.many}"]))
    assert done.returncode == 1
    assert "{input.many} has 2 values" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_the_end_by_a_signal_is_passed_on(tmp_path: Path, number: int) -> None:
    done = perform(tmp_path, invocation(tmp_path, shell=f"kill -{int(number)} $$"))
    assert done.returncode == -number


@pytest.mark.parametrize("code", [1, 5, 96, 255])
def test_an_exit_code_is_passed_on(tmp_path: Path, code: int) -> None:
    assert perform(tmp_path, invocation(tmp_path, shell=f"exit {code}")).returncode == code


def test_a_command_line_that_is_too_long_is_told(tmp_path: Path) -> None:
    content = invocation(tmp_path, words=["echo", "{parameter.n}"])
    content["arguments"]["parameters"]["n"] = "x" * 4_000_000
    done = perform(tmp_path, content)
    assert done.returncode == 1
    assert "longer than the system takes" in done.stderr


def test_a_variable_is_set_and_one_without_a_value_is_not(tmp_path: Path) -> None:
    content = invocation(
        tmp_path, shell="echo $A ${{B-none}}", variables={"A": "{cpus}", "B": "{parameter.n}"}, stdout="o"
    )
    content["arguments"]["parameters"]["n"] = None
    assert perform(tmp_path, content).returncode == 0
    assert (tmp_path / "outputs" / "o.txt").read_text() == "3 none\n"
