"""One root for everything that can go wrong in a way that a person should understand.

A message says what failed and where; ``next_step`` is the exact command (or act) that comes next.
"""

from enum import IntEnum
from typing import TYPE_CHECKING

from pipeline.text import without_passwords

if TYPE_CHECKING:
    from collections.abc import Collection


class ExitCode(IntEnum):
    OK = 0
    FINDINGS = 1  # a check did its work and found something to tell, as with grep, diff and linters
    USAGE = 2  # the command line, or a configuration file
    NOT_READY = 3  # an environment, a model, a tool or the disk
    STAGE_FAILED = 4
    INPUT_UNUSABLE = 5
    BUG = 70  # EX_SOFTWARE of sysexits.h: ours, never the user's
    INTERRUPTED = 130  # 128 + SIGINT


COMMANDS = ("prepare-job", "run-pipeline", "bootstrap", "./bootstrap.sh", "pipeline")
REMARK = "   "  # between a command and what is said about it


class PipelineError(Exception):
    """The root of all errors that a person can mend, with ``message``, ``next_step`` and ``exit_code``."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, next_step: str | None = None, exit_code: ExitCode | None = None) -> None:
        # No message has a password, wherever its words come from: a line of a file, or another program's output.
        self.message = without_passwords(message)
        self.next_step = without_passwords(next_step) if next_step else next_step
        super().__init__(self.message)
        if self.next_step:
            self.add_note(f"next:  {self.next_step}")  # a traceback shows it to who calls us from Python
        self.exit_code = exit_code or self.exit_code

    @property
    def command(self) -> str | None:
        """The command that comes next, as it can be typed; ``None`` where what helps is no command of ours.

        The first one where several are named; ``next_step`` has all that is said.
        """
        lines = (line.partition(REMARK)[0].strip() for line in (self.next_step or "").splitlines())
        return next((line for line in lines if line.split(" ", 1)[0] in COMMANDS), None)


class UsageError(PipelineError):
    """What was asked for can't be: a wrong name, a wrong value."""

    exit_code = ExitCode.USAGE


class ConfigurationError(PipelineError):
    """A file that a person wrote is wrong; the message names file, line and key."""

    exit_code = ExitCode.USAGE


class NotReady(PipelineError):
    """An environment, model, tool or folder that the work needs isn't there or isn't healthy."""

    exit_code = ExitCode.NOT_READY


class StageError(PipelineError):
    """A stage of a job has failed."""

    exit_code = ExitCode.STAGE_FAILED


class InputError(PipelineError):
    """The job's input can't be used."""

    exit_code = ExitCode.INPUT_UNUSABLE


class Interrupted(PipelineError):
    """A run was stopped before its end."""

    exit_code = ExitCode.INTERRUPTED


USUAL = f"bootstrap{REMARK}instead makes ready all that the default workflows need"


def bootstrap_steps(commands: "list[str]", usual: "Collection[str] | None" = None) -> str:
    """The command that makes ready what isn't, those that help against the rest, and the one that makes the usual
    things ready.

    ``usual``: commands that it stands for, where that is known; it isn't offered for what it wouldn't make ready.
    """
    if usual is None:
        helps = any(command.startswith(("bootstrap", "install")) for command in commands)
    else:
        helps = any(command in usual for command in commands)
    return "\n".join([*_together(commands), *([USUAL] if helps else [])])


def _together(commands: "list[str]") -> "list[str]":
    """One command for all that name nothing but an environment or a model, in the place of the first of them."""
    plain = [each for each in commands if each.split()[:-1] in (["bootstrap", "--env"], ["bootstrap", "--model"])]
    joined = " ".join(["bootstrap", *(each.removeprefix("bootstrap ") for each in plain)])
    return list(dict.fromkeys(joined if each in plain else each for each in commands))


SUGGESTED = 3  # names that have a word as a part
SHORTEST = 3  # letters of such a word
LISTED = 20  # names that can still be read in a message


def _with_part(word: str, known: "list[str]") -> "list[str]":
    """The shortest of the known words that a short name is a part of, such as whisper-small of small; v3 before v2."""
    part = word.casefold()
    longer = sorted(sorted((each for each in known if part in each.casefold()), reverse=True), key=len)
    return longer[:SUGGESTED] if len(part) >= SHORTEST else []


def did_you_mean(word: str, known: "list[str]", listing: bool = True) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, or what there is to choose from."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    if parts := _with_part(word, known):
        return f"; did you mean {' or '.join(repr(each) for each in parts)}?"
    return f"; there are: {', '.join(sorted(known))}" if listing and 0 < len(known) <= LISTED else ""
