"""Why a stage ended without a result, in words that a person can act on."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipeline import process
from pipeline.errors import InputUnusable, NotReady, StageFailed
from pipeline.sdk.run_stage import EXIT_INPUT_UNUSABLE
from pipeline.text import printable

SHOWN_LINES = 10
SHOWN_WIDTH = 400  # characters; a stage may print megabytes without a line break


@dataclass(frozen=True)
class Failure:
    job: str
    stage: str
    environment: str
    how: str
    said: str | None  # the stage's own words, where it refused its work
    returncode: int | None  # None where no process could be started
    wrong_environment: bool
    log: Path
    log_start: int = 0  # bytes of the log that earlier attempts wrote

    @property
    def last_lines(self) -> list[str]:
        """What this attempt printed last, fit for a terminal."""
        lines = process.tail(self.log, SHOWN_LINES, self.log_start)
        return [_shortened(printable(line.expandtabs())) for line in lines]


def _shortened(line: str) -> str:
    return line if len(line) <= SHOWN_WIDTH else f"{line[:SHOWN_WIDTH]}…"


def describe_exit(returncode: int) -> str:
    if returncode < 0:
        try:
            return f"it was killed by {signal.Signals(-returncode).name}"
        except ValueError:
            return f"it was killed by signal {-returncode}"
    return f"it ended with exit code {returncode}"


def raise_for(failure: Failure) -> NoReturn:
    """Raise the error that a failed run ends with."""
    headline = f"{failure.job}: stage '{failure.stage}' in environment '{failure.environment}' failed"
    again = f"run-pipeline -j {failure.job}   tries again, after what is done already"
    if failure.returncode == EXIT_INPUT_UNUSABLE and failure.said:
        raise InputUnusable(f"{headline}: {failure.said}")
    if failure.wrong_environment:
        raise NotReady(f"{headline}: {failure.how}", f"bootstrap --env {failure.environment} --force")
    if failure.returncode is None:
        raise NotReady(f"{headline}: {failure.how}", again)
    if failure.said:
        raise StageFailed(f"{headline}: {failure.said}", again)
    lines = "".join(f"\n  | {line}" for line in failure.last_lines)
    raise StageFailed(f"{headline}: {failure.how}{lines}\n  the whole log: {failure.log}", again)
