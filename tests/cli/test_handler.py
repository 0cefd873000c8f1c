"""Errors become messages and exit codes in one place."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pipeline.cli import handler
from pipeline.errors import NotReady, UsageError
from tests.conftest import Sandbox

Raising = Callable[..., int]


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Raising:
    """Run a command that raises, and give back its exit code."""
    monkeypatch.setenv("PIPELINE_ROOT", str(sandbox.root))  # where the log goes

    def run(error: BaseException, *words: str) -> int:
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def command(as_json: bool) -> None:
            raise error

        monkeypatch.setattr(sys, "argv", ["some-command", *words])
        with pytest.raises(SystemExit) as leaving:
            handler.run(command)
        assert isinstance(leaving.value.code, int)
        return leaving.value.code

    return run


def test_an_error_is_its_message_and_what_comes_next(raising: Raising, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(NotReady("no oven", "buy one")) == 3
    assert capsys.readouterr().err == "error: no oven\nnext:  buy one\n"


@pytest.mark.parametrize("number", sorted(handler.MACHINE))
def test_an_error_of_the_machine_is_no_bug_and_has_a_next_step(
    raising: Raising, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    assert raising(OSError(number, "the reason", "/some/file")) == 3
    err = capsys.readouterr().err
    assert err.startswith("error: /some/file: the reason\nnext:  ")


@pytest.mark.parametrize("number", sorted(handler.PATHS))
def test_a_path_that_can_not_be_is_the_persons_to_mend(
    raising: Raising, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    assert raising(OSError(number, "the reason", "/some/" + "a" * 5000)) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: /some/aaa")
    assert "the reason\nnext:  " in err
    assert len(err) < 500


def test_a_keyboard_interrupt_ends_with_130(raising: Raising, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.lstrip().startswith("error: ")


def test_a_reader_that_has_gone_is_no_error(spawning: None, tmp_path: Path) -> None:
    code = "import click, sys; from pipeline.cli import handler; sys.argv = ['x']\n"
    code += "@click.command()\ndef command():\n    for _ in range(100000): click.echo('a line')\nhandler.run(command)"
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -0; echo ${PIPESTATUS[0]}', sys.executable, code],
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def test_our_own_bug_ends_with_70_and_its_traceback_is_in_the_log(
    raising: Raising, capsys: pytest.CaptureFixture[str], sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = sandbox.root  # type: ignore[attr-defined]
    monkeypatch.setenv("PIPELINE_ROOT", str(root))
    assert raising(RuntimeError("the sky fell")) == 70
    err = capsys.readouterr().err
    assert "RuntimeError: the sky fell" in err
    assert f"{root}/logs/errors.log" in err
    assert "Traceback" not in err
    log = (root / "logs/errors.log").read_text()
    assert "Traceback" in log
    assert "the sky fell" in log


def test_outside_any_project_the_traceback_is_kept_too(
    raising: Raising, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIPELINE_ROOT")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert raising(RuntimeError("the sky fell")) == 70
    assert "the sky fell" in (tmp_path / "errors.log").read_text()


def test_a_missing_file_that_nobody_expected_is_our_bug(raising: Raising) -> None:
    assert raising(FileNotFoundError(errno.ENOENT, "No such file")) == 70


@pytest.mark.parametrize(("error", "code"), [(NotReady("no oven"), 3), (RuntimeError("the sky fell"), 70)])
def test_with_json_an_error_comes_in_the_envelope(
    raising: Raising,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert raising(error, "--json") == code
    envelope = json.loads(capsys.readouterr().out)
    assert (envelope["schema"], envelope["kind"], envelope["error"]["exit_code"]) == (1, "error", code)
    assert str(error) in envelope["error"]["message"]


def test_a_command_stands_alone_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise UsageError("no", "run-pipeline -j a   goes on from here\nls")

    assert handler.code_of(fail) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [
        "next:  run-pipeline -j a",
        "         goes on from here",
        "       ls",
    ]
