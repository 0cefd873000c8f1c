"""Services as real processes."""

import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest

from pipeline.host.gpu_leases import LeaseFolder
from pipeline.host.gpus import Gpu
from pipeline.locks import try_exclusive
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.services.client import ServiceClient, connect
from pipeline.services.definition import CommandProbe, NotifyProbe, ServiceDefinition, ServiceProbe, Stop, TcpProbe
from pipeline.services.status import FailureKind, ServiceState
from tests.services.conftest import left, marked, supervisors
from tests.services.helpers import BOUND, Services, definition, got, over, ready, serving, start_seconds, until
from tests.test_process import eventually

NOTIFIED = ServiceProbe(NotifyProbe(), start_timeout=BOUND)


def test_a_slow_start_is_waited_for_and_readiness_is_seen_soon(services: Services) -> None:
    source = serving("READY_AT = time.monotonic() + 0.7\nprint('real', time.time() + 0.7, flush=True)")
    status = ready(services.started(source))
    (line,) = [line for line in Path(status.log).read_text().splitlines() if line.startswith("real")]
    assert status.ready_at is not None
    assert 0 <= status.ready_at - float(line.split()[1]) < 0.5  # 60 ms on a machine with nothing else to do
    assert got(status, "/") == "well"


def test_a_tcp_probe_waits_for_the_port(services: Services) -> None:
    probe = ServiceProbe(TcpProbe(), start_timeout=BOUND)
    status = ready(services.started(serving("time.sleep(0.3)"), definition(probe)))
    assert got(status, "/") == "well"


def test_a_command_probe_sees_the_service_s_variables(services: Services) -> None:
    script = 'test "$PIPELINE_PORT_HTTP" = "$1" && test -n "$PIPELINE_SERVICE_TOKEN" && test -e "$WELL"'
    probe = ServiceProbe(CommandProbe(("sh", "-c", script, "sh", "{port.http}")), start_timeout=BOUND)
    source = serving('time.sleep(0.2)\nopen(os.environ["WELL"], "w").close()')
    well = services.runtime.parent / "well"
    ready(services.started(source, definition(probe), variables={"WELL": str(well)}))
    assert well.exists()


def test_a_service_says_itself_how_far_it_is_and_that_it_is_ready(services: Services) -> None:
    source = serving('stage.status("loading")\ntime.sleep(0.3)\nstage.progress(0.5, "layers")\nstage.ready()')
    client = services.started(source, definition(NOTIFIED))
    until(client, lambda status: status.message == "loading")
    assert ready(client).message == "layers 50 %"


def test_one_that_is_never_ready_fails_with_the_last_answer_and_its_last_lines(services: Services) -> None:
    probe = ServiceProbe(definition().ready.way, start_timeout=start_seconds(services))
    client = services.started(serving("print('reading'); READY_AT = 1e9"), definition(probe))
    status = over(client)
    assert status.state is ServiceState.FAILED
    assert status.failure is not None
    assert (status.failure.kind, status.failure.log_lines) == (FailureKind.NOT_READY, ("reading",))
    assert "503" in status.failure.text


def test_the_requests_of_probes_hide_nothing_that_a_failed_service_said(services: Services) -> None:
    probe = ServiceProbe(definition().ready.way, period=0.01, start_timeout=1 + start_seconds(services))
    body = (
        "READY_AT = 1e9\nprint('no room on the card')\n"
        "Handler.log_message = lambda self, words, *values: print(words % values, flush=True)"
    )
    status = over(services.started(serving(body), definition(probe)))
    assert status.failure is not None
    assert status.failure.log_lines == ("no room on the card",)


def test_one_that_ends_at_once_fails_with_what_it_said(services: Services) -> None:
    status = over(services.started("def serve(stage):\n    raise ValueError('no such weights')\n", restarts(0)))
    assert status.failure is not None
    assert status.failure.kind is FailureKind.EXITED_EARLY
    assert "ValueError: no such weights" in status.failure.log_lines


def restarts(number: int) -> ServiceDefinition:
    return definition(restarts=number)


def test_a_file_without_the_function_is_told(services: Services) -> None:
    status = over(services.started("def run(stage): ...\n", restarts(0)))
    assert status.failure is not None
    assert "serve(stage)" in status.failure.log_lines[-1]


def test_an_interpreter_that_isn_t_there_is_a_failed_start(services: Services) -> None:
    status = over(services.started(serving(), python="/nowhere/bin/python"))
    assert status.failure is not None
    assert status.failure.kind is FailureKind.START_FAILED
    assert "No such file" in status.failure.text
    assert eventually(lambda: left(services.runtime) == [])


def test_another_environment_s_interpreter_is_refused(services: Services) -> None:
    status = over(services.started(serving(), restarts(0), prefix="/elsewhere"))
    assert status.failure is not None
    assert "/elsewhere" in status.failure.log_lines[-1]


def test_a_service_that_dies_is_there_again_at_the_same_address(services: Services) -> None:
    client = services.started(serving())
    first = ready(client)
    pid = int(got(first, "/pid"))
    os.kill(pid, signal.SIGKILL)
    failed = until(client, lambda status: status.failure is not None)
    assert failed.failure is not None
    assert failed.failure.kind is FailureKind.CRASHED
    second = until(client, lambda status: status.state is ServiceState.READY and status.restarts == 1)
    assert (second.urls, second.token) == (first.urls, first.token)
    assert int(got(second, "/pid")) != pid


def test_what_ignores_being_asked_is_killed_with_its_children(services: Services) -> None:
    body = (
        "import subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\nprint('child', child.pid, flush=True)"
    )
    client = services.started(serving(body), definition(stop=Stop(timeout=0.3)))
    status = ready(client)
    child = int(Path(status.log).read_text().split("child ")[1].split()[0])
    program = int(got(status, "/pid"))
    client.close()
    assert eventually(lambda: not psutil.pid_exists(program) and not psutil.pid_exists(child))


def test_what_a_wrapper_leaves_at_its_end_may_end_in_order_too(services: Services, tmp_path: Path) -> None:
    script, drained = tmp_path / "inner.py", tmp_path / "drained"
    script.write_text(
        "import os, signal, sys, time\n"
        "def end(*_):\n    time.sleep(0.3)\n"
        f"    open({str(drained)!r}, 'w').close()\n    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('inside', flush=True)\ntime.sleep(1000)\n"
    )
    body = (
        f"import subprocess\nchild = subprocess.Popen([sys.executable, {str(script)!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nsignal.signal(signal.SIGTERM, signal.SIG_DFL)"
    )
    client = services.started(serving(body))
    ready(client)
    client.close()
    assert eventually(lambda: not marked(services.runtime))
    assert drained.exists()


def test_a_service_without_patience_ends_with_its_last_user(services: Services) -> None:
    client = services.started(serving(), definition(idle_seconds=0.0))
    ready(client)
    client.close()
    assert eventually(lambda: not supervisors(services.runtime), 10)


def test_the_environment_stays_in_its_place_as_long_as_the_service_runs(services: Services, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.write_text("")
    client = services.started(serving(), lease=str(marker))
    ready(client)
    with marker.open() as file:
        assert not try_exclusive(file.fileno())
    client.close()
    assert eventually(lambda: not supervisors(services.runtime))
    with marker.open() as file:
        assert try_exclusive(file.fileno())


def test_a_build_that_is_gone_is_a_failed_start(services: Services) -> None:
    status = over(services.started(serving(), lease="/nowhere/marker"))
    assert status.failure is not None
    assert (status.failure.kind, "build" in status.failure.text) == (FailureKind.START_FAILED, True)
    assert eventually(lambda: left(services.runtime) == [])


def test_nothing_of_the_run_that_starts_it_is_in_its_variables(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUN_VARIABLE, "token")
    ready(services.started(serving(), variables={RUN_VARIABLE: "token"}))
    pids = [*marked(services.runtime), *(each.pid for each in supervisors(services.runtime))]
    assert len(pids) == 2
    assert not any(RUN_VARIABLE in psutil.Process(pid).environ() for pid in pids)
    assert all(os.getpid() not in [each.pid for each in psutil.Process(pid).parents()] for pid in pids)


def test_a_request_that_is_under_way_is_answered_before_the_end(services: Services) -> None:
    from concurrent.futures import ThreadPoolExecutor

    client = services.started(serving())
    status = ready(client)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(got, status, "/slow")
        time.sleep(0.3)
        client.close()
        assert answer.result(BOUND) == "well"


def test_two_users_share_one_program_and_the_last_one_ends_it(services: Services) -> None:
    order = services.order(serving())
    first, second = services.use(order), services.use(order)
    assert ready(first).urls == ready(second).urls
    assert len(supervisors(services.runtime)) == 1
    first.close()
    time.sleep(0.6)
    assert got(ready(second), "/") == "well"
    second.close()
    assert eventually(lambda: not supervisors(services.runtime))
    assert left(services.runtime) == []


def test_many_who_come_at_once_start_one(services: Services) -> None:
    from concurrent.futures import ThreadPoolExecutor

    order = services.order(serving())
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: services.use(order), range(8)))
    assert len({ready(client).urls["http"] for client in clients}) == 1
    assert len(supervisors(services.runtime)) == 1


def test_a_killed_supervisor_takes_its_program_along_and_the_next_user_starts_another(services: Services) -> None:
    order = services.order(serving("import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"))
    client = services.use(order)
    pid = int(got(ready(client), "/pid"))
    (supervisor,) = supervisors(services.runtime)
    supervisor.kill()
    status = over(client)
    assert status.failure is not None
    assert status.failure.kind is FailureKind.CRASHED
    assert eventually(lambda: not psutil.pid_exists(pid))
    assert int(got(ready(services.use(order)), "/pid")) != pid
    assert len(marked(services.runtime)) == 2  # the program and its child: the earlier child is gone


def test_a_killed_user_lets_go_of_the_service(services: Services) -> None:
    order = services.order(serving())
    holder = services.use(order)
    ready(holder)
    pid = os.fork()
    if not pid:
        time.sleep(1000)
        os._exit(0)
    holder.close()  # the child has the connection alone
    time.sleep(0.5)
    assert supervisors(services.runtime)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert eventually(lambda: not supervisors(services.runtime))


def test_a_port_is_kept_for_the_program(services: Services) -> None:
    client = services.started(serving("time.sleep(0.5)"))
    status = until(client, lambda status: bool(status.urls))
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", int(status.address("http").rpartition(":")[2])))
    assert got(ready(client), "/") == "well"


def test_a_program_that_can_t_share_its_port_gets_a_free_one(services: Services) -> None:
    body = "http.server.ThreadingHTTPServer.allow_reuse_address = False"
    status = ready(services.started(serving(body)))
    assert status.failure is not None
    assert status.failure.kind is FailureKind.PORT_TAKEN
    assert got(status, "/") == "well"


def test_a_fixed_port_that_is_taken_is_a_failed_start(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        status = over(services.started(serving(), fixed_ports={"http": number}))
    assert status.failure is not None
    assert status.failure.kind is FailureKind.PORT_TAKEN
    assert str(number) in status.failure.text


def test_the_token_is_in_no_log_no_command_line_and_no_file_that_others_can_read(services: Services) -> None:
    client = services.started(serving("print(stage.token, stage.parameters['n'])"))
    status = ready(client)
    assert len(status.token) >= 32
    assert Path(status.log).read_text().endswith("\n*** 1\n")
    for pid in (*marked(services.runtime), *(each.pid for each in supervisors(services.runtime))):
        assert status.token not in " ".join(psutil.Process(pid).cmdline())
    holding = [path for path in services.file("").iterdir() if path.is_file() and status.token in path.read_text()]
    assert [(path.name, path.stat().st_mode & 0o077) for path in holding] == [("status.json", 0)]


def test_a_secret_parameter_is_in_no_file_and_no_log(services: Services) -> None:
    secret = "correct horse battery"
    body = (
        "print(stage.parameters['key'], stage.parameters['n'])\n"
        "print('empty:', sys.stdin.read())\nstage.status('with ' + stage.parameters['key'])"
    )
    client = services.started(serving(body), secrets={"key": secret})
    status = ready(client)
    assert status.message == "with ***"
    assert Path(status.log).read_text().endswith("\n*** 1\nempty: \n")
    files = [path for path in services.file("").rglob("*") if path.is_file()]
    assert not any(secret in path.read_text(errors="replace") for path in files)
    for pid in (*marked(services.runtime), *(each.pid for each in supervisors(services.runtime))):
        assert secret not in repr([psutil.Process(pid).cmdline(), psutil.Process(pid).environ()])


def test_a_watchdog_that_falls_silent_ends_the_program(services: Services) -> None:
    body = "stage.ready()\nfor _ in range(4):\n    stage.alive()\n    time.sleep(0.1)\ntime.sleep(1000)"
    alive = ServiceProbe(NotifyProbe(), period=0.4)
    client = services.started(serving(body), definition(NOTIFIED, alive=alive, restarts=0))
    status = over(client)
    assert status.failure is not None
    assert status.failure.kind is FailureKind.NOT_ALIVE


def test_a_server_that_doesn_t_answer_well_any_more_is_started_again(services: Services) -> None:
    body = (
        "if os.path.exists(os.environ['MARK']):\n    stage.status('again')\nelse:\n"
        "    open(os.environ['MARK'], 'w').close()\n"
        "    threading.Timer(0.4, lambda: globals().update(READY_AT=1e18)).start()"
    )
    alive = ServiceProbe(definition().ready.way, period=0.1, failure_threshold=2)
    mark = {"MARK": str(services.runtime.parent / "mark")}
    client = services.started(serving(body), definition(alive=alive), variables=mark)
    until(client, lambda status: status.state is ServiceState.READY and status.message == "again")
    status = client.status()
    assert status.failure is not None
    assert (status.failure.kind, status.restarts) == (FailureKind.NOT_ALIVE, 1)
    assert "503" in status.failure.text


def test_a_command_is_a_service(services: Services, tmp_path: Path) -> None:
    from pipeline.run.command_files import RUNNER, WORDS

    script = tmp_path / "serve.py"
    script.write_text(
        "import http.server, os, sys\n"
        "assert os.environ['KEY'] == os.environ['PIPELINE_SERVICE_TOKEN']\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),"
        " http.server.SimpleHTTPRequestHandler).serve_forever()\n"
    )
    command = {"words": ["python3", str(script), "{port.http}"], "shell": "", "files": {}, "stdin": "", "stdout": ""}
    invocation = {
        "arguments": {"parameters": {}},
        "inputs": {},
        "models": {},
        "cpus": 1,
        "command": {**command, "variables": {"KEY": "{token}"}},
    }
    probe = ServiceProbe(TcpProbe(), start_timeout=BOUND)
    order = services.order("", definition(probe), stage_file=str(RUNNER), modules=(str(WORDS),), invocation=invocation)
    assert "Directory listing" in got(ready(services.use(order)), "/")


def test_an_order_whose_program_dies_at_random_comes_through(services: Services) -> None:
    body = "import random\nif random.random() < 0.5:\n    os._exit(9)"
    seen: list[ServiceClient] = [services.started(serving(body), key=f"{number:020}") for number in range(4)]
    for client in seen:
        status = until(client, lambda status: status.is_over or status.state is ServiceState.READY)
        assert status.state is ServiceState.READY or status.restarts == 2


def test_cards_that_are_handed_over_are_in_use_until_the_service_has_ended(services: Services, tmp_path: Path) -> None:
    folder, card = LeaseFolder(tmp_path / "gpus"), Gpu("GPU-0", "Test Card", 1 << 30)
    lease = folder.lease([card], 1, None)
    assert lease is not None
    with connect(services.runtime, services.order(serving()), [lease.descriptor]) as client:
        lease.hand_over()
        ready(client)
        assert folder.lease([card], 1, None) is None

    def is_free() -> bool:
        now = folder.lease([card], 1, None)
        if now:
            now.release()
        return now is not None

    assert eventually(is_free)
