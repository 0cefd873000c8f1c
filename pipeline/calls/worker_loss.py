"""A worker has ended in the middle of a call: why, by the rules that tell why a stage has failed."""

import os

from pipeline.calls.errors import WorkerLost
from pipeline.calls.source import CallSource
from pipeline.calls.worker import CallWorker
from pipeline.sdk.server_protocol import Answer

ENDED = "ended"  # by itself, with whatever exit code
STOPPED = -15  # what a keeper says that was asked to end its worker


def worker_lost(source: CallSource, what: str, answer: Answer | None, worker: CallWorker, log: str) -> WorkerLost:
    from pipeline.run.failures import classify, oom
    from pipeline.run.failures.classes import FailureClass
    from pipeline.run.failures.evidence import Evidence

    reason = answer.reason if answer and answer.reason else _without_a_word(answer)
    returncode = answer.number if answer else None
    evidence = Evidence(
        prefix=str(source.interpreter.get().prefix),
        returncode=returncode,
        last_lines=tuple(log.splitlines()),
        lost=None if answer and answer.number != STOPPED else reason,
        oom_before=worker.oom_kills,
        oom_after=oom.read(),
    )
    failure = classify.classify(evidence)
    name = ENDED if failure is FailureClass.STAGE_ERROR else failure.name.lower()
    return WorkerLost(f"{what} got no answer: {reason}. What it had in memory is lost", name, log)


def _without_a_word(answer: Answer | None) -> str:
    if answer is not None:
        return f"the worker ended with exit code {answer.number}"
    return "the worker and what answers for it were killed" if os.name != "nt" else "the worker was killed"
