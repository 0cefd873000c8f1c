"""Workers: one process for many tasks, shared by all of a user's runs, and never left half there."""

import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from pipeline.executors import ProcessExit, WorkerLimits, servers
from pipeline.executors.local import LocalExecutor
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.run.supervision import sweep
from pipeline.sdk.server_protocol import BusyRecord, ServerStatus
from pipeline.values import replace
from tests.executors.conftest import servers_in
from tests.executors.helpers import HERE, TOKEN, Runs, exit_of, invocation, log, until_exit, warnings, with_id
from tests.executors.test_starts import client
from tests.test_process import alive, eventually, pid_in


@pytest.fixture
def start() -> Start:
    return "worker"


PID = "print(os.getpid())"


def pids(folder: Path) -> list[int]:
    return [int(word) for word in log(folder).split()]


def the_worker(runtime: Path) -> ServerStatus:
    ((_, status),) = servers.status(runtime)
    return status


def said(runtime: Path) -> str:
    return (runtime / "workers.log").read_text()


def test_one_process_takes_one_task_after_another(run: Runs, tmp_path: Path) -> None:
    for _ in range(3):
        run(PID)
    assert len(set(pids(tmp_path))) == 1


def test_a_stage_is_loaded_once_and_anew_when_its_source_changed(run: Runs, tmp_path: Path) -> None:
    body = "sys.modules['stage'].seen = getattr(sys.modules['stage'], 'seen', 0) + 1\nprint(sys.modules['stage'].seen)"
    run(body)
    run(body)
    run(body + "\n# a word more")
    assert pids(tmp_path) == [1, 2, 1]


def test_what_a_stage_keeps_is_there_for_the_next_task_of_the_same_source(run: Runs, tmp_path: Path) -> None:
    body = "print(stage.memo('model', lambda: time.monotonic_ns()))"
    for more in ("", "", "\n# a word more"):
        run(body + more)
    first, second, third = pids(tmp_path)
    assert first == second != third


def test_a_variable_that_a_library_sets_when_it_is_imported_stays_as_the_library_does(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    (tmp_path / "library.py").write_text("import os\nos.environ['FROM_IMPORT'] = 'here'\n")
    work = invocation(tmp_path, "print(os.environ.get('FROM_IMPORT'), os.getpid())", "worker")
    source = f"import sys\nsys.path.append({str(tmp_path)!r})\nimport library\n{work.stage_file.read_text()}"
    for number in (1, 2, 3):  # the last from another source, for which the library isn't imported again
        work.stage_file.write_text(source)
        executor.submit(replace(with_id(work, number), source_digest=f"sha256:{number // 3}"))
        until_exit(executor, never)
    lines = log(tmp_path).splitlines()
    assert len(lines) == 3
    assert len(set(lines)) == 1
    assert lines[0].startswith("here ")


def test_two_tasks_at_once_get_two_workers_and_the_next_takes_one_of_them(
    executor: LocalExecutor, never: int, run: Runs, runtime: Path, tmp_path: Path
) -> None:
    work = invocation(tmp_path, PID, "worker")
    for number in (1, 2):  # the first keeps its worker until its end was heard of
        executor.submit(with_id(work, number))
    until_exit(executor, never, exits=2)
    run(PID)
    first, second, third = pids(tmp_path)
    assert first != second
    assert third in (first, second)


def test_another_executor_takes_the_worker_that_one_has_let_go_of(
    executor: LocalExecutor, never: int, run: Runs, runtime: Path, tmp_path: Path
) -> None:
    run(PID)
    executor.close()
    child = client(tmp_path, f"{PID}\nos.kill({os.getpid()}, 0)", "worker")
    assert eventually(lambda: len(pids(tmp_path)) == 2)
    child.kill()
    child.wait()
    assert len(set(pids(tmp_path))) == 1


def test_a_worker_that_is_not_used_for_a_while_is_let_go_of(
    executor: LocalExecutor, never: int, run: Runs, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.executors.local.IDLE_LEASE", 0.05)
    run(PID)
    executor.wait(never, 0.1)
    assert eventually(lambda: not the_worker(runtime).leased)


def test_two_clients_that_start_at_once_each_get_a_worker(runtime: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abcd"]
    runtime.mkdir(mode=0o700)
    for folder in folders:
        folder.mkdir()
        (folder / "runtime").symlink_to(runtime)  # each client's own folder, with one runtime folder behind it
    children = [client_in(folder, runtime) for folder in folders]
    assert eventually(lambda: all((folder / "stage.log").exists() and log(folder) for folder in folders))
    for child in children:
        child.kill()
        child.wait()
    assert len({pids(folder)[0] for folder in folders}) == len(folders)


def client_in(folder: Path, runtime: Path) -> "subprocess.Popen[bytes]":
    (folder / "runtime").unlink()
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from pipeline.executors.local import LocalExecutor
from tests.executors.helpers import invocation
executor = LocalExecutor(Path({str(folder)!r}), runtime=Path({str(runtime)!r}))
executor.submit(invocation(Path({str(folder)!r}), {PID!r} + chr(10) + 'time.sleep(600)', "worker"))
executor.wait(os.pipe()[0], 600)
"""
    return subprocess.Popen([sys.executable, "-c", code])


def test_a_worker_killed_while_idle_is_replaced(run: Runs, tmp_path: Path, runtime: Path) -> None:
    run(PID)
    os.kill(pids(tmp_path)[0], signal.SIGKILL)
    # Until its keeper has seen it: a stage that is ordered before is lost, and started again by the scheduler.
    assert eventually(lambda: not list(runtime.glob("*.sock")))
    assert run(PID) == [ProcessExit("job/test/1", 0)]
    assert len(set(pids(tmp_path))) == 2


def test_a_keeper_killed_while_idle_takes_its_worker_along_and_is_replaced(
    run: Runs, runtime: Path, tmp_path: Path
) -> None:
    run(PID)
    os.kill(the_worker(runtime).owner, signal.SIGKILL)
    assert eventually(lambda: not alive(pids(tmp_path)[0]))
    assert run(PID) == [ProcessExit("job/test/1", 0)]
    assert len(servers.names(runtime)) == 1


def test_a_worker_killed_while_busy_is_lost(executor: LocalExecutor, never: int, tmp_path: Path, runtime: Path) -> None:
    executor.submit(invocation(tmp_path, f"{PID}\ntime.sleep(600)", "worker"))
    assert eventually(lambda: (tmp_path / "stage.log").exists() and log(tmp_path).endswith("\n"))
    os.kill(pids(tmp_path)[0], signal.SIGKILL)
    lost = "the worker that ran it was killed by SIGKILL"
    assert until_exit(executor, never) == [ProcessExit("job/test/1", -9, lost)]
    assert lost.split("ran it ")[1] in said(runtime)


def test_a_keeper_killed_while_busy_is_lost_with_all_that_it_kept(
    executor: LocalExecutor, never: int, tmp_path: Path, runtime: Path
) -> None:
    pid = tmp_path / "pid"
    executor.submit(
        invocation(tmp_path, f"open({str(pid)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(600)", "worker")
    )
    number = pid_in(pid)
    os.kill(the_worker(runtime).owner, signal.SIGKILL)
    exited = exit_of(until_exit(executor, never))
    assert exited.lost is not None
    assert eventually(lambda: not alive(number))


def test_a_keeper_that_is_killed_before_it_answers_is_replaced(
    executor: LocalExecutor, never: int, run: Runs, runtime: Path, tmp_path: Path
) -> None:
    run(PID)
    executor.close()
    assert eventually(lambda: not the_worker(runtime).leased)
    owner = psutil.Process(the_worker(runtime).owner)
    owner.suspend()
    assert eventually(lambda: owner.status() == psutil.STATUS_STOPPED)
    executor.submit(invocation(tmp_path, PID, "worker"))
    owner.kill()
    assert until_exit(executor, never) == [ProcessExit("job/test/1", 0)]
    assert len(set(pids(tmp_path))) == 2


@pytest.mark.parametrize("limits", [WorkerLimits(tasks=2)])
def test_a_worker_leaves_after_its_number_of_tasks(run: Runs, tmp_path: Path, runtime: Path) -> None:
    for _ in range(3):
        run(PID)
    first, second, third = pids(tmp_path)
    assert first == second != third
    assert eventually(lambda: "2 tasks" in said(runtime) and not alive(first))
    assert "Traceback" not in said(runtime)


@pytest.mark.parametrize("limits", [WorkerLimits(memory=1 << 20)])
def test_a_worker_that_holds_too_much_memory_leaves(run: Runs, tmp_path: Path, runtime: Path) -> None:
    run(PID)
    run(PID)
    assert len(set(pids(tmp_path))) == 2
    assert "MiB" in said(runtime)


@pytest.mark.parametrize("limits", [WorkerLimits(idle_seconds=0.3)])
def test_a_worker_that_nobody_wants_ends_and_leaves_no_file(
    executor: LocalExecutor, run: Runs, tmp_path: Path, runtime: Path
) -> None:
    run(PID)
    executor.close()
    assert eventually(lambda: not servers_in(runtime))
    assert os.listdir(runtime) == ["workers.log"]
    assert "idle for 0.3 s" in said(runtime)


@pytest.mark.parametrize("limits", [WorkerLimits(idle_seconds=0.1)])
def test_a_worker_that_a_run_holds_is_not_idle(
    executor: LocalExecutor, never: int, run: Runs, tmp_path: Path, runtime: Path
) -> None:
    run(PID)
    executor.wait(never, 0.4)
    run(PID)
    assert len(set(pids(tmp_path))) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("threading.Thread(target=lambda: time.sleep(600), daemon=True).start()", "a thread"),
        (
            (
                "import builtins, concurrent.futures\n"
                "builtins.pool = concurrent.futures.ThreadPoolExecutor(1)\n"
                "builtins.pool.submit(int).result()"
            ),
            "a pool",
        ),
        ("subprocess.Popen(['sleep', '600'])", "a process"),
        ("subprocess.Popen(['setsid', 'sh', '-c', 'sleep 600 & sleep 600'])", "a process"),
    ],
)
def test_a_worker_leaves_when_a_stage_left_something_running(
    run: Runs, tmp_path: Path, runtime: Path, body: str, reason: str
) -> None:
    assert run(f"{PID}\n{body}") == [ProcessExit("job/test/1", 0)]
    run(PID)
    assert len(set(pids(tmp_path))) == 2
    assert reason in said(runtime)


def test_a_pool_that_ends_by_itself_lets_a_worker_stay(run: Runs, tmp_path: Path) -> None:
    body = f"{PID}\nimport concurrent.futures\nconcurrent.futures.ThreadPoolExecutor(1).submit(int).result()"
    assert run(body) == [ProcessExit("job/test/1", 0)]
    run(body)
    assert len(set(pids(tmp_path))) == 1


@pytest.mark.parametrize("when", ["when it is loaded", "when it is used"])
def test_a_thread_of_a_library_may_stay(executor: LocalExecutor, never: int, tmp_path: Path, when: str) -> None:
    start = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    work = invocation(tmp_path, PID if when == "when it is loaded" else f"{PID}\n{start}", "worker")
    top = f"import threading, time\n{start}\n" if when == "when it is loaded" else ""
    work.stage_file.write_text(top + work.stage_file.read_text())
    for number in (1, 2):
        executor.submit(with_id(work, number))
        until_exit(executor, never)
    assert len(set(pids(tmp_path))) == 1


def test_a_process_that_made_itself_a_daemon_ends_with_the_task(run: Runs, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & while [ ! -s {pid} ]; do :; done"
    run(f"subprocess.run(['sh', '-c', {script!r}])")
    assert not alive(pid_in(pid))


def test_an_environment_built_anew_gets_workers_of_its_own(
    executor: LocalExecutor, never: int, tmp_path: Path, runtime: Path
) -> None:
    prefix = tmp_path / "env"
    made: list[str | Path] = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", prefix]
    interpreter = Interpreter(prefix / "bin" / "python", prefix, HERE.variables)
    for _ in range(2):
        subprocess.run([*made, "--clear"], check=True)
        executor.submit(invocation(tmp_path, PID, "worker", interpreter))
        assert exit_of(until_exit(executor, never)).returncode == 0
        executor.close()
        executor.__init__(tmp_path, runtime=runtime)  # type: ignore[misc]  # as the next run would
    assert len(set(pids(tmp_path))) == 2


def test_an_environment_whose_content_others_have_changed_gets_workers_of_its_own(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    for key in ("one", "other", "one"):
        executor.submit(invocation(tmp_path, PID, "worker", replace(HERE, key=key)))
        assert exit_of(until_exit(executor, never)).returncode == 0
    first, second, third = pids(tmp_path)
    assert first == third != second


def test_other_variables_get_a_worker_of_their_own(run: Runs, tmp_path: Path) -> None:
    for card in ("0", "1", "0"):
        run(PID, variables={"CUDA_VISIBLE_DEVICES": card})
    first, second, third = pids(tmp_path)
    assert first == third != second


def test_another_runs_token_does_not(executor: LocalExecutor, never: int, tmp_path: Path) -> None:
    for token in ("one", "two"):
        interpreter = replace(HERE, variables={**HERE.variables, "PIPELINE_RUN": token})
        executor.submit(invocation(tmp_path, "print(os.getpid(), os.environ['PIPELINE_RUN'])", "worker", interpreter))
        until_exit(executor, never)
    first, second = log(tmp_path).splitlines()
    assert first.split()[0] == second.split()[0]
    assert [first.split()[1], second.split()[1]] == ["one", "two"]


def test_a_busy_file_says_for_whom_while_it_is_so(
    executor: LocalExecutor, never: int, run: Runs, tmp_path: Path, runtime: Path
) -> None:
    go = tmp_path / "go"
    executor.submit(invocation(tmp_path, f"{PID}\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)", "worker"))
    assert eventually(lambda: (tmp_path / "stage.log").exists() and log(tmp_path).endswith("\n"))
    (busy,) = runtime.glob("*.busy")
    record = BusyRecord.decode(busy.read_bytes())
    assert record is not None
    pid = int(log(tmp_path))
    assert (record.token, record.pid, record.started, record.id) == (TOKEN, pid, sweep.started_at(pid), "job/test/1")
    go.touch()
    until_exit(executor, never)
    assert busy.read_text().split() == []


def test_the_folder_and_the_socket_admit_only_their_owner(run: Runs, runtime: Path) -> None:
    run("pass")
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


def unusable_symlink(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to(folder.parent / "elsewhere")


def unusable_open(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def unusable_file(folder: Path) -> None:
    folder.write_text("")


@pytest.mark.parametrize("spoil", [unusable_symlink, unusable_open, unusable_file], ids=lambda spoil: spoil.__name__)
def test_a_folder_that_can_not_be_trusted_means_a_fresh_process_and_one_warning(
    waited: None, spawning: None, never: int, tmp_path: Path, spoil: object
) -> None:
    assert callable(spoil)
    spoil(tmp_path / "untrusted")
    executor = LocalExecutor(tmp_path, runtime=tmp_path / "untrusted")
    told = []
    for number in (1, 2):
        executor.submit(with_id(invocation(tmp_path, PID, "worker"), number))
        events = until_exit(executor, never)
        told += warnings(events)
        assert exit_of(events).returncode == 0
    executor.close()
    assert len(told) == 1
    assert str(tmp_path / "untrusted") in told[0]


def test_a_system_without_fork_means_a_fresh_process_and_a_warning(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    events = run("pass")
    assert len(warnings(events)) == 1
    assert exit_of(events).returncode == 0


def test_an_interpreter_that_does_not_serve_means_a_fresh_process_and_a_warning(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in *--serve*) exit 3;; esac\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    executor.submit(invocation(tmp_path, PID, "worker", replace(HERE, python=python)))
    events = until_exit(executor, never)
    assert len(warnings(events)) == 1
    assert exit_of(events).returncode == 0


def test_what_killed_servers_left_is_swept(run: Runs, executor: LocalExecutor, runtime: Path) -> None:
    runtime.mkdir(mode=0o700)
    stale = socket.socket(socket.AF_UNIX)
    name = "worker-0000000000000000-stale"
    descriptor = os.open(runtime, os.O_RDONLY)
    stale.bind(f"/proc/self/fd/{descriptor}/{name}.sock")
    os.close(descriptor)
    stale.close()
    for ending in ("lock", "tasks", "123.busy"):
        (runtime / f"{name}.{ending}").touch()
    run("pass")
    assert not list(runtime.glob(f"{name}.*"))


def test_a_socket_nobody_listens_on_is_passed_over(
    run: Runs, executor: LocalExecutor, runtime: Path, tmp_path: Path
) -> None:
    run(PID)
    os.kill(the_worker(runtime).owner, signal.SIGKILL)
    executor.close()
    assert eventually(lambda: not servers_in(runtime))
    assert run(PID) == [ProcessExit("job/test/1", 0)]


def test_a_connection_that_says_nothing_does_not_hold_others_up(run: Runs, runtime: Path, tmp_path: Path) -> None:
    run(PID)
    (name,) = servers.names(runtime)
    with closing(servers.connect(runtime, name)):
        run(PID)
        assert the_worker(runtime).tasks == 2
    assert len(set(pids(tmp_path))) == 1


def test_a_long_path_of_the_folder_is_no_hindrance(spawning: None, waited: None, never: int, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir(mode=0o700)
    executor = LocalExecutor(tmp_path, runtime=folder)
    executor.submit(invocation(tmp_path, PID, "worker"))
    events = until_exit(executor, never)
    assert events == [ProcessExit("job/test/1", 0)]
    executor.close()
    assert eventually(lambda: servers.end(folder, servers.names(folder)[0], force=False))
    assert eventually(lambda: not servers_in(folder))


def test_a_server_that_ended_before_it_was_asked_to_has_ended(tmp_path: Path) -> None:
    assert servers.end(tmp_path, "gone", force=False)
    servers.listen(tmp_path, "killed").close()
    assert servers.end(tmp_path, "killed", force=False)


ADDS = """
import json, types
sys.path.insert(0, {folder!r})
if os.path.exists({mark!r}):
    print({shown})
else:
    open({mark!r}, 'w').close()
    import helper
    sys.modules['made_up'] = types.ModuleType('made_up')
    sys.modules['json'] = helper
    del sys.modules['types']
    sys.setrecursionlimit(50_000)
    import decimal, socket
    decimal.getcontext().prec = 3
    socket.setdefaulttimeout(1)
    sys.excepthook = print
"""


def test_modules_and_limits_of_one_task_are_not_there_for_the_next(run: Runs, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/helper.py").write_text("WORD = 'first'\n")
    shown = (
        "[name in sys.modules for name in ('helper', 'made_up', 'types')], json.__name__, sys.getrecursionlimit(),"
        " __import__('decimal').getcontext().prec, __import__('socket').getdefaulttimeout(),"
        " sys.excepthook is sys.__excepthook__, __import__('helper').WORD, os.getpid()"
    )
    body = ADDS.format(folder=str(tmp_path / "lib"), mark=str(tmp_path / "mark"), shown=shown)
    run(body)
    (tmp_path / "lib/helper.py").write_text("WORD = 'second, and longer'\n")
    run(PID)
    assert exit_of(run(body)).returncode == 0, log(tmp_path)
    limit = sys.getrecursionlimit()
    pid, last = log(tmp_path).splitlines()
    assert last == f"[False, False, True] json {limit} 28 None True second, and longer {pid}"


def test_what_a_stage_imports_and_sets_when_it_is_loaded_is_there_in_each_of_its_tasks(
    executor: LocalExecutor, never: int, tmp_path: Path
) -> None:
    """Though others between them don't see it."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/helper.py").write_text("COUNT = []\n")
    (tmp_path / "lib/late.py").write_text("WORD = 'late'\n")
    head = (
        f"import sys, os\nsys.path.insert(0, {str(tmp_path / 'lib')!r})\nsys.setrecursionlimit(5000)\nimport helper\n"
    )
    body = (
        "def run(stage):\n    import late\n    import helper as again\n    again.COUNT.append(1)\n"
        "    print(again is helper, len(again.COUNT), sys.getrecursionlimit(), late.WORD, os.getpid())\n"
    )
    other = (
        "import sys, os\ndef run(stage):\n    print('helper' in sys.modules, sys.getrecursionlimit(), os.getpid())\n"
    )
    work = invocation(tmp_path, "", "worker")
    for number, source in enumerate((head + body, other, head + body), 1):
        file = tmp_path / f"stage{number % 2}.py"
        file.write_text(source)
        executor.submit(replace(with_id(work, number), stage_file=file))
        until_exit(executor, never)
    first, between, third = log(tmp_path).splitlines()
    pid = first.split()[-1]
    assert (first, third) == (f"True 1 5000 late {pid}", f"True 2 5000 late {pid}")
    assert between == f"False {sys.getrecursionlimit()} {pid}"


def test_what_is_imported_from_the_environment_stays(run: Runs, tmp_path: Path) -> None:
    body = (
        "first = 'psutil' in sys.modules\nimport psutil, xml.dom.minidom\nprint(first, id(psutil), id(xml.dom.minidom))"
    )
    for _ in range(3):
        run(body)
    first, *later = log(tmp_path).splitlines()
    assert {first.replace("False", "True")} == set(later)


SETS = """
import decimal, locale, multiprocessing, resource
if stage.output('file').exists():
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], len(os.sched_getaffinity(0)), locale.setlocale(locale.LC_ALL),
          time.localtime(0).tm_hour, multiprocessing.get_start_method(allow_none=True))
else:
    stage.output('file').touch()
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], len(os.sched_getaffinity(0)), locale.setlocale(locale.LC_ALL),
          time.localtime(0).tm_hour, None)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    locale.setlocale(locale.LC_ALL, 'C' if locale.setlocale(locale.LC_ALL) != 'C' else 'C.UTF-8')
    os.environ['TZ'] = 'XYZ-7'
    time.tzset()
    multiprocessing.set_start_method('spawn')
"""


def test_what_a_task_sets_for_its_process_the_next_does_not_see(run: Runs, tmp_path: Path) -> None:
    run(SETS)
    assert exit_of(run(SETS)).returncode == 0, log(tmp_path)
    first, second = log(tmp_path).splitlines()
    assert first == second
