"""Jobs that are prepared while others run already: each joins the run as soon as it is there."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.progress import Progress
from pipeline.run.background_thread import Act, BackgroundThread
from pipeline.run.job_run import JobRun
from pipeline.run.observer import Observer

Note = Callable[[], Path | None]
Admit = Callable[[Path], JobRun]
Join = Callable[[Path, Admit], None]
Joining = Callable[[Act, Join], "LaterJobs"]  # gets a way to wake the loop, and a way into the run


class JobSource(Protocol):
    """Inputs that are to get jobs, one after the other."""

    @property
    def left(self) -> int:
        """How many inputs nobody has looked at."""
        ...

    def prepare_next(self, progress: Progress) -> Note:
        """Prepare the next input's job, in another thread than the loop's.

        The loop calls what this returns: it notes what became of the input, and gives the folder of the job that is to
        run, or ``None`` where there is none.
        """
        ...


class LaterJobs:
    """``is_over`` once no more jobs will come."""

    def __init__(self, source: JobSource, observer: Observer, admit: Admit, wake: Act, join: Join) -> None:
        self.is_over = False
        self._source = source
        self._observer = observer
        self._admit = admit
        self._join = join
        self._is_closed = False
        self._work = BackgroundThread(wake)
        self._work.start(self._prepare_all)

    def handle(self) -> None:
        """Let the jobs join that have been prepared meanwhile. Raises what the preparation raised."""
        self._work.handle()

    def close(self) -> None:
        """Prepare no more."""
        self._is_closed = True
        self._work.close()

    def _prepare_all(self, post: Callable[[Act], None]) -> Act:
        while self._source.left and not self._is_closed:
            note = self._source.prepare_next(lambda text: post(partial(self._observer.progress, text)))
            post(partial(self._arrived, note, self._source.left))
        return self._end

    def _arrived(self, note: Note, left: int) -> None:
        folder = note()
        self._observer.inputs_left(left)
        if folder is not None:
            self._join(folder, self._admit)

    def _end(self) -> None:
        self.is_over = True
