"""``pipeline stage shell``."""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline import process
from pipeline.cli import completion, stage_options
from pipeline.cli.context import project, root_option
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.process import Interpreter

PROGRAM = Path(__file__).parents[2] / "sdk" / "stage_shell.py"
# What keeps a shell from reading a person's own settings, which may change PATH and other variables.
WITHOUT_SETTINGS = {"bash": ("--noprofile", "--norc"), "zsh": ("-f",), "fish": ("--no-config",)}


@click.command("shell")
@click.argument("name", shell_complete=completion.stages)
@stage_options.options
@click.option("--shell", "in_shell", is_flag=True, help="Open a shell; default: Python, with the stage's 'stage'.")
@click.option("-c", "code", metavar="CODE", help="Carry out CODE instead of reading what is typed.")
@root_option
def command(name: str, in_shell: bool, code: str | None, **values: Any) -> None:
    """Open Python, or a shell, as the stage NAME sees the world: its environment, variables, PATH and folder.

    In Python, 'stage' has the inputs and parameters that are given here, and what the stage's file defines is there:
    run(stage) runs it. The outputs go into a folder that is removed at the end. Exit code: that of what was opened.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.attempts import Attempt
    from pipeline.run.stage_call import write_invocation

    catalog = Catalog(project(), saves=False)
    with (
        stage_options.ready(catalog, name, values, _show, may_lack=True) as stage,
        tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True) as place,
    ):
        attempt = Attempt(name, 1, Path(place))
        for folder in (attempt.outputs, attempt.work):
            folder.mkdir()
        write_invocation(catalog.project, stage.call, attempt)
        words = _shell_words(code) if in_shell else _python_words(stage.interpreter, attempt.invocation, code)
        here = attempt.work if stage.call.spec.command else Path.cwd()
        ended = process.converse(words, _variables(stage.interpreter), here)
    sys.exit(ended if ended >= 0 else 128 - ended)


def _python_words(interpreter: "Interpreter", invocation: Path, code: str | None) -> list[str | Path]:
    return [interpreter.python, "-I", "-B", PROGRAM, invocation, *([] if code is None else [code])]


def _shell_words(code: str | None) -> list[str | Path]:
    shell = os.environ.get("SHELL", "")
    shell = shell if Path(shell).name in WITHOUT_SETTINGS and os.access(shell, os.X_OK) else "/bin/sh"
    return [shell, *WITHOUT_SETTINGS.get(Path(shell).name, ()), *([] if code is None else ["-c", code])]


def _variables(interpreter: "Interpreter") -> dict[str, str]:
    """The stage's, with those by which a program knows the terminal."""
    terminal = {name: os.environ[name] for name in ("TERM", "COLORTERM") if name in os.environ}
    return {**terminal, **interpreter.variables}


def _show(line: str) -> None:
    click.echo(printable(line), err=True)
