"""What a person reads when a stage has failed, word for word."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ExitCode, InputError, NotReady, PipelineError, StageError
from pipeline.executors import StageException, Trouble
from pipeline.run.failures.classes import FailureClass
from pipeline.run.failures.evidence import Evidence, PlanDrift, ServiceTrouble, Unrepairable, Whole
from pipeline.run.failures.message import Failure, error_of, last_lines
from pipeline.run.failures.oom import OomKills

PREFIX = "/p/venv/.builds/alpha-1"
HEAD = "j1: stage 'cut' in environment 'alpha' failed"
LOG = "  the whole log: /p/jobs/j1/logs/cut.log"
AGAIN = "run-pipeline -j j1   tries again, after what is done already"
MENDED = "mend stages/cutter.py, and then\nrun-pipeline -j j1"
WHOLE = Whole("requirements/alpha.txt", ("uv pip compile …", "bootstrap --env alpha"))


def told(evidence: Evidence) -> PipelineError:
    failure = Failure("j1", "cut", "'cut'", "alpha", "stages/cutter.py", evidence, Path("/p/jobs/j1/logs/cut.log"))
    with pytest.raises(PipelineError) as raised:
        raise error_of(failure)
    return raised.value


def failed(**values: object) -> Evidence:
    return replace(Evidence(PREFIX, returncode=1), **values)  # type: ignore[arg-type]  # names are the fields'


NO_MODULE = StageException("ModuleNotFoundError", "No module named 'mising.part'")

LOST = ServiceTrouble("server", "crashed", "it was killed by SIGKILL", ("loading",), "/r/log", True)


MESSAGES: dict[FailureClass, list[tuple[Evidence, type[PipelineError], str, str]]] = {
    FailureClass.STAGE_ERROR: [
        (
            failed(last_lines=("Traceback …", "ValueError: no")),
            StageError,
            f"{HEAD}: it ended with exit code 1\n  | Traceback …\n  | ValueError: no\n{LOG}",
            AGAIN,
        ),
        (failed(raised=StageException("KeyError", "")), StageError, f"{HEAD}: it raised KeyError\n{LOG}", AGAIN),
        (
            failed(raised=StageException("ValueError", "one\x1b\ntwo")),
            StageError,
            f"{HEAD}: it raised ValueError: one\\x1b\n{LOG}",
            AGAIN,
        ),
        (
            failed(raised=StageException("KeyError", "'b'"), plan_drift=PlanDrift(("input 'b'",), "prepare-job a.mkv")),
            StageError,
            (
                f"{HEAD}: it raised KeyError: 'b'\n"
                f"  stages/cutter.py has been changed since the job was prepared: then it had no input 'b'\n{LOG}"
            ),
            "prepare-job a.mkv   prepares it for the stage as it is now",
        ),
        (failed(error="not today"), StageError, f"{HEAD}: not today\n{LOG}", AGAIN),
        (
            failed(raised=NO_MODULE, verdict=WHOLE),
            StageError,
            (
                f"{HEAD}: it raised ModuleNotFoundError: No module named 'mising.part'\n"
                "  environment 'alpha' isn't damaged: every file is as it was installed\n"
                "  no package in it has the module 'mising.part'; if the stage needs it, "
                f"add its package to requirements/alpha.txt\n{LOG}"
            ),
            "uv pip compile …\nbootstrap --env alpha",
        ),
        (
            failed(raised=StageException("ImportError", "cannot import name 'x'"), verdict=WHOLE),
            StageError,
            (
                f"{HEAD}: it raised ImportError: cannot import name 'x'\n"
                f"  environment 'alpha' isn't damaged: every file is as it was installed\n{LOG}"
            ),
            AGAIN,
        ),
    ],
    FailureClass.ENVIRONMENT_SUSPECTED: [
        (
            failed(raised=NO_MODULE),
            StageError,
            (
                f"{HEAD}: it raised ModuleNotFoundError: No module named 'mising.part'\n"
                f"  environment 'alpha' may be damaged\n{LOG}"
            ),
            "bootstrap --env alpha --force",
        )
    ],
    FailureClass.ENVIRONMENT_DAMAGED: [
        (
            Evidence(PREFIX, returncode=96, wrong_environment=True),
            NotReady,
            (
                f"{HEAD}: the interpreter that was started belongs to another environment\n"
                f"  environment 'alpha' isn't what was installed\n{LOG}"
            ),
            "bootstrap --env alpha --force",
        ),
        (
            failed(verdict=Unrepairable("no network", tuple(f"file {n} is missing" for n in range(7)))),
            NotReady,
            (
                f"{HEAD}: it ended with exit code 1\n  environment 'alpha' isn't what was installed\n"
                + "".join(f"  file {n} is missing\n" for n in range(5))
                + f"  and 2 more\n  it couldn't be repaired: no network\n{LOG}"
            ),
            "bootstrap --env alpha --force",
        ),
    ],
    FailureClass.OUT_OF_MEMORY: [
        (
            Evidence(PREFIX, returncode=-9, oom_before=OomKills(0, 4), oom_after=OomKills(1, 5)),
            StageError,
            (
                f"{HEAD}: it was killed by SIGKILL\n"
                "  the kernel killed a process of this container or session for memory while it ran\n"
                "  there was too little memory for it; give it less to do, or write into stages/cutter.py how much it "
                f"needs (memory in [tool.pipeline.stage.resources])\n{LOG}"
            ),
            "run-pipeline -j j1 --max-parallel 1   runs no other stage at the same time",
        )
    ],
    FailureClass.TIMEOUT: [
        (
            Evidence(PREFIX, returncode=-15, timed_out=2.5),
            StageError,
            (
                f"{HEAD}: it took longer than 2.5 s\n"
                "  it was ended, and all that it had started; its limit is timeout_seconds in stages/cutter.py\n"
                f"{LOG}"
            ),
            AGAIN,
        )
    ],
    FailureClass.KILLED: [
        (Evidence(PREFIX, returncode=-15), StageError, f"{HEAD}: it was killed by SIGTERM\n{LOG}", AGAIN),
        (Evidence(PREFIX, returncode=-63), StageError, f"{HEAD}: it was killed by signal 63\n{LOG}", AGAIN),
    ],
    FailureClass.DISK_FULL: [
        (
            failed(error="[Errno 28] No space left on device: 'x'"),
            StageError,
            (
                f"{HEAD}: [Errno 28] No space left on device: 'x'\n"
                f"  the disk or the quota that it writes to is full\n{LOG}"
            ),
            "make room; this shows how much there is\ndf -h /p/jobs/j1\nand then go on with\nrun-pipeline -j j1",
        )
    ],
    FailureClass.POSTCONDITION: [
        (
            Evidence(PREFIX, returncode=0, unmet=("output 'x' (x.txt) is empty", "output 'y' (y.txt) is empty")),
            StageError,
            (
                f"{HEAD}: it ended well, but output 'x' (x.txt) is empty; output 'y' (y.txt) is empty\n"
                f"  its outputs aren't what stages/cutter.py promises (ensure), so they aren't used\n{LOG}"
            ),
            MENDED,
        ),
        (
            Evidence(PREFIX, returncode=0, unmet=("it is empty",), comes_along=True, again="prepare-job a.mkv -w w"),
            StageError,
            (
                f"{HEAD}: it ended well, but it is empty\n"
                f"  its outputs aren't what stages/cutter.py promises (ensure), so they aren't used\n{LOG}"
            ),
            "prepare the job with other options; those that it had are\nprepare-job a.mkv -w w",
        ),
    ],
    FailureClass.WORKER_LOST: [
        (
            Evidence(PREFIX, returncode=-11, lost="it was killed by SIGSEGV"),
            StageError,
            (
                f"{HEAD}: the process that ran it is gone: it was killed by SIGSEGV\n"
                f"  the stage itself did nothing wrong\n{LOG}"
            ),
            AGAIN,
        )
    ],
    FailureClass.SERVICE_LOST: [
        (
            failed(error="connection refused", service=LOST),
            StageError,
            (
                f"{HEAD}: its service 'server' was lost while it ran (crashed): it was killed by SIGKILL\n"
                "  server | loading\n  the service's whole log: /r/log\n"
                f"  the stage itself did nothing wrong: its service died while it ran\n{LOG}"
            ),
            AGAIN,
        )
    ],
    FailureClass.SERVICE_FAILED: [
        (
            Evidence("", service=replace(LOST, was_used=False)),
            NotReady,
            (
                f"{HEAD}: its service 'server' couldn't be started (crashed): it was killed by SIGKILL\n"
                "  server | loading\n  the service's whole log: /r/log\n"
                "  the stage wasn't started, since it needs this service"
            ),
            AGAIN,
        )
    ],
    FailureClass.NOT_STARTED: [
        (
            Evidence(PREFIX, start_error=OSError(errno.EAGAIN, "Resource temporarily unavailable")),
            NotReady,
            f"{HEAD}: it can't be started: Resource temporarily unavailable\n  the machine gave no process for it",
            AGAIN,
        )
    ],
    FailureClass.INPUT_CHANGED: [
        (
            Evidence(PREFIX, returncode=0, changed=("its input 'a' was changed", "its input 'b' was changed")),
            StageError,
            (
                f"{HEAD}: its input 'a' was changed; its input 'b' was changed\n"
                "  a stage must not change its inputs; if a program does that, "
                f"let stages/cutter.py give it a copy in stage.work\n{LOG}"
            ),
            "mend stages/cutter.py, and then\nrun-pipeline -j j1",
        )
    ],
    FailureClass.NODE_LOST: [
        (
            Evidence(PREFIX, trouble=Trouble("lost", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  the stage itself did nothing wrong: its node is gone",
            AGAIN,
        )
    ],
    FailureClass.NODE_WALLTIME: [
        (
            Evidence(PREFIX, trouble=Trouble("walltime", "it is gone", "node1")),
            StageError,
            (
                f"{HEAD}: on node 'node1': it is gone\n  its node's time was over; "
                "expected_seconds in stages/cutter.py keeps a stage from nodes where it doesn't fit"
            ),
            AGAIN,
        )
    ],
    FailureClass.NODE_MEMORY: [
        (
            Evidence(PREFIX, trouble=Trouble("memory", "it is gone", "node1")),
            StageError,
            (
                f"{HEAD}: on node 'node1': it is gone\n  the batch system ended its node for memory; "
                "write into stages/cutter.py how much it needs (memory in [tool.pipeline.stage.resources])"
            ),
            AGAIN,
        )
    ],
    FailureClass.NODE_PREEMPTED: [
        (
            Evidence(PREFIX, trouble=Trouble("preempted", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  its node was taken for another job",
            AGAIN,
        )
    ],
    FailureClass.NODE_CANCELLED: [
        (
            Evidence(PREFIX, trouble=Trouble("cancelled", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  the batch job of its node was ended by somebody",
            AGAIN,
        )
    ],
    FailureClass.NODE_FAULT: [
        (
            Evidence(PREFIX, trouble=Trouble("fault", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  the stage itself did nothing wrong: its node did",
            AGAIN,
        )
    ],
    FailureClass.NODE_FULL: [
        (
            Evidence(PREFIX, trouble=Trouble("room", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  make room on the node's disk, or let it run on others",
            AGAIN,
        )
    ],
    FailureClass.NODE_ENVIRONMENT: [
        (
            Evidence(PREFIX, trouble=Trouble("environment", "it is gone", "node1")),
            StageError,
            f"{HEAD}: on node 'node1': it is gone\n  it goes to another node",
            AGAIN,
        )
    ],
    FailureClass.NO_NODE: [
        (Evidence(PREFIX, trouble=Trouble("nowhere", "it is gone")), NotReady, f"{HEAD}: it is gone", AGAIN)
    ],
    FailureClass.INPUT_UNUSABLE: [
        (
            Evidence(PREFIX, returncode=5, error="no speech", again="prepare-job a.mkv"),
            InputError,
            f"{HEAD}: no speech\n{LOG}",
            "replace the input by a file that can be used, and then\nprepare-job a.mkv",
        ),
        (
            Evidence(PREFIX, returncode=5, error="it is English", usable_plan="prepare-job a.mkv --param language=en"),
            InputError,
            f"{HEAD}: it is English\n{LOG}",
            "prepare-job a.mkv --param language=en",
        ),
    ],
}


@pytest.mark.parametrize(
    ("evidence", "error", "text", "step"),
    [pytest.param(*case, id=f"{kind.value} {n}") for kind, cases in MESSAGES.items() for n, case in enumerate(cases)],
)
def test_a_failure_is_told(evidence: Evidence, error: type[PipelineError], text: str, step: str) -> None:
    known = told(evidence)
    assert (type(known), known.message, known.next_step) == (error, text, step)


@pytest.mark.parametrize(
    ("file", "returncode", "mended"),
    [
        ("stages/sort.yaml", 127, True),
        ("stages/sort.yaml", 126, True),
        ("stages/sort.yaml", 1, False),
        ("stages/cutter.py", 127, False),
    ],
)
def test_a_program_that_a_shell_has_not_is_to_be_installed_first(file: str, returncode: int, mended: bool) -> None:
    evidence = Evidence(PREFIX, returncode=returncode)
    step = error_of(Failure("j1", "cut", "'cut'", "alpha", file, evidence, Path("/p/jobs/j1/logs/cut.log"))).next_step
    assert str(step).startswith("install the program") == mended
    assert "run-pipeline -j j1" in str(step)


def test_every_class_has_its_message() -> None:
    assert MESSAGES.keys() == set(FailureClass)


def test_none_of_them_is_told_as_a_bug_of_ours() -> None:
    codes = {told(case[0]).exit_code for cases in MESSAGES.values() for case in cases}
    assert ExitCode.BUG not in codes


def test_braces_in_names_are_no_templates() -> None:
    evidence, log = Evidence(PREFIX, -9, timed_out=1), Path("/{l}/logs/x.log")
    failure = Failure("{j}", "{x}", "'{x}'", "{e}", "stages/{f}.py", evidence, log)
    with pytest.raises(StageError, match=r"stages/\{f\}.py"):
        raise error_of(failure)


def test_last_lines_are_fit_for_a_terminal_and_of_this_attempt_only(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"earlier\n" + b"a\tb\x1b[31m\n" + b"x" * 9000 + b"\n")
    first, second = last_lines(log, len(b"earlier\n"))
    assert first == "a       b\\x1b[31m"
    assert second == "x" * 400 + "…"
    assert last_lines(tmp_path / "none.log") == ()
