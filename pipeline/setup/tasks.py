"""The tasks of making a project ready, done side by side."""

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

from pipeline import process_tree
from pipeline.errors import NotReady, PipelineError
from pipeline.progress import Progress

STOP_SECONDS = 1  # for cleaning up after an interruption; what is left then is removed by the next build


class Display(Protocol):
    def doing(self, task: str, step: str) -> None: ...
    def done(self, task: str, result: str) -> None: ...


@dataclass(frozen=True)
class SetupTask:
    name: str  # such as "environment whisper"
    carry_out: Callable[[Progress], str]  # reports its steps, and returns its result, for a person


@dataclass(frozen=True)
class SetupSelection:
    """The named environments and models, or everything; where neither is given, what the default workflows need."""

    environments: Sequence[str] = ()
    models: Sequence[str] = ()
    everything: bool = False


def carry_out(tasks: Sequence[SetupTask], display: Display, jobs: int | None = None) -> list[PipelineError]:
    """Do all tasks, ``jobs`` at a time; a failure of one doesn't stop the others. Returns the failures.

    An error that isn't a ``PipelineError`` is raised when all tasks have ended. An interruption first ends the
    processes that the tasks have started, and is then raised.
    """
    waiting = deque(enumerate(tasks))
    results: SimpleQueue[tuple[int, Exception | None]] = SimpleQueue()
    # Tasks mostly wait for uv and the network, so there may be more of them than processors. The threads are daemons:
    # a thread that waits for another process's lock can't be stopped.
    count = min(len(tasks), jobs or max(4, os.cpu_count() or 1))
    workers = [Thread(target=_work, args=(waiting, results, display), daemon=True) for _ in range(count)]
    try:
        for worker in workers:
            worker.start()
        errors = dict(results.get() for _ in tasks)
    except BaseException:
        waiting.clear()
        _stop(workers)
        raise
    failures = [error for _, error in sorted(errors.items()) if error]
    for error in failures:
        if not isinstance(error, PipelineError):
            raise error
    return [error for error in failures if isinstance(error, PipelineError)]


def raise_together(failures: Sequence[PipelineError]) -> None:
    """Raises ``NotReady`` with what failed, if anything has."""
    if failures:
        steps = dict.fromkeys(error.next_step for error in failures if error.next_step)
        raise NotReady("\n".join(error.message for error in failures), "\n".join(steps) or None)


def _work(
    waiting: deque[tuple[int, SetupTask]], results: SimpleQueue[tuple[int, Exception | None]], display: Display
) -> None:
    with contextlib.suppress(IndexError):  # no task is left
        while True:
            index, task = waiting.popleft()
            results.put((index, _attempt(task, display)))


def _attempt(task: SetupTask, display: Display) -> Exception | None:
    """An error is returned, for the thread that called ``carry_out``."""
    try:
        display.done(task.name, task.carry_out(partial(display.doing, task.name)))
    except Exception as error:
        with contextlib.suppress(OSError):  # the terminal or the pipe may be closed
            display.done(task.name, "failed")
        return error
    return None


def _stop(workers: Sequence[Thread]) -> None:
    """End the processes of the workers, which then clean up; one may start another before it has noticed."""
    until = time.monotonic() + STOP_SECONDS
    while any(worker.is_alive() for worker in workers) and time.monotonic() < until:
        process_tree.kill_children()
        for worker in workers:
            worker.join(0.05)
