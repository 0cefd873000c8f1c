"""Calls into another environment, and all that comes between."""

import os
import signal
import threading
import time
import weakref
from pathlib import Path

import pytest

import pipeline
from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import CallCancelled, CallTimedOut, RemoteError, SessionClosed, WorkerLost
from pipeline.calls.session import CallSession
from pipeline.errors import InputError, UsageError
from tests.conftest import Sandbox
from tests.test_process import alive, eventually


def test_a_function_runs_in_the_other_environment(session: CallSession) -> None:
    assert session.add(1) == 3
    assert session.add(1, b=5) == 6
    assert session.call("pid") == session.pid != os.getpid()


def test_a_remote_function_shows_its_parameters_and_its_documentation(session: CallSession) -> None:
    assert str(session.add.__signature__) == "(a: 'int', b: 'int' = 2) -> 'int'"
    assert session.add.__doc__ == "The sum."
    assert {"add", "moved"} <= set(dir(session))
    assert "Counter" not in dir(session)


@pytest.mark.parametrize("arguments", [(), (1, 2, 3)])
def test_wrong_arguments_are_refused_before_anything_is_sent(session: CallSession, arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match=r"^add\(a"):
        session.add(*arguments)
    with pytest.raises(TypeError):
        session.add(a=1, c=2)


def test_a_name_that_isn_t_there_is_an_attribute_error_with_what_was_meant(session: CallSession) -> None:
    with pytest.raises(AttributeError, match="did you mean 'add'"):
        session.addd(1)


def test_an_object_lives_in_the_worker(alpha: CallEnvironment, called: Path) -> None:
    told: list[tuple[float | None, str]] = []
    with alpha.open(called, "Counter", 5, progress=lambda *step: told.append(step)) as counter:
        assert counter.increase() == 6
        assert counter.increase(by=4) == 10
        assert "_hidden" not in dir(counter)
    assert told == [(0.5, "counting")]


def test_the_next_session_finds_the_worker_and_what_the_file_keeps(alpha: CallEnvironment, called: Path) -> None:
    with alpha.open(called) as first:
        assert first.tick() == 1
        worker = first.pid
    for number in range(2, 6):
        with alpha.open(called) as later:
            assert later.is_warm
            assert later.pid == worker
            assert later.tick() == number


def test_a_worker_that_holds_more_memory_than_it_may_serves_no_other_session(
    ready: Sandbox, ended_workers: None, called: Path
) -> None:
    ready.write("config/pipeline.yaml", "default_workflows: []\nworkers: {memory: 1 MiB}\n")
    environment = pipeline.environment("alpha", ready.root)
    with environment.open(called) as first:
        assert first.tick() == 1
        assert first.tick() == 2
    with environment.open(called) as second:
        assert not second.is_warm
        assert second.tick() == 1


def test_a_changed_file_is_loaded_again_and_said(alpha: CallEnvironment, called: Path) -> None:
    (called.parent / "helper_of_called.py").write_text("VALUE = 1\n")
    called.write_text("import helper_of_called\ndef value(): return 1, helper_of_called.VALUE\n")
    with alpha.open(called) as session:
        assert session.value() == (1, 1)
        assert not session.is_reloaded
    (called.parent / "helper_of_called.py").write_text("VALUE = 2\n")
    with alpha.open(called) as session:
        assert session.is_reloaded
        assert session.value() == (1, 2)
    called.write_text("def value(): return 3, 3\n")
    with alpha.open(called) as session:
        assert session.is_reloaded
        assert session.value() == (3, 3)


def test_an_exception_is_told_with_its_classes_traceback_notes_and_log(session: CallSession, called: Path) -> None:
    session.prints("the last words")
    with pytest.raises(RemoteError) as caught:
        session.fails("what")
    error = caught.value
    assert error.type == "KeyError"
    assert error.is_a("KeyError")
    assert error.is_a("LookupError")
    assert not error.is_a("ValueError")
    assert error.remote_message == "'what'"
    assert f'File "{called}"' in error.traceback
    assert "ValueError: before" in error.traceback
    assert "callserver" not in error.traceback
    assert "the last words\nfrom C" in error.log
    assert session.add(1) == 3


def test_what_can_t_be_loaded_is_told_with_its_traceback(alpha: CallEnvironment, called: Path) -> None:
    called.write_text("import nowhere_at_all\n")
    with pytest.raises(RemoteError) as caught, alpha.open(called):
        pass
    assert caught.value.is_a("ImportError")
    with pytest.raises(InputError):
        alpha.open(called.parent / "missing.py").start()


def test_sys_exit_ends_the_call_and_not_the_worker(session: CallSession) -> None:
    with pytest.raises(RemoteError) as caught:
        session.exits(4)
    assert caught.value.type == "SystemExit"
    assert session.add(1) == 3


@pytest.mark.parametrize(
    ("name", "arguments"), [("dies", (3,)), ("killed_by", (signal.SIGKILL,)), ("closes_all", ()), ("dies", (0,))]
)
def test_a_worker_that_ends_is_told_at_once(session: CallSession, name: str, arguments: tuple[int, ...]) -> None:
    before = time.monotonic()
    with pytest.raises(WorkerLost) as caught:
        session.call(name, *map(int, arguments))
    assert time.monotonic() - before < 10
    assert caught.value.failure == ("killed" if name == "killed_by" else "ended")
    with pytest.raises(SessionClosed):
        session.add(1)
    assert session.restart().add(1) == 3


def test_a_call_that_may_be_repeated_is_repeated_once(session: CallSession, tmp_path: Path) -> None:
    assert session.dies_once.options(is_idempotent=True)(tmp_path / "flag") == "alive"
    with pytest.raises(WorkerLost):
        session.dies.options(is_idempotent=True)(1)


def test_a_fork_in_a_function_answers_once(session: CallSession) -> None:
    assert session.forks() > 0
    assert session.add(1) == 3


def test_a_thread_that_outlives_the_call_ends_with_the_worker(alpha: CallEnvironment, called: Path) -> None:
    with alpha.open(called) as session:
        session.leaves_a_thread()
        assert session.add(1) == 3
    with alpha.open(called) as session:
        assert session.add(1) == 3


def test_a_coroutine_is_awaited_in_the_worker(session: CallSession) -> None:
    assert session.later(5) == 5


def test_progress_comes_while_the_function_works(session: CallSession) -> None:
    told: list[tuple[float | None, str]] = []
    assert session.steps.options(progress=lambda *step: told.append(step))(2) == 2
    assert told == [(0.0, "step 0"), (0.5, "step 1")]


def test_a_progress_function_can_t_call_the_worker_that_is_at_work(session: CallSession) -> None:
    with pytest.raises(UsageError):
        session.steps.options(progress=lambda *_: session.add(1))(100)
    assert session.add(1) == 3


def test_a_deadline_ends_a_call_that_listens(session: CallSession) -> None:
    with pytest.raises(CallTimedOut) as caught:
        session.steps.options(timeout=0.2)(1000)
    assert not caught.value.is_state_lost
    assert session.add(1) == 3


def test_a_deadline_interrupts_where_that_is_allowed(session: CallSession) -> None:
    worker = session.pid
    with pytest.raises(CallTimedOut) as caught:
        session.sleeps.options(timeout=0.1, grace=0.1, interrupts=True)(600)
    assert not caught.value.is_state_lost
    assert session.add(1) == 3
    assert session.pid == worker


def test_a_deadline_kills_in_the_end_and_says_that_the_state_is_lost(session: CallSession) -> None:
    worker = session.pid
    with pytest.raises(CallTimedOut) as caught:
        session.sleeps.options(timeout=0.1, grace=0.1)(600)
    assert caught.value.is_state_lost
    assert worker is not None
    assert eventually(lambda: not alive(worker), 10)
    with pytest.raises(SessionClosed):
        session.add(1)


@pytest.mark.parametrize(("level", "is_lost"), [("ask", False), ("raise", False), ("kill", True)])
def test_another_thread_cancels(session: CallSession, level: str, is_lost: bool) -> None:
    begun = threading.Event()
    outcome: list[CallCancelled] = []

    def work() -> None:
        with pytest.raises(CallCancelled) as caught:
            session.steps.options(progress=lambda *_: begun.set())(1000)
        outcome.append(caught.value)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)
    assert session.cancel(level)
    thread.join(10)
    assert [each.is_state_lost for each in outcome] == [is_lost]
    assert not session.cancel(level)


def test_two_threads_wait_for_each_other(session: CallSession) -> None:
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(session.add(1))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [3] * 8


def test_a_session_that_wasn_t_ready_in_time_says_what_was_printed(alpha: CallEnvironment, called: Path) -> None:
    called.write_text("import time\nprint('loading weights', flush=True)\ntime.sleep(600)\n")
    with pytest.raises(CallTimedOut, match="loading weights"):
        alpha.open(called).start(timeout=1)


def test_what_is_printed_while_the_file_is_loaded_is_progress(alpha: CallEnvironment, called: Path) -> None:
    called.write_text("import time\nprint('loading weights', flush=True)\ntime.sleep(0.3)\n")
    told: list[str] = []
    with alpha.open(called, progress=lambda _, note: told.append(note)):
        pass
    assert told == ["loading weights"]


def test_a_closed_session_says_so(alpha: CallEnvironment, called: Path) -> None:
    session = alpha.open(called).start()
    session.close()
    with pytest.raises(SessionClosed):
        session.add(1)
    assert "closed" in repr(session)


def test_a_session_that_is_forgotten_gives_its_worker_back(alpha: CallEnvironment, called: Path) -> None:
    worker = alpha.open(called).start().pid
    with alpha.open(called) as session:
        assert session.pid == worker


def test_a_forked_child_leaves_the_session_to_its_parent(session: CallSession) -> None:
    child = os.fork()
    if not child:
        code = 1
        try:
            session.add(1)
        except SessionClosed:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert session.add(1) == 3


def test_an_environment_that_isn_t_there_is_told_with_what_there_is(alpha: CallEnvironment) -> None:
    with pytest.raises(pipeline.PipelineError) as caught:
        pipeline.environment("alphaa", alpha.folder.root)
    assert caught.value.command == "pipeline env list"


def test_a_closed_session_that_nobody_has_is_gone_at_once(alpha: CallEnvironment, called: Path) -> None:
    """And with it the lease on the environment's build."""
    with alpha.open(called) as session:
        session.echo(1)
    known = weakref.ref(session)
    del session
    assert known() is None
