"""Forks of a template that has loaded the stage: fresh state without the cost of its imports."""

import os
import signal
from pathlib import Path

import pytest

from pipeline.executors import Exited, WorkerLimits, servers
from pipeline.executors.base import Start
from pipeline.executors.local import LocalExecutor
from pipeline.sdk.stageserver import fitness
from tests.executors.conftest import servers_in
from tests.executors.helpers import Runs, exit_of, invocation, log, until_exit, warnings, with_id
from tests.test_process import alive, eventually


@pytest.fixture
def start() -> Start:
    return "fork"


LOADED = "print(LOADED_BY, os.getpid())"


def test_a_stage_is_loaded_once_and_each_task_has_a_process_of_its_own(run: Runs, tmp_path: Path) -> None:
    for _ in range(3):
        run(LOADED)
    lines = [line.split() for line in log(tmp_path).splitlines()]
    assert len({loaded for loaded, _ in lines}) == 1
    assert len({own for _, own in lines}) == 3


def test_each_task_finds_the_state_that_loading_left(run: Runs, tmp_path: Path) -> None:
    body = "print(getattr(sys.modules['stage'], 'seen', 0), stage.memo('k', os.getpid) == os.getpid())"
    body += "\nsys.modules['stage'].seen = 1"
    run(body)
    run(body)
    assert log(tmp_path) == "0 True\n" * 2


def test_a_changed_source_gets_a_template_of_its_own(run: Runs, tmp_path: Path) -> None:
    run(LOADED)
    run(LOADED + "\n# a word more")
    first, second = (line.split()[0] for line in log(tmp_path).splitlines())
    assert first != second


def test_one_template_serves_many_at_once(executor: LocalExecutor, never: int, tmp_path: Path, runtime: Path) -> None:
    work = invocation(tmp_path, f"{LOADED}\ntime.sleep(0.2)", "fork")
    for number in range(4):
        executor.submit(with_id(work, number))
    until_exit(executor, never, exits=4)
    assert len({line.split()[0] for line in log(tmp_path).splitlines()}) == 1
    assert len(servers.names(runtime)) == 1


def test_a_template_that_was_killed_is_replaced(
    run: Runs, executor: LocalExecutor, runtime: Path, tmp_path: Path
) -> None:
    run(LOADED)
    executor.close()
    (template,) = servers.status(runtime)
    os.kill(template["pid"], signal.SIGKILL)
    assert eventually(lambda: not alive(template["pid"]))
    assert run(LOADED) == [Exited("job/test/1", 0)]


def test_a_template_that_dies_does_not_take_running_tasks_along(
    executor: LocalExecutor, never: int, runtime: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    executor.submit(invocation(tmp_path, f"{LOADED}\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)", "fork"))
    assert eventually(lambda: (tmp_path / "stage.log").exists() and log(tmp_path).endswith("\n"))
    os.kill(int(log(tmp_path).split()[0]), signal.SIGKILL)
    go.touch()
    assert until_exit(executor, never) == [Exited("job/test/1", 0)]


def test_a_handler_that_is_killed_takes_its_task_along_and_is_told(
    executor: LocalExecutor, never: int, runtime: Path, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, "print(os.getppid(), os.getpid())\ntime.sleep(600)", "fork"))
    assert eventually(lambda: (tmp_path / "stage.log").exists() and log(tmp_path).endswith("\n"))
    handler, task = map(int, log(tmp_path).split())
    os.kill(handler, signal.SIGKILL)
    assert exit_of(until_exit(executor, never)).lost is not None
    assert eventually(lambda: not alive(task))


@pytest.mark.parametrize("limits", [WorkerLimits(idle_seconds=0.3)])
def test_a_template_that_nobody_wants_ends_and_leaves_no_file(
    run: Runs, executor: LocalExecutor, runtime: Path
) -> None:
    run("pass")
    executor.close()
    assert eventually(lambda: not servers_in(runtime))
    assert os.listdir(runtime) == ["workers.log"]


def refused(executor: LocalExecutor, never: int, folder: Path, top: str) -> list[str]:
    """The warnings of two runs of a stage with this at its top; both must end well."""
    work = invocation(folder, "print(os.getpid())", "fork")
    source = f"import threading, time\n{top}\n" + work.stage_file.read_text()
    work.stage_file.write_text(source)
    told = []
    for number in (1, 2):
        executor.submit(with_id(work, number))
        events = until_exit(executor, never)
        assert exit_of(events).returncode == 0
        told += warnings(events)
    return told


def test_a_stage_whose_loading_leaves_a_thread_gets_fresh_processes_and_one_warning(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    (told,) = refused(
        executor, never, tmp_path, "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    )
    assert "'fork' isn't possible: loading the stage left 1 threads" in told


def test_a_template_that_can_not_be_forked_says_so_to_the_next_run_too(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    top = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    assert len(refused(executor, never, tmp_path, top)) == 1
    executor.close()
    executor._unfit.clear()
    assert len(refused(executor, never, tmp_path, top)) == 1


def test_a_client_that_leaves_while_the_stage_is_loaded_is_no_end_of_the_template(
    executor: LocalExecutor, never: int, run: Runs, tmp_path: Path, runtime: Path
) -> None:
    executor.submit(invocation(tmp_path, LOADED, "fork"))
    executor.stop(grace=0)
    assert run(LOADED) == [Exited("job/test/1", 0)]
    assert executor.wait(never, 0) == []
    assert len(servers.names(runtime)) == 1


def proc(folder: Path, threads: int = 1, target: str = "/dev/null", mapped: str = "/lib/libc.so.6") -> str:
    """A process's folder as /proc would have it."""
    for number in range(threads):
        (folder / "task" / str(number)).mkdir(parents=True)
        (folder / "task" / str(number) / "comm").write_text(f"thread{number}\n")
    (folder / "fd").mkdir()
    (folder / "fd" / "3").symlink_to(target)
    (folder / "maps").write_text(f"7f00-7f01 r-xp 00000000 00:00 1 {mapped}\n")
    return str(folder)


def test_a_process_without_threads_and_gpu_is_fit(spawning: None, tmp_path: Path) -> None:
    assert fitness.why_not_forked(proc(tmp_path)) is None


def test_threads_are_named(spawning: None, tmp_path: Path) -> None:
    assert fitness.why_not_forked(proc(tmp_path, threads=3)) == (
        "loading the stage left 2 threads (thread0, thread1, thread2)"
    )


@pytest.mark.parametrize("fields", [{"target": "/dev/nvidia0"}, {"mapped": "/usr/lib/libcuda.so.1"}])
def test_a_gpu_context_is_seen(spawning: None, tmp_path: Path, fields: dict[str, str]) -> None:
    assert "after a fork" in (fitness.why_not_forked(proc(tmp_path, **fields)) or "")  # type: ignore[arg-type]


def test_where_threads_can_not_be_told_nothing_is_forked(spawning: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "only Linux" in (fitness.why_not_forked() or "")
