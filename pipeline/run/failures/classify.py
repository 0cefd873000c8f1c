"""From evidence to the name of a failure: a pure function, its rules in the order in which they hold."""

import errno
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping

from pipeline.executors.reports import StageException
from pipeline.run.failures.classes import FailureClass
from pipeline.run.failures.evidence import EnvironmentRepair, Evidence, Unrepairable, Whole
from pipeline.run.failures.oom import rose
from pipeline.sdk.protocol import EXIT_INPUT_UNUSABLE

EXIT_NO_LIBRARY = 127  # of the dynamic loader, and of a shell that finds no program
EXIT_SIGKILL = 128 + 9  # a shell's word for a child that was killed

NO_ROOM = ("No space left on device", "Disk quota exceeded", f"[Errno {errno.ENOSPC}]", f"[Errno {errno.EDQUOT}]")
NO_MEMORY = ("Cannot allocate memory", "std::bad_alloc", "CUDA out of memory", f"[Errno {errno.ENOMEM}]")
KILLED_CHILD = ("SIGKILL", "returned non-zero exit status -9", "returned non-zero exit status 137")
LOADER = (
    "symbol lookup error",
    "undefined symbol",
    "cannot open shared object file",
    "error while loading shared libraries",
    "file too short",
    "invalid ELF header",
)
IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "ZipImportError"}
# What a library that was cut off or overwritten does to the process that maps it. A fault of the code does the
# same, which is why the answer is a check and not a verdict.
FAULTS = {getattr(signal, name) for name in ("SIGBUS", "SIGSEGV", "SIGILL") if hasattr(signal, name)}
LAST_OF_TRACEBACK = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(: (?P<message>.*))?")


OF_TROUBLE: Mapping[str, FailureClass] = {
    "lost": FailureClass.NODE_LOST,
    "walltime": FailureClass.NODE_WALLTIME,
    "memory": FailureClass.NODE_MEMORY,
    "preempted": FailureClass.NODE_PREEMPTED,
    "requeued": FailureClass.NODE_PREEMPTED,
    "cancelled": FailureClass.NODE_CANCELLED,
    "failed": FailureClass.NODE_FAULT,
    "fault": FailureClass.NODE_FAULT,
    "content": FailureClass.NODE_FAULT,
    "room": FailureClass.NODE_FULL,
    "disk": FailureClass.DISK_FULL,
    "oom": FailureClass.OUT_OF_MEMORY,
    "environment": FailureClass.NODE_ENVIRONMENT,
    "nowhere": FailureClass.NO_NODE,
    "inputs": FailureClass.INPUT_CHANGED,
    "outputs": FailureClass.POSTCONDITION,
}


def classify(evidence: Evidence) -> FailureClass:
    if evidence.trouble and evidence.timed_out is None:
        return OF_TROUBLE[evidence.trouble.kind]
    return next(kind for kind, holds in RULES if holds(evidence))


def should_escalate(evidence: Evidence) -> bool:
    """Whether the environment must be looked at before the failure has its name."""
    suspects = (FailureClass.ENVIRONMENT_SUSPECTED, FailureClass.ENVIRONMENT_DAMAGED)
    return evidence.verdict is None and classify(evidence) in suspects


def exception(evidence: Evidence) -> StageException | None:
    """What the stage raised: as reported, else as the last line of its traceback says."""
    if evidence.raised or evidence.returncode != 1 or evidence.error:
        return evidence.raised
    lines = [line for line in evidence.last_lines if line.strip()]
    found = LAST_OF_TRACEBACK.fullmatch(lines[-1]) if lines else None
    return StageException(found["type"], found["message"] or "") if found else None


def _is_service_lost(evidence: Evidence) -> bool:
    return evidence.service is not None and evidence.service.was_used


def _is_service_failed(evidence: Evidence) -> bool:
    return evidence.service is not None


def _is_input_changed(evidence: Evidence) -> bool:
    return bool(evidence.changed)


def _is_timeout(evidence: Evidence) -> bool:
    return evidence.timed_out is not None


def _is_lost(evidence: Evidence) -> bool:
    return evidence.lost is not None


def _is_input_unusable(evidence: Evidence) -> bool:
    return evidence.returncode == EXIT_INPUT_UNUSABLE and evidence.error is not None


def _is_disk_full(evidence: Evidence) -> bool:
    if evidence.start_error and evidence.start_error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return bool(evidence.returncode) and _is_said(evidence, NO_ROOM)


def _is_postcondition(evidence: Evidence) -> bool:
    return evidence.returncode == 0 and bool(evidence.missing or evidence.unmet)


def _is_damaged(evidence: Evidence) -> bool:
    if isinstance(evidence.verdict, EnvironmentRepair | Unrepairable):
        return True
    error = evidence.start_error
    unusable = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ENOEXEC, errno.ELOOP)
    return evidence.wrong_environment or (error is not None and error.errno in unusable)


def _is_not_started(evidence: Evidence) -> bool:
    return evidence.start_error is not None


def _is_out_of_memory(evidence: Evidence) -> bool:
    if _is_killed_for_memory(evidence):
        return True
    raised = exception(evidence)
    # numpy has a MemoryError of its own, torch an OutOfMemoryError.
    refused = raised is not None and raised.type.endswith(("MemoryError", "OutOfMemoryError"))
    return refused or (bool(evidence.returncode) and _is_said(evidence, NO_MEMORY))


def _is_killed_for_memory(evidence: Evidence) -> bool:
    """The kernel killed somebody, and the stage or a child of it was killed: neither alone proves it."""
    if evidence.killed_by_us:
        return False
    before, after = evidence.oom_before, evidence.oom_after
    if not (rose(before.group, after.group) or rose(before.machine, after.machine)):
        return False
    killed = evidence.returncode in (-9, EXIT_SIGKILL)
    return killed or (bool(evidence.returncode) and _is_said(evidence, KILLED_CHILD))


def _is_suspected(evidence: Evidence) -> bool:
    if isinstance(evidence.verdict, Whole) or evidence.stray_module:
        return False
    if evidence.returncode is not None and -evidence.returncode in FAULTS:
        return True
    if evidence.returncode == EXIT_NO_LIBRARY and _is_said(evidence, LOADER):
        return True
    raised = exception(evidence)
    return raised is not None and _is_of_environment(raised, evidence.prefix)


def _is_of_environment(raised: StageException, prefix: str) -> bool:
    inside = prefix + os.sep
    if raised.type.rpartition(".")[2] in IMPORT_ERRORS or (raised.loading or "").startswith(inside):
        return True
    about = raised.file.startswith(inside) if raised.file else inside in raised.message
    match raised.type:
        case "FileNotFoundError" | "SyntaxError" | "IndentationError":
            return about
        case "OSError":  # ctypes, which loads libraries by itself
            return any(word in raised.message for word in LOADER)
        case "AttributeError":  # of a module that was cut off between two definitions
            return raised.message.startswith(("module ", "partially initialized module "))
        case "EOFError" | "ValueError":
            return "marshal data" in raised.message or "bad marshal" in raised.message
    return False


def _is_killed(evidence: Evidence) -> bool:
    return evidence.returncode is not None and evidence.returncode < 0


def _is_anything(_evidence: Evidence) -> bool:
    return True


def _is_said(evidence: Evidence, words: tuple[str, ...]) -> bool:
    return any(word in text for text in _texts(evidence) for word in words)


def _texts(evidence: Evidence) -> Iterator[str]:
    if evidence.error:
        yield evidence.error
    if evidence.raised:
        yield f"{evidence.raised.type}: {evidence.raised.message}"
    yield from evidence.last_lines


# The first that holds. What we did ourselves stands before what it looks like from outside, and a cause (no
# room, no memory) before its consequence (a signal, an exit code).
RULES: tuple[tuple[FailureClass, Callable[[Evidence], bool]], ...] = (
    (FailureClass.SERVICE_LOST, _is_service_lost),
    (FailureClass.SERVICE_FAILED, _is_service_failed),
    (FailureClass.INPUT_CHANGED, _is_input_changed),
    (FailureClass.TIMEOUT, _is_timeout),
    (FailureClass.WORKER_LOST, _is_lost),
    (FailureClass.INPUT_UNUSABLE, _is_input_unusable),
    (FailureClass.DISK_FULL, _is_disk_full),
    (FailureClass.POSTCONDITION, _is_postcondition),
    (FailureClass.ENVIRONMENT_DAMAGED, _is_damaged),
    (FailureClass.NOT_STARTED, _is_not_started),
    (FailureClass.OUT_OF_MEMORY, _is_out_of_memory),
    (FailureClass.ENVIRONMENT_SUSPECTED, _is_suspected),
    (FailureClass.KILLED, _is_killed),
    (FailureClass.STAGE_ERROR, _is_anything),
)
