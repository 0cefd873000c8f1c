"""Tasks of making a project ready, done side by side: one's failure doesn't stop the others."""

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from pipeline import process
from pipeline.errors import PipelineError
from pipeline.progress import Progress

STOP_SECONDS = 1  # for cleaning up after an interruption; what is left then is removed by the next build


class Display(Protocol):
    def doing(self, task: str, step: str) -> None: ...
    def done(self, task: str, result: str) -> None: ...


@dataclass(frozen=True)
class Task:
    name: str
    carry_out: Callable[[Progress], str]  # gets a way to tell its steps, returns what came of it


@dataclass(frozen=True)
class Wanted:
    """What was asked for by name; everything there is; or, where neither, what the default workflows need."""

    environments: Sequence[str] = ()
    models: Sequence[str] = ()
    everything: bool = False


def carry_out(work: Sequence[Task], display: Display, jobs: int | None = None) -> list[PipelineError]:
    """Do all tasks, ``jobs`` at a time; one's failure doesn't stop the others. Returns the failures.

    An interruption ends what the tasks have started before it goes on its way.
    """
    waiting = deque(enumerate(work))
    ended: SimpleQueue[tuple[int, Exception | None]] = SimpleQueue()
    # They mostly wait for uv and the network, so there may be more of them than processors. Daemons, since
    # one that waits for a lock of another process can't be told to stop.
    count = min(len(work), jobs or max(4, os.cpu_count() or 1))
    workers = [Thread(target=_work, args=(waiting, ended, display), daemon=True) for _ in range(count)]
    try:
        for worker in workers:
            worker.start()
        errors = dict(ended.get() for _ in work)
    except BaseException:
        waiting.clear()
        _stop(workers)
        raise
    failures = [error for _, error in sorted(errors.items()) if error]
    for error in failures:
        if not isinstance(error, PipelineError):
            raise error
    return [error for error in failures if isinstance(error, PipelineError)]


def _work(waiting: deque[tuple[int, Task]], ended: SimpleQueue[tuple[int, Exception | None]], display: Display) -> None:
    with contextlib.suppress(IndexError):  # none is left
        while True:
            index, task = waiting.popleft()
            ended.put((index, _attempt(task, display)))


def _attempt(task: Task, display: Display) -> Exception | None:
    """Whatever goes wrong is returned, for the thread that asked to tell or to raise."""
    try:
        display.done(task.name, task.carry_out(partial(display.doing, task.name)))
    except Exception as error:
        with contextlib.suppress(OSError):  # nobody may be looking any more
            display.done(task.name, "failed")
        return error
    return None


def _stop(workers: Sequence[Thread]) -> None:
    """End the processes of the workers, which then clean up; one may start another before it has noticed."""
    until = time.monotonic() + STOP_SECONDS
    while any(worker.is_alive() for worker in workers) and time.monotonic() < until:
        process.kill_children()
        for worker in workers:
            worker.join(0.05)
