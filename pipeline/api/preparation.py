"""Preparing a job for ``Project.prepare``: values of Python as they would be typed, and the process that prepares."""

import os
from collections.abc import Mapping

from pipeline.api.call_process import CallProcess
from pipeline.api.job import Job
from pipeline.api.wire import PrepareCall
from pipeline.errors import UsageError
from pipeline.project import ProjectFolder

GRACE = 5.0  # seconds for a build that is interrupted


def prepared_job(project: ProjectFolder, call: PrepareCall) -> Job:
    """Raises what keeps the job from being prepared."""
    process = CallProcess(call)
    try:
        process.ends_within(None)
    except BaseException:
        process.stop(GRACE)
        raise
    finally:
        process.close()
    return Job(project, process.result())


def texts(parameters: Mapping[str, object]) -> dict[str, str]:
    """The values as they would be typed, without those that are ``None``. Raises ``UsageError`` for other types."""
    return {name: _text(name, value) for name, value in parameters.items() if value is not None}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | str):
        return str(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, list | tuple):
        words = [_text(name, each) for each in value]
        if any("," in word for word in words):
            raise UsageError(f"{name}: a word of a list can't have a comma: {value!r}")
        return ",".join(words)
    raise UsageError(f"{name}: a parameter can't be of the type {type(value).__name__}: {value!r}")
