"""Fresh processes that are started ahead."""

import errno
import os
from pathlib import Path

import psutil
import pytest

from pipeline.executors.local import LocalExecutor
from pipeline.policy import Start
from tests.executors.helpers import HERE, MISSING, Runs, exit_of, invocation, log
from tests.test_process import alive, eventually


@pytest.fixture
def start() -> Start:
    return "cold"


def test_an_interpreter_started_ahead_is_used_once(executor: LocalExecutor, run: Runs, tmp_path: Path) -> None:
    executor.prepare(HERE)
    (spare,) = psutil.Process().children()
    for _ in range(2):
        run("print(os.getpid())")
    first, second = map(int, log(tmp_path).split())
    assert first == spare.pid != second


def test_an_interpreter_that_died_while_it_waited_is_not_used(executor: LocalExecutor, run: Runs) -> None:
    executor.prepare(HERE)
    (spare,) = psutil.Process().children()
    spare.kill()
    assert eventually(lambda: not alive(spare.pid))
    assert exit_of(run("pass")).returncode == 0


def test_an_interpreter_started_ahead_is_not_used_where_variables_differ(
    executor: LocalExecutor, run: Runs, tmp_path: Path
) -> None:
    executor.prepare(HERE)
    (spare,) = psutil.Process().children()
    run("print(os.getpid(), os.environ['ONLY'])", variables={"ONLY": "here"})
    assert log(tmp_path).split()[1] == "here"
    assert log(tmp_path).split()[0] != str(spare.pid)


def test_preparing_what_is_not_there_is_only_a_hint_that_failed(executor: LocalExecutor) -> None:
    before = os.listdir("/proc/self/fd")
    executor.prepare(MISSING)
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(("start", "last"), [("cold", 0), ("cold", 1), ("cold", 2), ("worker", 0), ("worker", 1)])
def test_where_the_system_has_no_descriptors_left_none_is_lost(
    executor: LocalExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start, last: int
) -> None:
    pipes = [os.pipe() for _ in range(last)]

    def pipe() -> tuple[int, int]:
        if pipes:
            return pipes.pop()
        raise OSError(errno.EMFILE, "Too many open files")

    before = len(os.listdir("/proc/self/fd")) - 2 * last
    monkeypatch.setattr(os, "pipe", pipe)
    with pytest.raises(OSError, match="Too many"):
        executor.submit(invocation(tmp_path, "pass", start))
    assert pipes == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_spare_interpreter_is_left_behind(executor: LocalExecutor) -> None:
    executor.prepare(HERE)
    executor.prepare(HERE)
    executor.close()
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
