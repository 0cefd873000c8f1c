"""Work for jobs that takes long, in one other thread, one after the other; the loop hears each outcome."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.errors import PipelineError
from pipeline.run.job_run import JobRun

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act, BackgroundThread

T = TypeVar("T")
R = TypeVar("R")


class BackgroundWork(Generic[T, R]):
    """``wake`` ends the loop's wait. ``work`` is done in the other thread; ``ended`` gets what it was about with its
    outcome, or the error that keeps the job from going on, in the loop's thread."""

    def __init__(
        self, wake: "Act", work: Callable[[JobRun, T], R], ended: Callable[[T, R | PipelineError | OSError], None]
    ) -> None:
        self._wake = wake
        self._do = work
        self._ended = ended
        self._thread: BackgroundThread | None = None  # made for the first
        self._under_way: list[T] = []

    @property
    def under_way(self) -> Sequence[T]:
        return self._under_way

    def start(self, job: JobRun, item: T) -> None:
        if self._thread is None:
            from pipeline.run.background_thread import BackgroundThread  # few runs need a thread

            self._thread = BackgroundThread(self._wake)
        self._under_way.append(item)
        self._thread.start(partial(self._work, job, item))

    def handle(self) -> None:
        """Say what has ended."""
        if self._thread:
            self._thread.handle()

    def finish(self) -> None:
        """Wait for all that is under way."""
        while self._under_way and self._thread:
            self._thread.handle_next()

    def close(self) -> None:
        """Give up what is under way; the next run goes on with what is on the disk."""
        if self._thread:
            self._thread.close()

    def _work(self, job: JobRun, item: T, _: object) -> "Act":
        try:
            return partial(self._end, item, self._do(job, item))
        except (PipelineError, OSError) as error:  # it keeps its own job from going on, and no other
            return partial(self._end, item, error)

    def _end(self, item: T, outcome: R | PipelineError | OSError) -> None:
        self._under_way.remove(item)
        self._ended(item, outcome)
