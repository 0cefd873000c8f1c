"""How ``bootstrap`` shows its tasks: live lines on a terminal, and a line for each step in a log or a pipe."""

import contextlib
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from pipeline.cli import terminal_size

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import TaskID

SECONDS = 5  # between two lines of ``PlainDisplay`` about the same step


class PlainDisplay:
    def __init__(self) -> None:
        self._last: dict[str, tuple[str, float]] = {}  # by task: the first word of its step, and when it was shown

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to close."""

    def doing(self, task: str, step: str) -> None:
        kind, now = step.partition(" ")[0], time.monotonic()
        last_kind, at = self._last.get(task, ("", now))
        if kind != last_kind or now - at >= SECONDS:
            self._last[task] = (kind, now)
            self._show(task, step)

    def done(self, task: str, result: str) -> None:
        self._show(task, result)

    def _show(self, task: str, text: str) -> None:
        # The reader may have closed the pipe (`2>&1 | head`); the tasks are done all the same.
        with contextlib.suppress(OSError):
            click.echo(f"{time.strftime('%H:%M:%S')} {task}: {text}", err=True)


class LiveDisplay:
    """A line for each task, with its step and its time; imports rich only when it is made."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            # A step that is too long for the terminal is cut; a name never is.
            TextColumn(
                "{task.fields[step]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
            ),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            expand=True,
            console=Console(stderr=True, highlight=False, _environ=terminal_size.variables()),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def shown(self) -> "RenderableType":
        return self._progress

    def doing(self, task: str, step: str) -> None:
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=1, step=step)
        self._progress.update(self._tasks[task], step=step)

    def done(self, task: str, result: str) -> None:
        self.doing(task, result)
        self._progress.update(self._tasks[task], completed=1)
