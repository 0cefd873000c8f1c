"""With real processes: whatever a stage starts, and however the orchestrator ends, nothing is left."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.run.supervision import guardian, sweep
from pipeline.run.supervision.guardian import Guardian
from pipeline.sdk.server_protocol import BusyRecord
from tests.conftest import REPOSITORY
from tests.test_process import alive, eventually

# Starts one "stage" (a shell script) as an executor would, but without its tie, and then ends in some way.
ORCHESTRATOR = """
import os, sys, time
from pathlib import Path
from pipeline import process
from pipeline.run.supervision.guardian import Guardian
token, script, end, busy = sys.argv[1:]
guardian = Guardian(token, Path(busy))
guardian.start()
nowhere = os.open(os.devnull, os.O_RDWR)
variables = {**os.environ, "PIPELINE_RUN": token}
child = process.spawn(["/bin/sh", script], variables, nowhere, nowhere, nowhere)
print(child.pid, flush=True)
if end == "error":
    raise RuntimeError("a bug")
if end == "leave":
    os._exit(3)
if end == "release":
    child.wait()
    left = guardian.sweep()
    guardian.release()
    print(len(left), flush=True)
time.sleep(600)
"""

# A lock that lives as long as any of its processes: a list of processes misses those that live for a millisecond.
READY = '\nready = open(sys.argv[1] + ".ready", "w")\nimport fcntl; fcntl.flock(ready, fcntl.LOCK_SH)\n'
FORKS_IN_A_LOOP = (
    "import os, sys, time"
    + READY
    + "while True:\n    if os.fork(): os._exit(0)\n    os.setsid()\n    time.sleep({pause})"
)
FORKS_MANY = "import os, sys, time\nfor _ in range(6):\n    if os.fork() == 0: os.setsid()" + READY + "time.sleep(600)"
CLOSES_ALL = "import os, sys, time\nos.closerange(0, 65536)" + READY + "time.sleep(600)"
LOSES_ITS_FIRST_THREAD = """
import ctypes, threading
threading.Thread(target=ctypes.CDLL(None).sleep, args=(600,)).start()
ctypes.PyDLL(None).pthread_exit(None)
"""

STAGES = {
    "a process that ignores being asked": "trap '' TERM INT HUP; {sleep}",
    "a child in a session of its own": "setsid {sleep} & {sleep}",
    "a child that lost its parent and its session": "(setsid setsid {sleep} &) ; {sleep}",
    "what remains of a stage that has ended": "(setsid setsid {sleep} &) ; (setsid {sleep} &)",
    "a process that closed all descriptors": "{python} '" + CLOSES_ALL + "' {sleep}",
    "a chain of processes that fork and end": "{python} '"
    + FORKS_IN_A_LOOP.format(pause=0.002)
    + "' {sleep} & {sleep}",
    "a chain without a pause": "{python} '" + FORKS_IN_A_LOOP.format(pause=0) + "' {sleep} & {sleep}",
    "many processes in sessions of their own": "{python} '" + FORKS_MANY + "' {sleep}",
    "a cleared environment below a living parent": "setsid env -i {sleep} & {sleep}",
    "a cleared environment, an orphan, in the stage's session": "(env -i {sleep} &) ; {sleep}",
    "a cleared environment below an orphan": "(setsid sh -c 'env -i {sleep} & {sleep}' &) ; {sleep}",
    "a stopped process": "setsid sh -c 'kill -STOP $$; exec {sleep}' & {sleep}",
    "a long environment": "LONG=$(head -c 100000 /dev/zero | tr '\\0' x) setsid {sleep} & {sleep}",
}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    """A folder whose name every process of the test has among its arguments, so that none is overlooked."""
    (tmp_path / "busy").mkdir()
    (tmp_path / "sleep").symlink_to("/bin/sleep")
    yield tmp_path
    for pid in left(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def token() -> str:
    return os.urandom(16).hex()


def left(marker: object) -> list[int]:
    """Living processes that have something among their arguments."""
    found = []
    for each in psutil.process_iter():
        try:
            if str(marker) in " ".join(each.cmdline()) and sweep._look(each.pid):
                found.append(each.pid)
        except psutil.NoSuchProcess:
            continue
    return found


Orchestrate = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def orchestrate(here: Path, token: str, spawning: None) -> Iterator[Orchestrate]:
    children: list[subprocess.Popen[str]] = []

    def start(stage: str, end: str = "killed", run: str = token) -> "subprocess.Popen[str]":
        file = script(here, f"stage{len(children)}", stage)  # its own: a shell may not have read the first one's yet
        child = subprocess.Popen(
            [sys.executable, "-c", ORCHESTRATOR, run, file, end, here / "busy"],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().strip().isdigit()
        return child

    yield start
    for child in children:
        finish(child)


def script(here: Path, name: str, stage: str) -> Path:
    """In a file, so that the words of the script aren't among anybody's arguments."""
    file = here / name
    file.write_text(stage.format(sleep=f"{here}/sleep 600", python=f"{sys.executable} -c", here=here))
    return file


def is_locked(file: Path) -> bool:
    with file.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def watching(token: str, orchestrator: int = 0) -> int:
    """The guardian's process; a moment after its start it has no arguments yet to know it by."""
    assert eventually(lambda: len(set(left(token)) - {orchestrator}) == 1)
    return (set(left(token)) - {orchestrator}).pop()


def finish(child: "subprocess.Popen[str]") -> None:
    child.kill()
    child.communicate(timeout=60)


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_of_the_orchestrator_leaves_no_process(
    here: Path, token: str, orchestrate: Orchestrate, stage: str
) -> None:
    child = orchestrate(STAGES[stage])
    ready = here / "sleep.ready"
    lasting = STAGES[stage].count("{sleep}") - STAGES[stage].count("{python}")
    assert eventually(lambda: len(left(here / "sleep")) >= lasting)
    assert "{python}" not in STAGES[stage] or eventually(lambda: ready.exists() and is_locked(ready))
    finish(child)
    assert eventually(lambda: left(here) == [] and left(token) == [])
    assert not ready.exists() or eventually(lambda: not is_locked(ready))


@pytest.mark.parametrize("end", ["error", "leave"])
def test_an_end_without_a_release_leaves_no_process(here: Path, token: str, orchestrate: Orchestrate, end: str) -> None:
    child = orchestrate("setsid {sleep} & {sleep}", end)
    child.communicate(timeout=60)
    assert eventually(lambda: left(here) == [] and left(token) == [])


def test_a_release_ends_the_guardian_while_the_orchestrator_lives(
    here: Path, token: str, orchestrate: Orchestrate
) -> None:
    child = orchestrate("(setsid {sleep} &) ; (env -i {sleep} & exec {sleep}) & exit 0", "release")
    assert child.stdout is not None
    assert int(child.stdout.readline()) >= 2  # what the stage left behind; the third may have gone with the second
    assert left(here / "sleep") == []
    assert left(token) == [child.pid]
    finish(child)


def test_the_orchestrator_stopped_is_not_the_orchestrator_dead(
    here: Path, token: str, orchestrate: Orchestrate
) -> None:
    child = orchestrate("{sleep}")
    child.send_signal(signal.SIGSTOP)
    watch = watching(token, child.pid)
    assert eventually(lambda: len(left(here / "sleep")) == 1)
    assert "sh" in psutil.Process(watch).name()  # no search has begun
    finish(child)
    assert eventually(lambda: left(here) == [] and left(token) == [])


def test_the_guardian_does_not_hear_the_terminal(here: Path, token: str, orchestrate: Orchestrate) -> None:
    child = orchestrate("{sleep}")
    watch = watching(token, child.pid)
    assert os.getsid(watch) == watch
    finish(child)
    assert eventually(lambda: left(token) == [])


def test_two_runs_do_not_touch_each_other(here: Path, token: str, orchestrate: Orchestrate) -> None:
    one = orchestrate("setsid {sleep} & {sleep}")
    other = orchestrate(run=token[::-1], stage="setsid {sleep} & {sleep}")
    assert eventually(lambda: len(left(here / "sleep")) == 4)
    watch = watching(token, one.pid)  # by its pid: while the shell turns into the search, it has no arguments
    finish(one)
    assert eventually(lambda: not alive(watch))
    assert len(left(here / "sleep")) == 2
    finish(other)
    assert eventually(lambda: left(here) == [])


def test_a_run_within_a_stage_is_swept_by_both_guardians(here: Path, token: str, orchestrate: Orchestrate) -> None:
    inner = token[::-1]
    nested = here / "nested.py"
    nested.write_text(ORCHESTRATOR)
    hidden = script(here, "hidden", "(setsid setsid {sleep} &) ; {sleep}")
    child = orchestrate(f"PYTHONPATH={REPOSITORY} {sys.executable} {nested} {inner} {hidden} killed {here}/busy")
    assert eventually(lambda: len(left(here / "sleep")) == 2)
    finish(child)
    assert eventually(lambda: left(here) == [] and left(token) == [] and left(inner) == [])


@pytest.fixture
def workers(here: Path, spawning: None) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Two processes, each with a session of its own and a child, that carry no token."""
    file = script(here, "worker", "{sleep} & wait")
    both = [subprocess.Popen(["/bin/sh", file], start_new_session=True) for _ in range(2)]
    assert eventually(lambda: len(left(here / "sleep")) == 2)
    yield both
    for each in both:
        os.killpg(each.pid, signal.SIGKILL)
        each.wait()


def test_a_worker_at_work_for_the_run_goes_with_it_and_others_stay(
    here: Path, token: str, orchestrate: Orchestrate, workers: list["subprocess.Popen[bytes]"]
) -> None:
    ours, others = workers
    child = orchestrate(":")
    (here / "busy" / "a.busy").write_bytes(BusyRecord(token, ours.pid, 0, "job/stage/1").encode())
    (here / "busy" / "b.busy").write_bytes(BusyRecord(token[::-1], others.pid, 0, "job/stage/1").encode())
    (here / "busy" / "c.busy").write_text("")
    (here / "busy" / "d.busy").write_bytes(b"\xff")
    (here / "busy" / "e.busy").write_text(f"{token} nonsense")
    (here / "busy" / "f.busy").write_bytes(BusyRecord(token, 1, 0, "job/stage/1").encode())
    (here / "busy" / "g.busy").symlink_to("nowhere")
    finish(child)
    assert eventually(lambda: left(token) == [])
    assert not alive(ours.pid)
    assert alive(others.pid)
    assert len(psutil.Process(others.pid).children()) == 1


def test_a_number_that_another_process_has_by_now_is_left_alone(
    here: Path, token: str, workers: list["subprocess.Popen[bytes]"]
) -> None:
    ours, others = workers
    for pid, started in ((others.pid, sweep.started_at(others.pid) - 1), (ours.pid, sweep.started_at(ours.pid))):
        (here / "busy" / f"{pid}.busy").write_bytes(BusyRecord(token, pid, started, "job/stage/1").encode())
    assert ours.pid in sweep.sweep(token, busy=here / "busy")
    assert alive(others.pid)
    assert not alive(ours.pid)


def marked(here: Path, token: str) -> "subprocess.Popen[bytes]":
    variables = {**os.environ, "PIPELINE_RUN": token}
    return subprocess.Popen([here / "sleep", "600"], env=variables, start_new_session=True)


def test_a_sweep_spares_what_it_is_told_to(here: Path, token: str, spawning: None) -> None:
    kept, gone = marked(here, token), marked(here, token)
    assert sweep.sweep(token, {kept.pid}) == {gone.pid}
    assert gone.wait(60) == -signal.SIGKILL
    assert kept.poll() is None
    assert sweep.sweep(token) == {kept.pid}
    kept.wait(60)


def test_a_sweep_looks_at_nothing_older_than_the_run(here: Path, token: str, spawning: None) -> None:
    child = marked(here, token)
    assert sweep.sweep(token, since=sweep.started_at(child.pid) + 1) == set()
    assert sweep.sweep(token, since=sweep.started_at(child.pid)) == {child.pid}
    child.wait(60)


def test_a_process_whose_first_thread_has_ended_is_alive(token: str, spawning: None) -> None:
    variables = {**os.environ, "PIPELINE_RUN": token}
    child = subprocess.Popen([sys.executable, "-c", LOSES_ITS_FIRST_THREAD], env=variables, start_new_session=True)
    assert eventually(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    assert child.poll() is None
    assert sweep.sweep(token) == {child.pid}
    assert child.wait(60) == -signal.SIGKILL


def test_only_the_whole_token_counts(here: Path, token: str, spawning: None) -> None:
    child = marked(here, token + "0")
    assert sweep.sweep(token) == set()
    assert sweep.sweep(token + "0") == {child.pid}
    child.wait(60)


def test_what_can_not_be_signalled_is_not_waited_for(
    here: Path, token: str, spawning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    child = marked(here, token)
    with monkeypatch.context() as patched:
        patched.setattr(sweep, "_signal_one", refuse)
        assert sweep.sweep(token, seconds=600) == set()
    assert child.poll() is None
    sweep.sweep(token)
    child.wait(60)


def test_what_does_not_die_is_not_waited_for_without_end(
    here: Path, token: str, spawning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = marked(here, token)
    with monkeypatch.context() as patched:
        patched.setattr(sweep, "_signal_one", lambda *_: None)
        assert sweep.sweep(token, seconds=0.05) == {child.pid}
    sweep.sweep(token)
    child.wait(60)


def test_without_proc_the_search_is_the_same(
    here: Path, token: str, spawning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_PROC", here / "none")
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    file = script(here, "stage", "env -i {sleep} & {sleep}")
    child = subprocess.Popen(["/bin/sh", file], env={**os.environ, "PIPELINE_RUN": token}, start_new_session=True)
    assert eventually(lambda: len(left(here / "sleep")) == 2)
    assert len(sweep.sweep(token)) == 3
    child.wait(60)
    assert eventually(lambda: left(here) == [])


def test_where_there_is_no_shell_the_run_goes_on(monkeypatch: pytest.MonkeyPatch, spawning: None) -> None:
    monkeypatch.setattr(guardian, "SHELL", "/no/such/shell")
    before = os.listdir("/proc/self/fd")
    watcher = Guardian("token")
    watcher.start()
    watcher.release()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_guardian_starts_once_and_leaves_no_descriptor(spawning: None, token: str, waited: None) -> None:
    before = os.listdir("/proc/self/fd")
    watcher = Guardian(token)
    watcher.start()
    watcher.start()
    assert watching(token)
    watcher.release()
    watcher.release()
    assert left(token) == []
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_guardian_that_was_killed_can_be_released(spawning: None, token: str) -> None:
    watcher = Guardian(token)
    watcher.start()
    os.kill(watching(token), signal.SIGKILL)
    watcher.release()
    assert left(token) == []


def test_a_family_of_tokens_is_swept_by_what_they_begin_with(token: str, spawning: None) -> None:
    """As a node's agent does, whose attempts have a token each."""
    since = sweep.started_at()
    first, second, other = (_marked(f"{token}{end}") for end in (".first", ".second", "-other"))
    try:
        assert sweep.sweep(f"{token}.", since=since) == {first.pid, second.pid}
        assert other.poll() is None
    finally:
        for each in (first, second, other):
            finish(each)


def test_several_tokens_are_swept_in_one_look(token: str, spawning: None) -> None:
    since = sweep.started_at()
    first, second, third = (_marked(f"{token}.{number}") for number in range(3))
    try:
        assert sweep.sweep_all([f"{token}.0", f"{token}.1"], since) == {first.pid, second.pid}
        assert third.poll() is None
    finally:
        for each in (first, second, third):
            finish(each)


def _marked(token: str) -> "subprocess.Popen[str]":
    """In a session of its own: whatever shares one with it is swept, too."""
    variables = {"PATH": os.defpath, "PIPELINE_RUN": token}
    return subprocess.Popen(["sleep", "600"], env=variables, start_new_session=True, text=True)
