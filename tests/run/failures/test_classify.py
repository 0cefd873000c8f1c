"""Each way to fail has one name, whatever else is known about it."""

import errno
import signal
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.executors import StageException, Trouble
from pipeline.executors.base import TroubleKind
from pipeline.run.failures.classes import FailureClass, Retry
from pipeline.run.failures.classify import classify, should_escalate
from pipeline.run.failures.evidence import EnvironmentRepair, Evidence, ServiceTrouble, Unrepairable, Whole
from pipeline.run.failures.oom import OomKills

PREFIX = "/project/venv/.builds/alpha-1"
FAILED = Evidence(PREFIX, returncode=1)
SIGKILLED = Evidence(PREFIX, returncode=-9)
LOST = ServiceTrouble("server", "crashed", "it was killed by SIGKILL", ("last words",), "/log", was_used=True)
WHOLE = Whole("requirements/alpha.txt", ("lock", "bootstrap --env alpha"))


def raising(kind: str, message: str = "", file: str | None = None) -> Evidence:
    return replace(FAILED, raised=StageException(kind, message, file))


def printing(*lines: str, returncode: int = 1) -> Evidence:
    return Evidence(PREFIX, returncode=returncode, last_lines=lines)


def starting(number: int) -> Evidence:
    return Evidence(PREFIX, start_error=OSError(number, "no", "/env/bin/python"))


def killing(evidence: Evidence, group: int = 0, machine: int = 0) -> Evidence:
    """The kernel killed so many more while it ran."""
    return replace(evidence, oom_before=OomKills(5, 5), oom_after=OomKills(5 + group, 5 + machine))


STAGE_ERRORS = {
    "an exit code": Evidence(PREFIX, returncode=3),
    "its own words": replace(FAILED, error="not today"),
    "an exception": raising("ValueError", "no"),
    "a file of the job that isn't there": raising("FileNotFoundError", "[Errno 2] …: '/film.mp4'", "/film.mp4"),
    "an attribute of a value": raising("AttributeError", "'str' object has no attribute 'x'"),
    "a syntax error in the stage": raising("SyntaxError", "invalid syntax", "/project/stages/x.py"),
    "a program that a shell didn't find": printing("sh: 1: ffmpeg: not found", returncode=127),
    "a mistake while the stage is loaded": replace(
        FAILED, raised=StageException("NameError", "", None, "/project/stages/x.py")
    ),
    "a neighbour's folder with a longer name": raising("FileNotFoundError", "", f"{PREFIX}2/lib/x.py"),
    "nothing at all": FAILED,
    "out of memory of a neighbour": killing(FAILED, group=1),
}

SUSPECTED = {
    "an import": raising("ImportError", "cannot import name 'x' from 'quirk'"),
    "a module": raising("ModuleNotFoundError", "No module named 'quirk'"),
    "a module, by the log alone": printing("Traceback …", "ModuleNotFoundError: No module named 'quirk'"),
    "a library, by the loader": printing("x: error while loading shared libraries: libx.so.1: …", returncode=127),
    "a symbol, by the loader": printing("x: symbol lookup error: y.so: undefined symbol: z", "", returncode=127),
    "a library, by ctypes": raising("OSError", "libx.so: cannot open shared object file: No such file"),
    "a library cut off": raising("OSError", f"{PREFIX}/x.so: file too short"),
    "a missing file of a package": raising("FileNotFoundError", "[Errno 2] …", f"{PREFIX}/lib/data.bin"),
    "a missing file, by the log alone": printing(f"FileNotFoundError: [Errno 2] No such file: '{PREFIX}/lib/data'"),
    "a package's syntax": raising("SyntaxError", "unterminated string", f"{PREFIX}/lib/quirk.py"),
    "a package cut off between two lines": raising("AttributeError", "module 'quirk' has no attribute 'VERSION'"),
    "a package cut off within a name": replace(
        FAILED, raised=StageException("NameError", "", None, f"{PREFIX}/lib/quirk.py")
    ),
    "an archive of packages": raising("zipimport.ZipImportError", "can't read Zip file"),
    "an archive of packages, as reported": raising("ZipImportError", "can't read Zip file"),
    "bytecode cut off": raising("EOFError", "marshal data too short"),
    "a mapped library cut off": Evidence(PREFIX, returncode=-signal.SIGBUS),
    "a library with other bytes": Evidence(PREFIX, returncode=-signal.SIGSEGV),
}


def on_node(kind: TroubleKind) -> Evidence:
    return Evidence(PREFIX, trouble=Trouble(kind, "words", "node1"))


EXPECTED = {
    FailureClass.STAGE_ERROR: STAGE_ERRORS,
    FailureClass.ENVIRONMENT_SUSPECTED: SUSPECTED,
    FailureClass.ENVIRONMENT_DAMAGED: {
        "another prefix": Evidence(PREFIX, returncode=96, wrong_environment=True),
        "no interpreter": starting(errno.ENOENT),
        "an interpreter that can't be executed": starting(errno.EACCES),
        "damage found and repaired": replace(FAILED, verdict=EnvironmentRepair(Path(PREFIX), ("x",))),
        "damage found, not repaired": replace(FAILED, verdict=Unrepairable("no network", ("x",))),
    },
    FailureClass.OUT_OF_MEMORY: {
        "on a node": replace(on_node("oom"), returncode=-9),
        "killed by the group's kernel": killing(SIGKILLED, group=1),
        "killed by the machine's kernel": killing(SIGKILLED, machine=1),
        "a shell's word for it": killing(Evidence(PREFIX, returncode=137), group=1),
        "a child of it was killed": killing(raising("CalledProcessError", "… died with <Signals.SIGKILL: 9>."), 1),
        "Python's own": raising("MemoryError"),
        "numpy's own": raising("numpy._core._exceptions._ArrayMemoryError", "Unable to allocate 8 EiB"),
        "by the log alone": printing("MemoryError"),
        "torch's own": raising("torch.OutOfMemoryError", "CUDA out of memory."),
        "a C++ library's": printing("terminate called … 'std::bad_alloc'", returncode=-6),
        "a system call's": raising("OSError", "[Errno 12] Cannot allocate memory"),
    },
    FailureClass.TIMEOUT: {
        "on a node": replace(on_node("lost"), timed_out=5),
        "by us": replace(SIGKILLED, timed_out=5, killed_by_us=True),
    },
    FailureClass.KILLED: {
        "by somebody": SIGKILLED,
        "by somebody who asked": Evidence(PREFIX, returncode=-15),
        "by a signal without a name": Evidence(PREFIX, returncode=-63),
        "by us while the kernel was short of memory": replace(killing(SIGKILLED, group=1), killed_by_us=True),
    },
    FailureClass.DISK_FULL: {
        "the runner's words": replace(FAILED, error="[Errno 28] No space left on device: '/out'"),
        "an exception": raising("sqlite3.OperationalError", "No space left on device"),
        "a program's words": printing("av_interleaved_write_frame(): No space left on device"),
        "a quota": raising("OSError", "[Errno 122] Disk quota exceeded"),
        "before it started": starting(errno.ENOSPC),
        "and then killed": printing("No space left on device", returncode=-6),
    },
    FailureClass.POSTCONDITION: {
        "an output that isn't there": Evidence(PREFIX, returncode=0, missing="its output isn't there"),
        "a condition": Evidence(PREFIX, returncode=0, unmet=("output 'x' is empty",)),
    },
    FailureClass.WORKER_LOST: {"with its worker": replace(SIGKILLED, lost="its worker was killed by SIGSEGV")},
    FailureClass.NOT_STARTED: {
        "no process": starting(errno.EAGAIN),
        "no descriptor": starting(errno.EMFILE),
        "no memory": starting(errno.ENOMEM),
    },
    FailureClass.INPUT_CHANGED: {
        "and nothing else": Evidence(PREFIX, returncode=0, changed=("it changed its input",)),
        "and then it failed": replace(FAILED, changed=("it changed its input",)),
        "and then it was too slow": replace(SIGKILLED, timed_out=5, killed_by_us=True, changed=("it changed",)),
    },
    FailureClass.SERVICE_LOST: {
        "and the stage's own error": replace(FAILED, error="connection refused", service=LOST),
        "and it was ended for that": replace(SIGKILLED, killed_by_us=True, service=LOST),
    },
    FailureClass.SERVICE_FAILED: {"nothing was started": Evidence("", service=replace(LOST, was_used=False))},
    FailureClass.NODE_LOST: {
        "while it ran": on_node("lost"),
        "after a request to end": replace(on_node("lost"), killed_by_us=True),
    },
    FailureClass.NODE_WALLTIME: {"by the batch system": on_node("walltime")},
    FailureClass.NODE_MEMORY: {"by the batch system": on_node("memory")},
    FailureClass.NODE_PREEMPTED: {"for another job": on_node("preempted"), "and queued again": on_node("requeued")},
    FailureClass.NODE_CANCELLED: {"by a person": on_node("cancelled")},
    FailureClass.NODE_FAULT: {
        "its own": on_node("fault"),
        "of its job": on_node("failed"),
        "a file": on_node("content"),
    },
    FailureClass.NODE_FULL: {"its disk": on_node("room")},
    FailureClass.NODE_ENVIRONMENT: {"not to be had": on_node("environment")},
    FailureClass.NO_NODE: {"not to be had anywhere": on_node("nowhere")},
    FailureClass.INPUT_UNUSABLE: {"its verdict": Evidence(PREFIX, returncode=5, error="no speech in it")},
}


CASES = [
    pytest.param(evidence, kind, id=f"{kind.value}: {name}")
    for kind, cases in EXPECTED.items()
    for name, evidence in cases.items()
]


@pytest.mark.parametrize(("evidence", "kind"), CASES)
def test_evidence_has_a_name(evidence: Evidence, kind: FailureClass) -> None:
    assert classify(evidence) is kind


def test_every_name_is_tested_and_has_its_rule() -> None:
    assert EXPECTED.keys() == set(FailureClass)
    assert all(kind.rule.next_step for kind in FailureClass)


@pytest.mark.parametrize("evidence", SUSPECTED.values(), ids=SUSPECTED)
def test_a_suspicion_that_a_look_at_the_environment_refutes_is_the_stage_s_own(evidence: Evidence) -> None:
    assert should_escalate(evidence)
    checked = replace(evidence, verdict=WHOLE)
    assert classify(checked) in (FailureClass.STAGE_ERROR, FailureClass.KILLED)
    assert not should_escalate(checked)


def test_what_an_exit_code_5_says_without_words_is_no_verdict_on_the_input() -> None:
    assert classify(Evidence(PREFIX, returncode=5)) is FailureClass.STAGE_ERROR


def test_a_successful_stage_may_print_that_a_disk_is_full() -> None:
    assert classify(replace(printing("No space left on device", returncode=0), unmet=("x",))) is (
        FailureClass.POSTCONDITION
    )


@pytest.mark.parametrize(("before", "after"), list(product([None, 0, 3], [None, 0])))
def test_a_counter_that_is_absent_or_did_not_rise_proves_nothing(before: int | None, after: int | None) -> None:
    evidence = replace(SIGKILLED, oom_before=OomKills(before, before), oom_after=OomKills(after, after))
    assert classify(evidence) is FailureClass.KILLED


def test_only_what_is_not_the_stage_s_fault_is_free() -> None:
    free = {kind for kind in FailureClass if kind.rule.retry is Retry.FREE}
    of_nodes = {kind for kind in FailureClass if kind.name.startswith("NODE_")}
    other = {FailureClass.ENVIRONMENT_DAMAGED, FailureClass.WORKER_LOST, FailureClass.NOT_STARTED}
    assert free == other | of_nodes - {FailureClass.NODE_MEMORY, FailureClass.NODE_ENVIRONMENT}


@given(
    st.integers(-64, 255) | st.none(),
    st.text(max_size=20) | st.none(),
    st.lists(st.text(max_size=30), max_size=3),
    st.booleans(),
    st.integers(0, 2),
)
def test_any_evidence_has_exactly_one_name(
    returncode: int | None, error: str | None, lines: list[str], killed_by_us: bool, kills: int
) -> None:
    evidence = Evidence(PREFIX, returncode, error, last_lines=tuple(lines), killed_by_us=killed_by_us)
    assert isinstance(classify(killing(evidence, kills)), FailureClass)
