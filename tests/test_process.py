import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline import child_process, process, process_tree

STUBBORN = "trap '' TERM INT; echo $$ >{pids}; while :; do sleep 1; done"
VARIABLES = {"PATH": os.environ["PATH"]}


def eventually(condition: object, seconds: float = 60) -> bool:
    """Whether a condition comes true within a bound."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def started(*argv: str) -> child_process.Child:
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        return process.spawn([shutil.which(argv[0]) or argv[0], *argv[1:]], VARIABLES, nowhere, nowhere, nowhere)
    finally:
        os.close(nowhere)


def pid_in(file: Path) -> int:
    assert eventually(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def test_a_tool_gives_its_streams_and_its_code(spawning: None) -> None:
    done = process.run(["sh", "-c", "echo out; echo err >&2; exit 3"], VARIABLES, timeout=90)
    assert (done.returncode, done.stdout, done.error_text) == (3, b"out\n", "err")


def test_a_tool_sees_only_the_variables_it_is_given(spawning: None) -> None:
    done = process.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], {"ONLY": "1"}, timeout=90)
    assert "'HOME'" not in done.stdout.decode()
    assert "'ONLY'" in done.stdout.decode()


def test_a_tool_finds_standard_input_empty(spawning: None) -> None:
    assert process.run(["cat"], VARIABLES, timeout=90).stdout == b""


def test_a_tools_streams_can_go_to_a_log(spawning: None, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        done = process.run(["sh", "-c", "echo out; echo err >&2"], VARIABLES, timeout=10, log=log)
    assert (done.stdout, (tmp_path / "log").read_text()) == (b"", "out\nerr\n")


def test_a_tool_that_takes_too_long_is_gone_with_what_it_started(spawning: None, tmp_path: Path) -> None:
    script = f"({STUBBORN.format(pids=tmp_path / 'pid')}) & wait"
    with pytest.raises(process.TimedOut, match="sh took longer than 1 s"):
        process.run(["sh", "-c", script], VARIABLES, timeout=1)
    assert not alive(pid_in(tmp_path / "pid"))


def test_a_missing_program_is_named(spawning: None) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        process.run(["no-such-program"], VARIABLES, timeout=1)


def test_a_process_that_obeys_ends_within_its_grace(spawning: None) -> None:
    child = started("sleep", "600")
    process_tree.stop([child], grace=30)
    assert child.returncode is not None


def test_a_grandchild_that_ignores_being_asked_is_killed(spawning: None, tmp_path: Path) -> None:
    child = started("sh", "-c", f"({STUBBORN.format(pids=tmp_path / 'pid')}) & wait")
    stubborn = pid_in(tmp_path / "pid")
    process_tree.stop([child], grace=0.1)
    assert not alive(stubborn)


def test_a_descendant_in_a_session_of_its_own_is_stopped_too(spawning: None, tmp_path: Path) -> None:
    script = STUBBORN.format(pids=tmp_path / "pid")
    child = started("sh", "-c", f'setsid sh -c "{script.replace("$$", chr(92) + "$$")}" & wait')
    stubborn = pid_in(tmp_path / "pid")
    process_tree.stop([child], grace=0.1)
    assert eventually(lambda: not alive(stubborn))


def test_all_children_can_be_killed_with_what_they_started(spawning: None, tmp_path: Path) -> None:
    children = [started("sh", "-c", f"({STUBBORN.format(pids=tmp_path / name)}) & wait") for name in ("1", "2")]
    stubborn = [pid_in(tmp_path / name) for name in ("1", "2")]
    process_tree.kill_children()
    assert eventually(lambda: not any(alive(pid) for pid in stubborn))
    assert [child.wait() for child in children] == [-signal.SIGKILL] * 2


def test_what_has_ended_already_can_be_stopped(spawning: None) -> None:
    child = started("true")
    child.wait()
    process_tree.stop([child], grace=1)
    assert child.returncode == 0


def test_reaping_ends_what_a_process_left_in_its_group(spawning: None, tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    child = started("sh", "-c", f"sh -c '{STUBBORN.format(pids=pids)}' & while [ ! -s {pids} ]; do :; done; exit 4")
    left = pid_in(pids)
    assert eventually(lambda: not alive(child.pid))
    assert child_process.reap(child) == 4
    assert eventually(lambda: not alive(left))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a tie does nothing")
def test_a_group_that_is_bound_ends_when_its_tie_closes(spawning: None, tmp_path: Path) -> None:
    child, tie = tied("sleep 600 & echo $! >" + str(tmp_path / "pid") + "; wait")
    grandchild = pid_in(tmp_path / "pid")
    tie.bind(child.pid)
    tie.close()
    assert child.wait() == -signal.SIGKILL
    assert eventually(lambda: not alive(grandchild))


def test_a_group_that_was_released_lives_on_when_its_tie_closes(spawning: None, tmp_path: Path) -> None:
    child, tie = tied("while [ ! -e " + str(tmp_path / "go") + " ]; do sleep 0.01; done")
    tie.bind(child.pid)
    tie.release()
    tie.close()
    (tmp_path / "go").touch()
    assert child.wait() == 0


def tied(script: str) -> tuple[child_process.Child, child_process.Tie]:
    tie, nowhere = child_process.Tie(), os.open(os.devnull, os.O_RDWR)
    try:
        return process.spawn(["/bin/sh", "-c", script], VARIABLES, nowhere, nowhere, nowhere, tie.inherited), tie
    finally:
        os.close(nowhere)


def test_an_exit_descriptor_becomes_readable_at_the_end(spawning: None) -> None:
    import select

    child = started("sleep", "600")
    descriptor = child_process.exit_descriptor(child)
    assert descriptor is not None
    assert select.select([descriptor], [], [], 0)[0] == []
    os.kill(child.pid, signal.SIGKILL)
    assert select.select([descriptor], [], [], 10)[0] == [descriptor]
    os.close(descriptor)
    child.wait()


def test_stopping_nothing_costs_no_import() -> None:
    loaded = sys.modules.pop("psutil")
    try:
        process_tree.stop([], grace=1)
        assert "psutil" not in sys.modules
    finally:
        sys.modules["psutil"] = loaded


@pytest.mark.parametrize("program", ["sh", "/bin/sh"])  # by either way of starting
def test_a_process_has_its_streams_and_those_that_it_keeps_and_no_others(
    spawning: None, tmp_path: Path, program: str
) -> None:
    taken = os.open(tmp_path / "lock", os.O_WRONLY | os.O_CREAT)
    kept = os.open(tmp_path / "kept", os.O_WRONLY | os.O_CREAT)
    out = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    script = f"ls /proc/self/fd | tr '\\n' ' '; echo; echo kept >/proc/self/fd/{kept}; ps -o sid= -p $$; echo $$"
    child = process.spawn([program, "-c", script], {"PATH": os.environ["PATH"]}, out, out, out, [kept])
    assert child.wait() == 0
    descriptors, session, pid = (tmp_path / "out").read_text().splitlines()
    assert {int(each) for each in descriptors.split()} - {3, kept} == {0, 1, 2}  # 3 is that of ls itself
    assert session.strip() == pid == str(child.pid)
    assert (tmp_path / "kept").read_text() == "kept\n"
    for descriptor in (taken, kept, out):
        os.close(descriptor)


def test_what_we_were_started_with_is_closed_in_what_we_start(spawning: None, tmp_path: Path) -> None:
    code = (
        "import os; from pipeline import process\n"
        f"out = os.open({str(tmp_path / 'out')!r}, os.O_WRONLY | os.O_CREAT)\n"
        "process.spawn(['/bin/sh', '-c', 'ls /proc/self/fd'], dict(os.environ), out, out, out).wait()\n"
    )
    locked = os.open(tmp_path / "lock", os.O_WRONLY | os.O_CREAT)
    held = os.dup2(locked, 77)
    subprocess.run([sys.executable, "-c", code], pass_fds=[held], check=True, cwd=Path(__file__).parents[1])
    assert "77" not in (tmp_path / "out").read_text().split()
    os.close(locked)
    os.close(held)


@pytest.mark.parametrize("program", ["sh", "/bin/sh"])
def test_a_process_ends_by_a_broken_pipe_as_the_system_has_it(spawning: None, program: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    child = process.spawn([program, "-c", "echo; exit 7"], dict(os.environ), writing, writing, writing)
    os.close(writing)
    assert child.wait() == -signal.SIGPIPE


@pytest.mark.parametrize("program", ["/nowhere/at/all", "no-such-program"])
def test_a_program_that_is_not_there_is_an_error_with_its_name(spawning: None, program: str) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    with pytest.raises(FileNotFoundError) as raised:
        process.spawn([program], {}, nowhere, nowhere, nowhere)
    assert raised.value.filename == program
    os.close(nowhere)


def test_a_child_that_others_collected_has_not_ended_well(spawning: None) -> None:
    child = started("true")
    os.waitpid(child.pid, 0)
    assert child.poll() == child_process.UNKNOWN


def test_what_a_process_used_is_known_when_it_is_collected(spawning: None) -> None:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + (100 << 20)
    code = f"x = bytearray({size})\nwhile sum(__import__('os').times()[:2]) < 0.2: pass"
    child = started(sys.executable, "-c", code)
    assert child.wait() == 0
    assert child.used is not None
    assert 0.2 <= child.used.cpu_seconds < 5
    assert child.used.memory is not None
    assert size <= child.used.memory < size + (200 << 20)


def test_less_memory_than_our_own_is_not_known(spawning: None) -> None:
    ours = bytearray(64 << 20)
    child = started(sys.executable, "-c", "pass")
    child.wait()
    assert child.used is not None
    assert child.used.memory is None
    assert len(ours) == 64 << 20
