"""Attempts that failed, and whose environment may be to blame for it."""

from collections.abc import Callable
from functools import partial

from pipeline.run.diagnosis import Act, Looks
from pipeline.run.failures.classify import should_escalate
from pipeline.run.failures.message import Failure
from pipeline.run.task import Running

Known = Callable[[Running, Failure], None]


class Suspicions:
    """``known`` gets each failure that was looked into, with its verdict, in the loop's thread."""

    def __init__(self, wake: Act, known: Known) -> None:
        self._looks = Looks(wake)
        self._known = known

    def look(self, running: Running, failure: Failure) -> bool:
        """Whether the environment is looked into, beside what runs; ``False`` where nothing points to it."""
        if not should_escalate(failure.evidence):
            return False

        def diagnosed(post: Callable[[Act], None]) -> Act:
            job = running.task.job_run
            verdict = job.diagnosed(failure, lambda text: post(partial(job.told, text)))
            return partial(self._known, running, verdict)

        self._looks.start(diagnosed)
        return True

    def handle(self) -> None:
        """Do what the looks have left to the loop. Raises what a look raised."""
        self._looks.handle()

    def close(self) -> None:
        """Give up what is being looked at."""
        self._looks.close()
