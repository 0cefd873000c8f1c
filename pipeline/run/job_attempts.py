"""The attempts at one job's stages: each begins with a line in the journal, and ends with a result or with a reason.

What an end means for the job's other stages is decided in ``job_run``.
"""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.executors import Message, ProcessExit
from pipeline.executors.reports import without_secrets
from pipeline.host.resources import Grant
from pipeline.jobs import attempts, input_name
from pipeline.jobs.events import StageStarted
from pipeline.jobs.records import Result
from pipeline.run import input_view
from pipeline.run.content_guard import ContentGuard
from pipeline.run.context import RunContext
from pipeline.run.failures import oom
from pipeline.run.failures.oom import OomKills
from pipeline.run.invocations import Invocations
from pipeline.run.job_journal import JobJournal
from pipeline.run.output_signatures import OutputSignatures
from pipeline.run.result_commit import commit, share
from pipeline.run.task import AttemptEnd, LiveAttempt, Task
from pipeline.run.timers import now
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.run.failures.message import Failure


class JobAttempts:
    """Nothing here waits. Each attempt is begun once, and ``committed``, ``failed`` or ``stop_all`` lets go of it."""

    def __init__(
        self,
        context: RunContext,
        invocations: Invocations,
        journal: JobJournal,
        guard: ContentGuard,
        signatures: OutputSignatures,
    ) -> None:
        self.invocations = invocations
        self._job = invocations.job
        self._context = context
        self._journal = journal
        self._guard = guard
        self._signatures = signatures
        self._running: dict[str, LiveAttempt] = {}
        self._oom_kills = OomKills()

    def begin_run(self) -> None:
        """Before anything is started for the job. Raises ``NotReady`` where something that it needs can't be used."""
        if not self._journal.has_begun:
            self.invocations.runtime.require(self._job)
            self._journal.run_started()
            self._oom_kills = oom.read()
            self._context.guardian.start()

    def begin(self, task: Task, grant: Grant) -> LiveAttempt:
        """Write down that an attempt begins, and what it may ask for. The caller hands it to an executor."""
        self._journal.flush_to(task.after)
        if task.stage.takes_job_input:
            self._job.require_input()
            input_view.place(self._job, self._signatures)
        self.begin_run()
        inputs = self._guard.begin(self.invocations.input_files(task.stage))
        attempt = attempts.begin(self._job, task.name, bool(task.stage.outputs))
        invocation = self.invocations.write(task, attempt, grant)
        key = task.due.key.digest
        event = StageStarted(task.name, attempt.number, key, task.because, invocation.start, grant.node)
        self._journal.started(task.stage, event)
        live = LiveAttempt(task, attempt, invocation, grant, _size(invocation.log), self._oom_kills, inputs)
        self._running[invocation.id] = live
        return live

    def report(self, live: LiveAttempt, message: Message) -> None:
        report = without_secrets(message.report, live.invocation.secrets)
        if report.error is not None:
            report = replace(report, error=input_name.with_real_path(self._job, report.error))
        if report.warning is not None:
            report = replace(report, warning=input_name.without_place(self._job, report.warning))
        live.note(report)
        self._journal.reported(live.task.name, report)

    def ended(self, live: LiveAttempt, exited: ProcessExit) -> "Failure | None":
        """Why the attempt has no result; ``None`` where it ended well, and what it has left is to be committed."""
        live.used, live.began, live.ended = exited.used, exited.began, now()
        if changed := self._guard.end(live, self._running.values()):
            return self.failure(live, AttemptEnd(exited.returncode, exited.lost, changed=changed))
        if exited.trouble:
            return self.failure(live, AttemptEnd(exited.returncode or None, exited.lost, trouble=exited.trouble))
        if exited.returncode or exited.lost:
            return self.failure(live, AttemptEnd(exited.returncode, exited.lost))
        return None

    def commit(self, live: LiveAttempt) -> Result | AttemptEnd:
        """The attempt's result, on the disk and in the store; or why there is none. For any thread: changes nothing
        but the attempt."""
        live.read_ns = time.time_ns()
        result = commit(self._context.project, live, self.invocations)
        if isinstance(result, Result) and live.task.stage.cache:
            share(self._context.store, live.task, result)
        return result

    def committed(self, live: LiveAttempt, result: Result) -> None:
        """Write down that the attempt has a result."""
        self._journal.finished(live.task.name, result, live.used, live.start_seconds)
        del self._running[live.invocation.id]
        self._guard.committed(result, live.read_ns)

    def failure(self, live: LiveAttempt, end: AttemptEnd) -> "Failure":
        """Why it failed, as far as that is known before its environment is looked at."""
        from pipeline.run.failures.retry import failure_of

        self._oom_kills = oom.read()  # what starts from now on isn't to blame these on; what runs already may be
        return failure_of(self._context.project, self._job, live, end, self._oom_kills)

    def failed(self, live: LiveAttempt, failure: "Failure", again: float | None) -> None:
        """Write down that the attempt has failed. ``again``: seconds until the next one; ``None`` without one."""
        from pipeline.run.failures import record

        self._journal.failed(record.of_attempt(live, failure, again))
        del self._running[live.invocation.id]

    def stop_all(self, reason: str) -> None:
        """Write down that what runs was ended, since its run ends."""
        for live in self._running.values():
            self._journal.stopped(live.task.name, live.attempt.number, live.seconds, reason)
        self._running.clear()


def _size(log: Path) -> int:
    try:
        return os.stat(log).st_size
    except FileNotFoundError:
        return 0
