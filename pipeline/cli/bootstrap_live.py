"""What a person sees on a terminal while environments are built: a line each, live."""

from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column


class LiveDisplay:
    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            # What is too long for the terminal is cut here, and never in the names.
            TextColumn(
                "{task.fields[step]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
            ),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            expand=True,
            console=Console(stderr=True, highlight=False),
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
    def shown(self) -> RenderableType:
        return self._progress

    def doing(self, task: str, step: str) -> None:
        if task not in self._tasks:
            self._tasks[task] = self._progress.add_task(task, total=1, step=step)
        self._progress.update(self._tasks[task], step=step)

    def done(self, task: str, result: str) -> None:
        self.doing(task, result)
        self._progress.update(self._tasks[task], completed=1)
