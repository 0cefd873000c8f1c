"""How the errors of a run's jobs are told."""

import errno

import pytest

from pipeline.cli import runner
from pipeline.errors import ExitCode, PipelineError, StageError
from pipeline.run.observer import JobOutcome


def raised(**errors: Exception | None) -> PipelineError:
    with pytest.raises(PipelineError) as found:
        runner._raise_for({name: JobOutcome(error=error) for name, error in errors.items()})
    return found.value


def test_a_full_disk_that_stops_several_jobs_is_told_once_with_what_helps() -> None:
    full = [OSError(errno.ENOSPC, "No space left on device", "jobs/x") for _ in range(2)]
    error = raised(a=full[0], b=full[1], c=None)
    assert error.message == "jobs/x: No space left on device"
    assert error.exit_code == ExitCode.NOT_READY
    assert error.next_step == "free space on that disk, then run it again\nrun-pipeline -j a -j b"


def test_failures_of_several_jobs_are_all_told() -> None:
    error = raised(a=StageError("a: no", "run-pipeline -j a"), b=StageError("b: no", "run-pipeline -j b"))
    assert error.message == "a: no\nb: no"
    assert error.exit_code == ExitCode.STAGE_FAILED
    assert error.next_step == "run-pipeline -j a -j b"
