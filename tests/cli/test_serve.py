"""``pipeline serve``: a service in the foreground, and new versions of it while clients send."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import BIN, Sandbox, offline
from tests.services.serving.served import PATIENCE, RestlessClients, Served

Patch = pytest.MonkeyPatch

SERVICE = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.parameters]
# word = "hello"
# [tool.pipeline.stage.service]
# ready = {http = "/health", period = 0.2}
# stop = {timeout = 3}
# ports = ["http", "admin"]
# ///
import http.server, os, quirk, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        if self.path == "/slow":
            time.sleep(1)
        if STAGE.token and self.path != "/health" and self.headers["Authorization"] != "Bearer " + STAGE.token:
            return self.answer(401, "no")
        self.answer(200, "VERSION " + STAGE.parameters["word"] + " " + quirk.VERSION)

    def answer(self, code, text):
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

def serve(stage):
    global STAGE
    STAGE = stage
    print("started VERSION", flush=True)
    admin = http.server.ThreadingHTTPServer((stage.host, stage.port("admin")), Handler)
    threading.Thread(target=admin.serve_forever, daemon=True).start()
    with http.server.ThreadingHTTPServer((stage.host, stage.port("http")), Handler) as server:
        server.serve_forever()
"""


@pytest.fixture
def project(ready: Sandbox) -> Iterator[Sandbox]:
    version(ready, "one")
    yield ready
    until = time.monotonic() + PATIENCE
    while left := _programs():
        assert time.monotonic() < until, left
        time.sleep(0.05)


def version(sandbox: Sandbox, name: str, source: str = SERVICE) -> None:
    sandbox.write("stages/web.py", source.replace("VERSION ", f"{name} ").replace("started VERSION", f"started {name}"))


def _programs() -> list[int]:
    """Processes of services that these tests have started."""
    variables = ((process.pid, process.info["environ"] or {}) for process in psutil.process_iter(["environ"]))
    ours = os.environ["XDG_RUNTIME_DIR"]
    return [pid for pid, each in variables if each.get("PIPELINE_SERVICE_FOLDER", "").startswith(ours)]


def test_it_serves_on_its_ports_until_it_is_asked_to_end(project: Sandbox) -> None:
    with Served(project, "web", "--param", "word=hi") as served:
        assert served.get() == (200, "one hi 1.0")
        assert served.get(name="admin") == (200, "one hi 1.0")
        served.wait(lambda: [each for each in served.events if each.get("line") == "started one"])
        assert {each["service"] for each in served.events} == {"web"}
        assert served.end() == (0, "")
    assert served.events[-1]["event"] == "ended"


def test_a_port_can_be_chosen_and_ctrl_c_ends_it(project: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    with Served(project, "web", "--port", f"admin={number}") as served:
        assert served.port("admin") == number
        assert served.get(name="admin")[0] == 200
        assert served.end(signal.SIGINT)[0] == 0


def test_a_client_that_sends_all_the_time_loses_no_request_when_a_new_version_takes_over(project: Sandbox) -> None:
    with Served(project, "web") as served:
        with RestlessClients(served.port()) as clients:
            for number, name in ((2, "two"), (3, "three")):
                version(project, name)
                served.process.send_signal(signal.SIGHUP)
                served.event("stopped", number - 1)
            time.sleep(0.1)
        assert not clients.errors
        assert set(clients.answers) == {f"200 {name} hello 1.0" for name in ("one", "two", "three")}


def test_a_request_that_has_begun_is_answered_by_its_own_version(project: Sandbox) -> None:
    with Served(project, "web") as served:
        served.port()
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(served.get("/slow")))
        thread.start()
        time.sleep(0.3)
        version(project, "two")
        served.process.send_signal(signal.SIGHUP)
        served.event("ready", 2)
        assert served.get() == (200, "two hello 1.0")
        thread.join(PATIENCE)
        assert answers == [(200, "one hello 1.0")]


@pytest.mark.parametrize(
    ("wrong", "instead"), [("import http", "1 / 0\nimport http"), ("def serve(", "def run("), ("# [tool", "# [[tool")]
)
def test_a_new_version_that_fails_leaves_the_one_that_serves(project: Sandbox, wrong: str, instead: str) -> None:
    with Served(project, "web") as served:
        served.port()
        version(project, "two", SERVICE.replace(wrong, instead, 1).replace("# stop =", "# restarts = 0\n# stop ="))
        served.process.send_signal(signal.SIGHUP)
        assert served.event("replacement failed", 2)["failure"]
        assert served.get() == (200, "one hello 1.0")
        version(project, "three")
        served.process.send_signal(signal.SIGHUP)
        served.event("stopped", 1)
        assert served.get() == (200, "three hello 1.0")


def test_requests_wait_while_the_program_is_started_again(project: Sandbox) -> None:
    with Served(project, "web") as served:
        assert served.get("/die")[0] == 502
        served.event("restarting")  # until then, a connection may still find the one that is dying
        assert served.get() == (200, "one hello 1.0")


def test_a_request_that_has_begun_is_answered_before_the_end(project: Sandbox) -> None:
    with Served(project, "web") as served:
        served.port()
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(served.get("/slow")))
        thread.start()
        time.sleep(0.3)
        assert served.end()[0] == 0
        thread.join(PATIENCE)
        assert answers == [(200, "one hello 1.0")]


def test_a_second_ctrl_c_waits_for_no_answer_any_more(project: Sandbox) -> None:
    version(project, "one", SERVICE.replace("time.sleep(1)", "time.sleep(20)").replace("timeout = 3", "timeout = 60"))
    with Served(project, "web") as served:
        served.port()
        errors: list[Exception] = []
        thread = threading.Thread(target=lambda: errors.append(failure_of(lambda: served.get("/slow"))))
        thread.start()
        time.sleep(0.3)
        served.process.send_signal(signal.SIGINT)
        assert served.event("stopping")["requests"] == 1
        assert served.process.poll() is None, "it waits for the answer"
        before = time.monotonic()
        assert served.end(signal.SIGINT)[0] == 0
        assert time.monotonic() - before < 15
        thread.join(PATIENCE)
        assert isinstance(errors[0], ConnectionError | http.client.HTTPException)
        assert served.told("not drained in time")[0]["requests"] == 1
        assert not served.told("killed")


def test_a_third_one_kills_a_program_that_heeds_no_signal(project: Sandbox) -> None:
    version(project, "one", SERVICE.replace("    global STAGE\n", DEAF).replace("timeout = 3", "timeout = 600"))
    with Served(project, "web") as served:
        served.port()
        for _ in range(2):
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        assert served.process.poll() is None, "it waits for its program"
        assert served.end()[0] == 0
        assert served.event("killed")["version"] == 1  # the fixture looks whether all of it is gone


def test_a_new_version_that_isnt_ready_yet_is_killed_too(project: Sandbox) -> None:
    with Served(project, "web") as served:
        served.port()
        deaf = DEAF + "    time.sleep(600)\n    global STAGE\n"
        version(project, "two", SERVICE.replace("    global STAGE\n", deaf).replace("timeout = 3", "timeout = 600"))
        served.process.send_signal(signal.SIGHUP)
        served.event("starting", 2)
        time.sleep(1)
        for _ in range(2):
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        assert served.end()[0] == 0
        assert served.event("killed")["version"] == 2


def failure_of(action: Callable[[], object]) -> Exception:
    try:
        action()
    except (OSError, http.client.HTTPException) as error:
        return error
    raise AssertionError("it was answered")


def test_a_service_that_a_person_stops_by_another_command_ends_it_well(project: Sandbox) -> None:
    with Served(project, "web") as served:
        served.port()
        assert project.run("pipeline", "service", "restart", "web", "--force").code == 0
        assert served.get() == (200, "one hello 1.0")
        assert project.run("pipeline", "service", "stop", "web", "--force").code == 0
        assert served.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("closes", [True, False])
def test_it_serves_on_when_nobody_reads_what_it_tells(project: Sandbox, closes: bool) -> None:
    version(project, "one", SERVICE.replace("time.sleep(1)", "print(('x' * 1000 + chr(10)) * 3000, flush=True)"))
    process = project.start("pipeline", "serve", "web")
    assert process.stdout
    assert process.stderr
    port = next(json.loads(line)["urls"]["http"] for line in process.stdout if b'"ready"' in line).rpartition(":")[2]
    if closes:
        process.stdout.close()
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    for _ in range(3):
        connection.request("GET", "/slow")
        assert connection.getresponse().read() == b"one hello 1.0"
        time.sleep(0.3)
    connection.close()
    process.terminate()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()


def test_its_gpu_is_leased_for_all_of_its_versions(project: Sandbox, tmp_path: Path, monkeypatch: Patch) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nprintf 'GPU-aaaa, Fake 8000, 8192\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIPELINE_GPU_LEASES", str(tmp_path / "leases"))
    source = SERVICE.replace(
        "# [tool.pipeline.stage.parameters]", "# resources = {gpus = 1}\n# [tool.pipeline.stage.parameters]"
    )
    source = source.replace('+ " " + quirk.VERSION', '+ " " + os.environ["CUDA_VISIBLE_DEVICES"]')
    version(project, "one", source)
    with Served(project, "web") as served:
        assert served.get() == (200, "one hello GPU-aaaa")
        other = project.run("pipeline", "serve", "web")
        assert other.code == 3, other.err
        version(project, "two", source)
        served.process.send_signal(signal.SIGHUP)
        served.event("stopped", 1)
        assert served.get() == (200, "two hello GPU-aaaa")


DEAF = """\
    import signal, subprocess
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"])
    global STAGE
"""


def test_a_program_that_heeds_no_signal_is_killed_with_all_that_it_started(project: Sandbox) -> None:
    version(project, "one", SERVICE.replace("    global STAGE\n", DEAF).replace("timeout = 3", "timeout = 1"))
    with Served(project, "web") as served:
        served.port()
        before = time.monotonic()
        assert served.end()[0] == 0
        assert 1.0 <= time.monotonic() - before < PATIENCE / 2  # the fixture looks whether all of it is gone


def test_nothing_is_left_when_it_is_killed(project: Sandbox) -> None:
    with Served(project, "web") as served:
        served.port()
        served.process.kill()
        served.process.wait(PATIENCE)  # the fixture waits until all of it is gone


def test_who_asks_needs_the_token_that_is_made_once(project: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "token"
    for _ in range(2):
        with Served(project, "web", "--token-file", file) as served:
            assert served.get()[0] == 401
            token = file.read_text().strip()
            assert served.get(token=token)[0] == 200
            assert token not in json.dumps(served.events)
    assert len(token) > 20
    assert file.stat().st_mode & 0o077 == 0


def test_a_service_that_cannot_start_says_why(project: Sandbox) -> None:
    source = SERVICE.replace("import http", "print('no such card')\n1 / 0\nimport http")
    version(project, "one", source.replace("# stop =", "# restarts = 0\n# stop ="))
    done = project.run("pipeline", "serve", "web")
    assert done.code == 4, done.err
    assert "no such card" in done.out
    assert "ZeroDivisionError" in done.err


def test_a_port_that_is_taken_is_told_before_anything_starts(project: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = project.run("pipeline", "serve", "web", "--port", str(taken.getsockname()[1]))
    assert done.code == 2, done.err
    assert "starting" not in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("upper",),
        ("nothing",),
        ("web", "--port", "api=80"),
        ("web", "--port", "many"),
        ("web", "--port", "70000"),
        ("web", "--host", "0.0.0.0"),
        ("web", "--param", "wrod=x"),
        ("web", "--service", "api"),
    ],
)
def test_what_is_typed_wrong_is_told(sandbox: Sandbox, words: tuple[str, ...]) -> None:
    version(sandbox, "one")
    done = sandbox.give("pipeline", "serve", *words)
    assert done.code == 2, done.err
    assert done.next_step


def test_a_token_file_that_others_wrote_is_read_with_care(sandbox: Sandbox, tmp_path: Path) -> None:
    version(sandbox, "one")
    (tmp_path / "token").write_text("\n")
    assert sandbox.give("pipeline", "serve", "web", "--token-file", tmp_path / "token").code == 2


def test_an_environment_that_is_not_built_is_said_with_the_way_to_build_it(sandbox: Sandbox) -> None:
    version(sandbox, "one")
    done = sandbox.give("pipeline", "serve", "web")
    assert done.code == 3, done.err


def test_a_unit_runs_the_same_command(sandbox: Sandbox) -> None:
    version(sandbox, "one")
    words = ["web", "--param", "word=hi you", "--port", "8123", "--token-file", "secret"]
    done = sandbox.give("pipeline", "serve", *words, "--systemd-unit")
    assert done.code == 0, done.err
    (command,) = [line for line in done.out.splitlines() if line.startswith("ExecStart=")]
    assert f" serve web --root {sandbox.root} " in command
    assert '"word=hi you"' in command
    assert f"--token-file {Path('secret').absolute()}" in command
    assert not Path("secret").exists()


def test_systemd_is_told_when_it_is_ready_and_while_a_version_is_replaced(project: Sandbox, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(PATIENCE)
        variables = {**os.environ, "PIPELINE_ROOT": str(project.root), "NOTIFY_SOCKET": str(tmp_path / "notify")}
        process = subprocess.Popen([BIN / "pipeline", "serve", "web"], env=variables, stdout=subprocess.DEVNULL)
        said = [channel.recv(1000).decode()]
        process.send_signal(signal.SIGHUP)
        said += [channel.recv(1000).decode().partition("\n")[0] for _ in range(2)]
        process.terminate()
        said.append(channel.recv(1000).decode())
        assert process.wait(PATIENCE) == 0
    assert said == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]


COMMAND = """\
environment: alpha
command: [python, -m, http.server, "{port.http}", --bind, 127.0.0.1]
service: {ready: {tcp: true}, stop: {signal: INT, timeout: 3}}
"""


def test_a_command_is_served_as_well(project: Sandbox) -> None:
    project.write("stages/files.yaml", COMMAND)
    with Served(project, "files") as served:
        assert served.get()[0] == 200
        assert served.end()[0] == 0


def test_a_version_that_takes_too_long_for_its_requests_is_stopped(project: Sandbox) -> None:
    version(project, "one", SERVICE.replace("time.sleep(1)", "time.sleep(20)"))
    with Served(project, "web", "--drain", "0.2") as served:
        served.port()
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(served.get("/slow")))
        thread.start()
        time.sleep(0.3)
        version(project, "two")
        served.process.send_signal(signal.SIGHUP)
        assert served.event("not drained in time", 1)["requests"] == 1
        served.event("stopped", 1)
        thread.join(PATIENCE)
        assert answers[0][0] == 502
        assert served.get() == (200, "two hello 1.0")


def test_the_service_of_a_package_is_served_where_there_is_no_project(
    project: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("stages/ask.py", ASK)
    project.workflow(
        "asked", PACKAGED, "parameters: {word: {type: string, default: good morning}}\ndeliver: [ask.said]"
    )
    made = project.give("pipeline", "package", "make", "asked", "-o", tmp_path / "asked.pkg")
    assert made.code == 0, made.err
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    several = project.run("pipeline", "serve", tmp_path / "asked.pkg", "--build")
    assert several.code == 2, several.err
    assert "--service first" in several.next_step
    with Served(project, tmp_path / "asked.pkg", "--service", "second", "--build") as served:
        assert served.get() == (200, "one good morning 1.0")
        assert served.event("starting")["service"] == "web"
    with Served(project, tmp_path / "asked.pkg", "--service", "first", "--param", "word=typed") as served:
        assert served.get() == (200, "one typed 1.0")


ASK = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# services = ["api"]
# [tool.pipeline.stage.outputs]
# said = "said.txt"
# ///
def run(stage):
    stage.output("said").write_text(stage.service("api").url)
"""
PACKAGED = """\
first: {uses: web, parameters: {word: fixed}}
second: {uses: web, parameters: {word: $word}}
ask: {services: {api: second}}
other: {uses: ask, services: {api: first}}
"""
