"""What the lines below a run on a terminal show: each stage of one film, or a line for each film that is worked on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from pipeline.text import begun

BAR = 16  # characters
BESIDE_LABEL = 42  # characters of the mark, the bar, the share and the time left
MOST_ROWS = 16  # stages of one film that have a line each
BESIDE_ROWS = 6  # lines of the terminal that stay for other words
WAITS, RUNS, DONE, FAILED = " ", "runs", "\u2713", "\u2717"


class MarkColumn(SpinnerColumn):
    """A sign of what has become of a line's stage; while it runs, something that moves."""

    def render(self, task: Task) -> Text:
        mark = task.fields["mark"]
        if mark != RUNS:
            return Text(mark, style={DONE: "green", FAILED: "red"}.get(mark, ""))
        moving = super().render(task)
        return moving if isinstance(moving, Text) else Text(RUNS[:1])


class ShareColumn(ProgressColumn):
    """A bar of what a line's ``share`` says whenever it is drawn: from 0 to 1, or ``None`` where nobody knows."""

    def render(self, task: Task) -> ProgressBar:
        share = task.fields["share"]()
        return ProgressBar(1.0, share or 0.0, BAR, pulse=share is None, animation_time=task.get_time())


class StateColumn(ProgressColumn):
    """What a line's ``state`` says whenever it is drawn: a time that is left goes on with the clock."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["state"]())


@dataclass(frozen=True)
class LiveRow:
    """One line. ``share`` and ``state`` are asked whenever it is drawn."""

    label: str
    mark: str
    share: Callable[[], float | None]
    state: Callable[[], str]


class RunRows:
    """Lines by key, in the order in which they came; the first one is about the whole run."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (MarkColumn(), TextColumn("{task.description}", markup=False), ShareColumn(), StateColumn())
        self._bars = Progress(*columns, console=console, transient=True)
        self._tasks: dict[tuple[str, ...], TaskID] = {}

    def start(self) -> None:
        self._bars.start()

    def stop(self) -> None:
        self._bars.stop()

    @property
    def room(self) -> int:
        """Characters for a label, so that no line is longer than the terminal is wide."""
        return max(12, self._console.width - BESIDE_LABEL)

    def has_room_for(self, stages: Sequence[str]) -> bool:
        """Whether each of them may have a line."""
        return len(stages) <= min(MOST_ROWS, self._console.height - BESIDE_ROWS)

    def show(self, key: tuple[str, ...], row: LiveRow) -> None:
        """The line as it is now, in its place, or after all others."""
        label, mark, share, state = begun(row.label, self.room), row.mark, row.share, row.state
        if key in self._tasks:
            self._bars.update(self._tasks[key], description=label, mark=mark, share=share, state=state)
        else:
            self._tasks[key] = self._bars.add_task(label, total=None, mark=mark, share=share, state=state)

    def remove(self, key: tuple[str, ...]) -> None:
        if (task := self._tasks.pop(key, None)) is not None:
            self._bars.remove_task(task)


@dataclass
class StageClock:
    """How long a stage that runs is expected to take, and what it has reported."""

    seconds: float | None = None  # that are expected
    is_guess: bool = False
    began: float = 0.0
    reported: float | None = None  # the share that is done, from 0 to 1

    def spoken(self) -> str:
        from pipeline.cli.run_progress import spoken

        elapsed = time.monotonic() - self.began
        if self.reported is not None:
            left = f" {spoken(elapsed / self.reported - elapsed)} left" if self.reported > 0.02 else ""
            return f"{self.reported:4.0%}{left}"
        if self.seconds is None:
            return ""
        if elapsed >= self.seconds:
            return f"{spoken(elapsed)} so far"
        return f"{'about ' if self.is_guess else ''}{spoken(self.seconds - elapsed)} left"
