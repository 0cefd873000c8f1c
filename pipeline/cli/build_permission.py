"""Who may say that what is missing is built and fetched: the person at the terminal, or the command itself."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import setup_display
from pipeline.setup.tasks import SetupTask
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.prepare.readiness import MissingParts


class PersonsPermission:
    """The person is asked where the command doesn't say ``builds``. ``again``: the command that does."""

    def __init__(self, builds: bool, again: str) -> None:
        self._builds = builds
        self._again = again

    def covers(self, missing: "MissingParts") -> bool:
        if self._builds or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return self._builds
        click.echo(missing.message, err=True)
        return click.confirm("Make it ready now? It may take minutes", default=True, err=True)

    def step(self, _: "MissingParts") -> str:
        return f"{self._again}   makes it ready, and runs it"

    def perform(self, tasks: Sequence[SetupTask]) -> None:
        setup_display.handle_signals()
        setup_display.perform(tasks)


def again_with(option: str) -> str:
    """This command once more, with one more option."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    place = words.index("--") if "--" in words else len(words)
    return printable(shlex.join([*words[:place], option, *words[place:]]))
