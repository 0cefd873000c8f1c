"""Where invocations run. A new executor is one module here and one line in the table."""

from collections.abc import Callable
from pathlib import Path

from pipeline.executors.base import Event, Execution, Executor, Invocation, Message, ProcessExit, Trouble, WorkerLimits
from pipeline.executors.local import LocalExecutor
from pipeline.executors.reports import StageException, StageReport

EXECUTORS: dict[str, Callable[[Path, WorkerLimits], Executor]] = {"local": LocalExecutor}

__all__ = [
    "EXECUTORS",
    "Event",
    "Execution",
    "Executor",
    "Invocation",
    "Message",
    "ProcessExit",
    "StageException",
    "StageReport",
    "Trouble",
    "WorkerLimits",
]
