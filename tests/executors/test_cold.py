"""The local executor with real processes, on this interpreter."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.executors import Event, Exited, Invocation, Message
from pipeline.executors.local import LocalExecutor
from pipeline.process import Interpreter
from tests.test_process import alive, eventually

HERE = Interpreter(Path(sys.executable), Path(sys.prefix), {"PATH": os.environ["PATH"]})
MISSING = Interpreter(Path("/nowhere/bin/python"), Path("/nowhere"), {})


@pytest.fixture
def executor(spawning: None, waited: None, tmp_path: Path) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(tmp_path)
    yield executor
    executor.stop(grace=0)
    executor.close()


@pytest.fixture
def never() -> Iterator[int]:
    """A descriptor on which nothing ever arrives."""
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


def invocation(folder: Path, body: str, interpreter: Interpreter = HERE) -> Invocation:
    """A stage whose ``run`` has this body."""
    lines = "\n    ".join(body.splitlines())
    stage_file, file = folder / "stage.py", folder / "invocation.json"
    stage_file.write_text(f"import os, subprocess, sys, time\ndef run(stage):\n    {lines}\n")
    fields = {"stage": "test", "parameters": {}, "inputs": {}, "models": {}, "outputs": {}}
    file.write_text(json.dumps({**fields, "output_folder": str(folder), "work": str(folder), "cpus": 1}))
    return Invocation("test", interpreter, stage_file, file, folder / "stage.log")


def until_exit(executor: LocalExecutor, wake: int) -> list[Event]:
    events: list[Event] = []
    while not any(isinstance(event, Exited) for event in events):
        events += executor.wait(wake)
    return events


def run(executor: LocalExecutor, never: int, folder: Path, body: str) -> list[Event]:
    executor.submit(invocation(folder, body))
    return until_exit(executor, never)


def test_a_stage_that_returns_exits_with_zero(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    assert run(executor, never, tmp_path, "pass") == [Exited("test", 0)]


def test_an_exit_code_is_told(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    assert run(executor, never, tmp_path, "sys.exit(7)") == [Exited("test", 7)]


def test_a_signal_is_told_as_a_negative_code(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    assert run(executor, never, tmp_path, "os.kill(os.getpid(), 11)") == [Exited("test", -signal.SIGSEGV)]


def test_reports_come_in_order_before_the_exit(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    events = run(executor, never, tmp_path, "for n in range(3000): stage.progress(n / 3000, 'x' * 50)")
    said = [event.fields["progress"] for event in events if isinstance(event, Message)]
    assert said == [number / 3000 for number in range(3000)]


def test_prints_go_to_the_log_and_never_into_the_reports(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    body = "print('{}')\nos.write(1, b'from C\\n')\nsubprocess.run(['sh', '-c', 'echo child'])"
    assert run(executor, never, tmp_path, body) == [Exited("test", 0)]
    assert sorted((tmp_path / "stage.log").read_text().split("\n")) == ["", "child", "from C", "{}"]


def test_standard_input_is_empty(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    run(executor, never, tmp_path, "print([sys.stdin.read(), os.read(0, 10), subprocess.check_output('cat')])")
    assert (tmp_path / "stage.log").read_text() == "['', b'', b'']\n"


def test_reports_that_are_none_are_passed_over(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    write = "for fd in range(3, 16):\n    try: os.write(fd, b'\\xff\\n[1]\\n')\n    except OSError: pass"
    body = f"{write}\nstage.warn('sense')"
    assert run(executor, never, tmp_path, body) == [Message("test", {"warning": "sense"}), Exited("test", 0)]


def test_a_stage_that_closes_all_descriptors_still_exits(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    assert run(executor, never, tmp_path, "os.closerange(0, 1024)\nos._exit(9)") == [Exited("test", 9)]


def test_a_child_that_outlives_its_stage_is_ended(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    body = "print(subprocess.Popen(['sleep', '600']).pid)"
    assert run(executor, never, tmp_path, body) == [Exited("test", 0)]
    pid = int((tmp_path / "stage.log").read_text())
    assert eventually(lambda: not alive(pid))


def test_a_daemon_thread_does_not_hold_a_stage_up(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    body = "import threading\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    assert run(executor, never, tmp_path, body) == [Exited("test", 0)]


def test_a_forked_child_that_holds_the_report_pipe_does_not_hide_the_end(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    assert run(executor, never, tmp_path, "if os.fork() == 0: time.sleep(600)") == [Exited("test", 0)]


def test_an_interpreter_started_ahead_is_used_once(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    executor.prepare(HERE)
    (spare,) = psutil.Process().children()
    for _ in range(2):
        run(executor, never, tmp_path, "print(os.getpid())")
    first, second = map(int, (tmp_path / "stage.log").read_text().split())
    assert first == spare.pid != second


def test_an_interpreter_that_died_while_it_waited_is_not_used(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    executor.prepare(HERE)
    (spare,) = psutil.Process().children()
    spare.kill()
    assert eventually(lambda: not alive(spare.pid))
    assert run(executor, never, tmp_path, "pass") == [Exited("test", 0)]


def test_preparing_what_is_not_there_is_only_a_hint_that_failed(executor: LocalExecutor) -> None:
    before = os.listdir("/proc/self/fd")
    executor.prepare(MISSING)
    assert os.listdir("/proc/self/fd") == before


def test_submitting_what_is_not_there_is_an_error(executor: LocalExecutor, tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        executor.submit(invocation(tmp_path, "pass", MISSING))
    assert os.listdir("/proc/self/fd") == before


def test_another_prefix_than_was_asked_for_is_refused(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    wrong = Interpreter(Path(sys.executable), tmp_path, HERE.variables)
    executor.submit(invocation(tmp_path, "print('ran')", wrong))
    assert until_exit(executor, never) == [Message("test", {"wrong_environment": True}), Exited("test", 96)]
    assert "instead of" in (tmp_path / "stage.log").read_text()


def test_no_spare_interpreter_is_left_behind(executor: LocalExecutor) -> None:
    executor.prepare(HERE)
    executor.prepare(HERE)
    executor.close()
    assert psutil.Process().children() == []


def test_waiting_ends_when_woken(executor: LocalExecutor, tmp_path: Path) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)"))
    read, write = os.pipe()
    os.write(write, b"!")
    assert executor.wait(read) == []
    os.close(read)
    os.close(write)


def test_stopping_ends_what_runs(executor: LocalExecutor, tmp_path: Path) -> None:
    executor.submit(invocation(tmp_path, "time.sleep(600)"))
    executor.stop(grace=0)
    assert psutil.Process().children() == []


def test_a_stop_that_was_broken_off_can_be_given_again(
    executor: LocalExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_again(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    executor.submit(invocation(tmp_path, "time.sleep(600)"))
    with monkeypatch.context() as patched:
        patched.setattr(psutil, "wait_procs", asked_again)
        with pytest.raises(KeyboardInterrupt):
            executor.stop(grace=30)
    executor.stop(grace=0)
    assert psutil.Process().children() == []


def test_three_hundred_stages_leave_no_descriptor_and_no_process(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    work = invocation(tmp_path, "pass")
    before = len(os.listdir("/proc/self/fd"))
    for ended in range(0, 300, 3):
        for _ in range(3):
            executor.submit(work)
        executor.prepare(HERE)
        count = ended
        while count < ended + 3:
            count += list(executor.wait(never)).count(Exited("test", 0))
    executor.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert psutil.Process().children() == []
