"""What a log or a pipe gets while environments are built: a line for each step."""

import contextlib
import time
from types import TracebackType
from typing import Self

import click

SECONDS = 5  # between two lines that tell how far the same step is


class PlainDisplay:
    def __init__(self) -> None:
        self._last: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put back."""

    def doing(self, task: str, step: str) -> None:
        kind, now = step.partition(" ")[0], time.monotonic()
        before, at = self._last.get(task, ("", now))
        if kind != before or now - at >= SECONDS:
            self._last[task] = (kind, now)
            self._say(task, step)

    def done(self, task: str, result: str) -> None:
        self._say(task, result)

    def _say(self, task: str, words: str) -> None:
        # Whoever listened may have gone (`2>&1 | head`); what was asked for is made ready all the same.
        with contextlib.suppress(OSError):
            click.echo(f"{time.strftime('%H:%M:%S')} {task}: {words}", err=True)
