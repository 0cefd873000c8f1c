"""What a stage may rely on however it is started: each test runs cold and in a worker."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.executors import Message, ProcessExit, StageException, StageReport, WorkerLimits
from pipeline.executors.cold import ColdRun
from pipeline.executors.local import LocalExecutor
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.values import replace
from tests.executors.helpers import (
    BOUND,
    HERE,
    MISSING,
    TOKEN,
    Runs,
    events_to_exit,
    exit_of,
    invocation,
    log,
    until_exit,
    warnings,
    with_id,
)
from tests.test_process import alive, eventually, pid_in

DONE = [ProcessExit("job/test/1", 0)]
STUBBORN = "trap '' TERM INT; echo $$ >{pid}; while :; do sleep 1; done"


@pytest.fixture(params=["cold", "worker"])
def start(request: pytest.FixtureRequest) -> Start:
    way: Start = request.param
    return way


def test_a_stage_that_returns_exits_with_zero(run: Runs) -> None:
    assert run("pass") == DONE


@pytest.mark.parametrize(("given", "code"), [("7", 7), ("None", 0), ("256 + 3", 3), ("-1", 255), ("'a reason'", 1)])
def test_an_exit_code_is_the_one_that_the_interpreter_makes_of_it(run: Runs, given: str, code: int) -> None:
    assert exit_of(run(f"sys.exit({given})")) == ProcessExit("job/test/1", code)


@pytest.mark.parametrize("body", ["os.kill(os.getpid(), 11)", "os.kill(os.getpid(), 9)", "os._exit(9)"])
def test_a_process_that_ends_abruptly_is_told_with_its_code(run: Runs, start: Start, body: str) -> None:
    exited = exit_of(run(body))
    assert exited.returncode == (-int(body[-3:-1]) if "kill" in body else 9)
    assert (exited.lost is not None) == (start == "worker")


def test_an_exception_is_told_shown_and_ends_with_1(run: Runs, tmp_path: Path) -> None:
    message = "[Errno 2] No such file or directory: '/no'"
    raised = StageException("FileNotFoundError", message, "/no")
    assert run("open('/no')") == [Message("job/test/1", StageReport(raised=raised)), ProcessExit("job/test/1", 1)]
    assert log(tmp_path).splitlines()[-1].startswith("FileNotFoundError")
    assert f'File "{tmp_path / "stage.py"}", line 4, in run' in log(tmp_path)


def test_a_stage_that_can_not_be_loaded_says_so_in_its_own_log(run: Runs, tmp_path: Path) -> None:
    assert exit_of(run("pass\nno such syntax")).returncode == 1
    assert "SyntaxError" in log(tmp_path)


@pytest.mark.parametrize(("error", "code"), [("StageFailed", 1), ("InputUnusable", 5)])
def test_a_refusal_is_a_sentence_and_a_code(run: Runs, tmp_path: Path, error: str, code: int) -> None:
    events = run(f"import stagekit\nraise stagekit.{error}('not today')")
    assert events == [Message("job/test/1", StageReport(error="not today")), ProcessExit("job/test/1", code)]
    assert log(tmp_path) == "not today\n"


def test_a_refusal_may_name_values_with_which_it_would_be_none(run: Runs) -> None:
    said = run("import stagekit\nraise stagekit.InputUnusable('it is English', {'language': 'en'})")[0]
    assert said == Message("job/test/1", StageReport(error="it is English", instead={"language": "en"}))


def test_an_exception_tells_the_module_that_was_being_loaded(run: Runs, tmp_path: Path) -> None:
    (tmp_path / "cut_off.py").write_text("VERS")
    said = run(f"sys.path.append({str(tmp_path)!r})\nimport cut_off")[0]
    assert isinstance(said, Message)
    assert said.report.raised is not None
    assert (said.report.raised.type, said.report.raised.loading) == ("NameError", str(tmp_path / "cut_off.py"))


def test_a_stage_may_close_its_streams(run: Runs) -> None:
    assert run("sys.stderr.close()") == DONE


def test_a_full_disk_is_told_as_an_error_and_as_what_was_raised(run: Runs) -> None:
    events = run("raise OSError(28, 'No space left on device', '/x')")
    raised, error = [event.report for event in events if isinstance(event, Message)]
    assert raised.raised is not None
    assert raised.raised.file == "/x"
    assert "No space left" in (error.error or "")


def test_an_interrupt_of_its_own_ends_it_as_the_signal_would(run: Runs) -> None:
    assert exit_of(run("raise KeyboardInterrupt")) == ProcessExit("job/test/1", -signal.SIGINT)


def test_reports_come_in_order_before_the_exit(run: Runs) -> None:
    events = run("for n in range(3000): stage.progress(n / 3000, 'x' * 50)")
    said = [event.report.progress for event in events if isinstance(event, Message)]
    assert said == [number / 3000 for number in range(3000)]


def test_prints_go_to_the_log_and_never_into_the_reports(run: Runs, tmp_path: Path) -> None:
    assert run("print('{}')\nos.write(1, b'from C\\n')\nsubprocess.run(['sh', '-c', 'echo child'])") == DONE
    assert sorted(log(tmp_path).split("\n")) == ["", "child", "from C", "{}"]


def test_standard_input_is_empty(run: Runs, tmp_path: Path) -> None:
    run("print([sys.stdin.read(), os.read(0, 10), subprocess.check_output('cat')])")
    assert log(tmp_path) == "['', b'', b'']\n"


def test_reports_that_are_none_are_passed_over(run: Runs) -> None:
    write = "for fd in range(3, 64):\n    try: os.write(fd, b'\\xff\\n[1]\\nhalf a li')\n    except OSError: pass"
    assert run(f"{write}\nstage.warn('sense')")[-1].id == "job/test/1"


def test_a_stage_can_not_forge_its_end(run: Runs) -> None:
    assert run("stage.report(exit=0)\nsys.exit(3)") == [ProcessExit("job/test/1", 3)]


def test_a_stage_that_closes_all_descriptors_still_exits(run: Runs) -> None:
    assert exit_of(run("os.closerange(0, 1024)\nos._exit(9)")).returncode == 9


def test_a_child_that_outlives_its_stage_is_ended(run: Runs, tmp_path: Path) -> None:
    assert exit_of(run("print(subprocess.Popen(['sleep', '600']).pid)")).returncode == 0
    assert eventually(lambda: not alive(int(log(tmp_path))))


def test_a_forked_child_that_holds_the_report_pipe_does_not_hide_the_end(run: Runs) -> None:
    assert exit_of(run("if os.fork() == 0: time.sleep(600)")).returncode == 0


def test_a_daemon_thread_does_not_hold_a_stage_up(run: Runs) -> None:
    assert exit_of(run("threading.Thread(target=time.sleep, args=(600,), daemon=True).start()")).returncode == 0


def test_a_thread_that_is_no_daemon_is_waited_for(run: Runs, tmp_path: Path) -> None:
    body = "def late():\n    time.sleep(0.2)\n    print('late')\nthreading.Thread(target=late).start()"
    assert run(body) == DONE
    assert log(tmp_path) == "late\n"


def test_another_prefix_than_was_asked_for_is_refused(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    wrong = Interpreter(Path(sys.executable), tmp_path, HERE.variables)
    executor.submit(invocation(tmp_path, "print('ran')", start, wrong))
    assert until_exit(executor, never) == [
        Message("job/test/1", StageReport(wrong_environment=True)),
        ProcessExit("job/test/1", 96),
    ]
    assert "instead of" in log(tmp_path)


def test_submitting_what_is_not_there_is_an_error(executor: LocalExecutor, tmp_path: Path, start: Start) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        executor.submit(invocation(tmp_path, "pass", start, MISSING))
    assert os.listdir("/proc/self/fd") == before


def test_the_token_of_the_run_reaches_what_a_stage_starts(run: Runs, tmp_path: Path) -> None:
    run("print(subprocess.check_output(['sh', '-c', 'printf $PIPELINE_RUN']))")
    assert log(tmp_path) == f"b'{TOKEN}'\n"


def test_an_invocations_own_variables_are_there(run: Runs, tmp_path: Path) -> None:
    run("print(os.environ['CUDA_VISIBLE_DEVICES'])", variables={"CUDA_VISIBLE_DEVICES": "GPU-1"})
    assert log(tmp_path) == "GPU-1\n"


def test_the_folder_is_the_runs(run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("print(os.getcwd())\nos.chdir('/')")
    run("print(os.getcwd())")
    assert log(tmp_path) == f"{tmp_path}\n" * 2


def test_a_missing_log_folder_is_a_failure_and_not_the_end(
    run: Runs, executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    executor.submit(replace(invocation(tmp_path, "pass", start), log=tmp_path / "none" / "log"))
    assert exit_of(until_exit(executor, never)).returncode == 1
    assert run("pass") == DONE


def test_waiting_ends_when_woken(executor: LocalExecutor, tmp_path: Path, start: Start) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)", start))
    read, write = os.pipe()
    os.write(write, b"!")
    assert executor.wait(read, BOUND) == []
    os.close(read)
    os.close(write)


def test_waiting_ends_when_the_time_is_over(executor: LocalExecutor, never: int, tmp_path: Path, start: Start) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)", start))
    began = time.monotonic()
    assert executor.wait(never, 0.2) == []
    assert time.monotonic() - began >= 0.2


def test_many_run_at_once_and_each_is_told_by_its_id(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    work = invocation(tmp_path, "sys.exit(3)", start)
    for number in range(8):
        executor.submit(with_id(work, number))
    exits = [event for event in until_exit(executor, never, exits=8) if isinstance(event, ProcessExit)]
    assert sorted(exits, key=lambda exited: exited.id) == [ProcessExit(f"job/test/{number}", 3) for number in range(8)]


def test_a_cancelled_stage_is_asked_first(executor: LocalExecutor, never: int, tmp_path: Path, start: Start) -> None:
    pid = tmp_path / "pid"
    executor.submit(
        invocation(tmp_path, f"open({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(600)", start)
    )
    pid_in(pid)
    wait_for_owner(executor, never)
    executor.cancel("job/test/1", grace=600)
    assert until_exit(executor, never) == [ProcessExit("job/test/1", -signal.SIGTERM)]


def test_what_is_asked_to_end_before_it_began_ends(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)", start))
    executor.cancel("job/test/1", grace=0.5)
    assert exit_of(until_exit(executor, never)).returncode in (-signal.SIGTERM, -signal.SIGKILL)


def wait_for_owner(executor: LocalExecutor, never: int) -> None:
    """Let the executor hear who answers for what it submitted."""
    executor.wait(never, 0.05)


def test_a_cancelled_stage_that_does_not_listen_is_killed_with_what_it_started(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    pid = tmp_path / "pid"
    script = STUBBORN.format(pid=pid)
    body = f"signal.signal(15, signal.SIG_IGN)\nsubprocess.run(['setsid', 'sh', '-c', {script!r}])"
    executor.submit(invocation(tmp_path, body, start))
    stubborn = pid_in(pid)
    wait_for_owner(executor, never)
    executor.cancel("job/test/1", grace=0.2)
    assert exit_of(until_exit(executor, never)) == ProcessExit("job/test/1", -signal.SIGKILL)
    assert eventually(lambda: not alive(stubborn))


def test_cancelling_what_has_ended_does_nothing(run: Runs, executor: LocalExecutor, never: int) -> None:
    run("pass")
    executor.cancel("job/test/1", grace=0)
    assert executor.wait(never, 0) == []


def test_stopping_ends_what_runs(executor: LocalExecutor, never: int, tmp_path: Path, start: Start) -> None:
    pid = tmp_path / "pid"
    executor.submit(
        invocation(tmp_path, f"open({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(600)", start)
    )
    number = pid_in(pid)
    executor.stop(grace=0)
    assert eventually(lambda: not alive(number))


def test_what_is_killed_at_once_after_it_was_submitted_ends(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)", start))
    executor.cancel("job/test/1", grace=0)
    assert until_exit(executor, never) == [ProcessExit("job/test/1", -signal.SIGKILL)]


CLIENT = """
import os, sys
sys.path.insert(0, {repository!r})
from pathlib import Path
from pipeline.executors.local import LocalExecutor
from tests.executors.helpers import invocation
folder = Path({folder!r})
executor = LocalExecutor(folder, runtime=folder / "runtime")
executor.submit(invocation(folder, {body!r}, {start!r}))
read, write = os.pipe()
while True: executor.wait(read, 60)
"""


def client(folder: Path, body: str, start: Start) -> "subprocess.Popen[bytes]":
    """Another process that runs a stage."""
    repository = str(Path(__file__).parents[2])
    code = CLIENT.format(repository=repository, folder=str(folder), body=body, start=start)
    return subprocess.Popen([sys.executable, "-c", code])


def test_a_client_that_is_killed_takes_its_stage_along(runtime: Path, tmp_path: Path, start: Start) -> None:
    pids = tmp_path / "pids"
    body = (
        "signal.signal(15, signal.SIG_IGN)\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}}\\n{{child.pid}}\\n')\ntime.sleep(600)"
    )
    child = client(tmp_path, body, start)
    assert eventually(lambda: pids.exists() and pids.read_text().count("\n") == 2)
    child.kill()
    child.wait()
    assert eventually(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))


def test_a_stage_in_c_that_never_gives_way_dies_with_its_client(runtime: Path, tmp_path: Path, start: Start) -> None:
    pid = tmp_path / "pid"
    body = f"open({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')\nimport re\nre.match('(a*)*b', 'a' * 64)"
    child = client(tmp_path, body, start)
    number = pid_in(pid)
    child.kill()
    child.wait()
    assert eventually(lambda: not alive(number))


def test_ninety_stages_leave_no_descriptor_and_no_process(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    work = invocation(tmp_path, "pass", start)
    executor.submit(work)
    until_exit(executor, never)
    executor.close()
    before = len(os.listdir("/proc/self/fd"))
    for ended in range(0, 90, 3):
        for number in range(3):
            executor.submit(with_id(work, ended + number))
        until_exit(executor, never, exits=3)
    executor.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert psutil.Process().children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread waits")
def test_the_pipe_that_kills_a_stage_is_none_that_anything_is_written_to(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    """A write wakes its reader before it sends its signal, which may be armed by then."""
    body = (
        "import fcntl\nfor name in os.listdir('/proc/self/fd'):\n  try:\n    flags = fcntl.fcntl(int(name), 3)\n"
        "    if flags & os.O_ASYNC: print(os.fstat(int(name)).st_ino)\n  except OSError: pass\ntime.sleep(600)"
    )
    executor.submit(invocation(tmp_path, body, start))
    assert eventually(lambda: (tmp_path / "stage.log").exists() and log(tmp_path).endswith("\n"))
    (run,) = executor._running.values()
    orders = run.fresh._orders if isinstance(run, ColdRun) else run.lease._orders
    assert orders is not None
    assert int(log(tmp_path)) != os.fstat(orders).st_ino


@pytest.fixture
def full(tmp_path: Path, spawning: None) -> Iterator[Path]:
    """A runtime folder on a disk that has no room left."""
    folder = tmp_path / "full"
    folder.mkdir(mode=0o700)
    options = f"size=16k,mode=0700,uid={os.geteuid()}"
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False, capture_output=True
    ).returncode:
        pytest.skip("needs the right to mount a small disk")
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    yield folder
    assert eventually(lambda: subprocess.run(["umount", folder], check=False).returncode == 0)


def test_where_the_runtime_folder_is_full_a_fresh_process_does_it(
    waited: None, full: Path, never: int, tmp_path: Path, start: Start
) -> None:
    executor = LocalExecutor(tmp_path, WorkerLimits(idle_seconds=0.1), full)
    executor.submit(invocation(tmp_path, "print('ran')", start))
    events = until_exit(executor, never)
    executor.close()
    assert exit_of(events) == ProcessExit("job/test/1", 0)
    assert len(warnings(events)) == (start != "cold")
    assert log(tmp_path) == "ran\n"


WRITES = """
import hashlib, json, random
words = sorted({str(number) for number in range(100)})
random.seed(1)
picked = random.sample(words, 20)
made = {"picked": picked, "digest": hashlib.sha256("".join(picked).encode()).hexdigest(), "n": stage.parameters["n"]}
stage.output("file").write_text(json.dumps(made))
""".strip()


def test_outputs_are_byte_equal_to_those_of_a_fresh_process(
    executor: LocalExecutor, never: int, run: Runs, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, WRITES, "cold"))
    until_exit(executor, never)
    fresh = (tmp_path / "out.txt").read_bytes()
    for _ in range(2):
        (tmp_path / "out.txt").unlink()
        assert run(WRITES) == DONE
        assert (tmp_path / "out.txt").read_bytes() == fresh


def test_what_one_stage_changed_in_its_process_the_next_does_not_see(run: Runs, tmp_path: Path) -> None:
    changes = [
        "os.environ['STRAY'] = '1'; del os.environ['PATH']; os.chdir('/'); os.umask(0o777)",
        "sys.path.insert(0, '/stray'); sys.argv.append('stray'); sys.stdout.close(); sys.stderr = None",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.alarm(600)",
    ]
    shown = (
        "import stagekit\nmask = os.umask(0); os.umask(mask)\n"
        "print('STRAY' in os.environ, 'PATH' in os.environ, mask, '/stray' in sys.path, 'stray' in sys.argv,"
        " signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, signal.getitimer(signal.ITIMER_REAL)[0])"
    )
    body = f"if os.path.exists({str(tmp_path / 'changed')!r}):\n    " + shown.replace("\n", "\n    ")
    body += f"\nelse:\n    open({str(tmp_path / 'changed')!r}, 'w').close()\n    " + "\n    ".join(changes)
    run(body)
    assert exit_of(run(body)).returncode == 0
    mask = os.umask(0)
    os.umask(mask)
    assert log(tmp_path).splitlines()[-1] == f"False True {mask} False False True 0.0"


def test_a_line_without_an_end_is_in_the_log(run: Runs, tmp_path: Path) -> None:
    assert run("sys.stdout.write('one '), sys.stdout.flush(), sys.stderr.write('two')") == DONE
    assert log(tmp_path).endswith("one two")


def test_random_numbers_differ_from_stage_to_stage(run: Runs, tmp_path: Path) -> None:
    for _ in range(3):
        run("import random\nprint(random.random())")
    assert len(set(log(tmp_path).split())) == 3


@pytest.mark.parametrize("start", ["cold"])  # a worker's module stays, and with it what it holds
@pytest.mark.parametrize("held", ["left", "[left]"])
def test_a_file_that_a_stage_left_open_is_written(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start, held: str
) -> None:
    work = invocation(tmp_path, "", start)
    body = f"global held; left = open(stage.output('file'), 'w'); left.write('all of it'); held = {held}"
    work.stage_file.write_text(f"held = None\ndef run(stage):\n    {body}\n")
    executor.submit(work)
    assert until_exit(executor, never)[-1] == ProcessExit(work.id, 0)
    assert (tmp_path / "out.txt").read_text() == "all of it"


def test_when_the_stage_s_function_was_called_comes_with_its_end(
    tmp_path: Path, executor: LocalExecutor, start: Start, never: int
) -> None:
    submitted = time.monotonic()
    executor.submit(invocation(tmp_path, "import time\nprint(time.monotonic())\ntime.sleep(0.1)", start))
    exited = exit_of(events_to_exit(executor, never))
    assert exited.began is not None
    assert submitted < exited.began <= float(log(tmp_path)) < time.monotonic() - 0.1


def test_of_a_stage_that_could_not_be_loaded_no_beginning_is_told(
    tmp_path: Path, executor: LocalExecutor, start: Start, never: int
) -> None:
    executor.submit(invocation(tmp_path, "pass\nno such syntax", start))
    assert exit_of(events_to_exit(executor, never)).began is None


def test_what_a_fresh_process_used_comes_with_its_end(tmp_path: Path, executor: LocalExecutor, never: int) -> None:
    executor.submit(invocation(tmp_path, "while sum(os.times()[:2]) < 0.2: pass"))
    (exited,) = events_to_exit(executor, never)
    assert isinstance(exited, ProcessExit)
    assert exited.used is not None
    assert exited.used.cpu_seconds >= 0.2
