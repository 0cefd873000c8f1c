"""Asking Slurm for jobs: one call for all of them, and a second one for those that the queue has no more."""

import re
from collections.abc import Iterable, Mapping

from pipeline import process
from pipeline.cluster.batch.batch_system import SystemUnavailable
from pipeline.cluster.slurm.job_ends import BatchState, parsed
from pipeline.process import CompletedProcess, TimedOut

SECONDS = 60.0  # that a call may take: a busy controller is slow
_RECORD = re.compile(r"JobId=(\d+)\b.*?\bJobState=(\S+) Reason=(\S+).*?\bExitCode=(\S+)", re.DOTALL)


def queue(variables: Mapping[str, str]) -> dict[str, BatchState]:
    """All jobs of this user. Raises ``SystemUnavailable``."""
    answer = _asked(["squeue", "--me", "--noheader", "--format=%i|%T|%r"], variables)
    if answer.returncode:
        raise SystemUnavailable(answer.error_text)
    return parsed(answer.stdout.decode(errors="replace"))


def accounting(jobs: Iterable[str], variables: Mapping[str, str]) -> dict[str, BatchState]:
    """Jobs that are over; where there is no accounting, those that the controller still knows, for some minutes.

    Raises ``SystemUnavailable``.
    """
    names = ",".join(sorted(jobs))
    words = ["sacct", "--noheader", "--parsable2", "--allocations", "--format=JobIDRaw,State,ExitCode"]
    try:
        answer = _asked([*words, f"--jobs={names}"], variables)
        if not answer.returncode:
            return parsed(answer.stdout.decode(errors="replace"))
    except SystemUnavailable:
        pass  # a site without accounting may have no such program
    return {job: state for job in names.split(",") for state in _controller(job, variables)}


def _controller(job: str, variables: Mapping[str, str]) -> list[BatchState]:
    answer = _asked(["scontrol", "--oneliner", "show", "job", job], variables)
    match = _RECORD.search(answer.stdout.decode(errors="replace")) if not answer.returncode else None
    return [BatchState(match[2], match[4])] if match and match[1] == job else []


def _asked(words: list[str], variables: Mapping[str, str]) -> CompletedProcess:
    try:
        return process.run(words, variables, SECONDS)
    except (OSError, TimedOut) as error:
        raise SystemUnavailable(f"{words[0]}: {error}") from error
