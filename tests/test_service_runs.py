"""Jobs whose stages use a real service: shared, ready before use, lost and repeated, and nothing of it left behind."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.errors import ExitCode
from pipeline.host.gpu_leases import LeaseFolder
from pipeline.host.gpus import Gpu
from pipeline.services.folder import SERVICES
from tests.conftest import Sandbox
from tests.test_process import eventually

SERVER = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# service = {{ready = {{http = "/health", start_timeout = {start}}}, idle_seconds = {idle}, restarts = {restarts}}}
# [tool.pipeline.stage.parameters]
# notes = ""
# greeting = "hello"
# ///
import http.server
import os
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/health" and self.headers["Authorization"] != "Bearer " + TOKEN:
            self.send_error(401)
            return
        code = 200 if READY or self.path != "/health" else 503
        text = {{"/health": "", "/pid": str(os.getpid()), "/greet": GREETING, "/cards": CARDS}}[self.path].encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words):
        pass


def serve(stage):
    global TOKEN, GREETING, READY
    TOKEN, GREETING, READY = stage.token, stage.parameters["greeting"], {ready}
    with open(stage.parameters["notes"], "a") as notes:
        notes.write("%d\\n" % os.getpid())
    global CARDS
    CARDS = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    print("loading the voices", flush=True)
    with http.server.ThreadingHTTPServer((stage.host, stage.port("http")), Handler) as server:
        server.serve_forever()
"""
ASK = """\
# /// script
# [tool.pipeline.stage]
# environment = "beta"
# services = ["api"]
# [tool.pipeline.stage.parameters]
# number = 0
# mode = ""
# mark = ""
# [tool.pipeline.stage.outputs]
# file = "answer.txt"
# ///
import os
import signal
import time
import urllib.request


def asked(service, path):
    request = urllib.request.Request(service.url + path, headers={"Authorization": "Bearer " + service.token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def run(stage):
    service, mark = stage.service("api"), stage.parameters["mark"]
    print("the token is", service.token)
    if stage.parameters["mode"] == "kills" and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(int(asked(service, "/pid")), signal.SIGKILL)
        asked(service, "/greet")
    if stage.parameters["mode"] == "waits":
        open(mark, "w").close()
        time.sleep(60)
    if stage.parameters["mode"] == "cards":
        print(asked(service, "/cards"), os.environ.get("CUDA_VISIBLE_DEVICES"))
    stage.output("file").write_text(asked(service, "/greet") + " %d" % stage.parameters["number"])
"""


class ServiceProject:
    """A project with the service ``server``, and the stage ``ask``, which uses it."""

    def __init__(self, sandbox: Sandbox, runtime: Path) -> None:
        self.sandbox = sandbox
        self.notes = sandbox.root / "notes.txt"
        self.mark = sandbox.root / "mark"
        self._runtime = runtime
        self.serves()
        sandbox.write("stages/ask.py", ASK)

    def serves(self, idle: float = 0.5, start: float = 20, restarts: int = 2, ready: bool = True) -> None:
        self.sandbox.write("stages/server.py", SERVER.format(idle=idle, start=start, restarts=restarts, ready=ready))

    def prepared(
        self,
        more: str = "",
        greeting: str = "hello",
        name: str = "served",
        resources: dict[str, Any] | None = None,
        **ask: Any,
    ) -> str:
        """A job in which ``ask`` uses the service once for each of ``number``."""
        parameters = {"mark": str(self.mark), **ask}
        server = {"parameters": {"notes": str(self.notes), "greeting": greeting}, "resources": resources or {}}
        stages = f"server: {json.dumps(server)}\n{more}"
        self.sandbox.workflow(
            name, f"{stages}\nask: {{services: {{api: server}}, parameters: {json.dumps(parameters)}}}"
        )
        return self.sandbox.prepare(name)

    def run(self, *ids: str) -> Any:
        return self.sandbox.run("run-pipeline", *(word for id in ids for word in ("-j", id)))

    def kinds(self, id: str, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.sandbox.events(id) if event["event"] == kind]

    def answer(self, id: str, stage: str = "ask") -> str:
        attempt = max((self.sandbox.job(id) / "stages" / stage).iterdir(), key=lambda each: int(each.name))
        return (attempt / "outputs/answer.txt").read_text()

    @property
    def starts(self) -> list[int]:
        """The processes of the service, in their order."""
        return [int(line) for line in self.notes.read_text().split()] if self.notes.exists() else []

    @property
    def left(self) -> list[str]:
        """What there is of services now: folders, and processes."""
        folder = self._runtime / "pipeline" / SERVICES
        found = os.listdir(folder) if folder.is_dir() else []
        return [*found, *(str(pid) for pid in self.starts if psutil.pid_exists(pid))]


@pytest.fixture
def project(ready: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceProject]:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    project = ServiceProject(ready, runtime)
    yield project
    ready.run("pipeline", "service", "stop", "--all", "--force")
    assert project.left == []


TEN = """\
many: {uses: ask, for_each: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], services: {api: server}, parameters: {number: $each}}
"""


def test_ten_stages_and_two_jobs_share_one_service_and_nothing_is_left(project: ServiceProject) -> None:
    first, second = project.prepared(TEN), project.prepared(name="other", number=77)
    done = project.run(first, second)
    assert done.code == 0, done.err
    assert len(project.starts) == 1
    assert (project.answer(first, "many_7"), project.answer(second)) == ("hello 7", "hello 77")
    assert [len(project.kinds(id, "service_ready")) for id in (first, second)] == [1, 1]
    assert eventually(lambda: project.left == [], 20), project.left
    shown = json.loads(project.sandbox.give("pipeline", "job", "show", first, "--json").out)
    assert "server is a service, for many_…, ask" in project.sandbox.give("pipeline", "workflow", "show", "served").out
    (service,) = shown["data"]["services"]
    assert (service["name"], service["state"], len(service["users"])) == ("server", "ended", 11)


def test_a_secret_parameter_reaches_the_service_and_no_file(project: ServiceProject) -> None:
    stages = (
        f"server: {{parameters: {{notes: '{project.notes}', greeting: $greeting}}}}\n"
        "ask: {services: {api: server}, parameters: {mark: ''}}"
    )
    head = "parameters: {greeting: {type: secret}}\ndeliver: [ask.file]"
    project.sandbox.workflow("served", stages, head)
    id = project.sandbox.prepare("served", "--param", "greeting=env:GREETING")
    secret = "correct horse battery"
    done = project.sandbox.run("run-pipeline", "-j", id, variables={"GREETING": secret})
    assert done.code == 0, done.err
    assert project.answer(id) == f"{secret} 0"
    files = [path for path in project.sandbox.job(id).rglob("*") if path.is_file()]
    outside = [path for path in files if not {"output", "outputs"} & {*path.parts}]
    assert not any(secret in path.read_text("utf-8") for path in outside)
    assert eventually(lambda: project.left == [], 20), project.left


def test_a_service_is_reached_where_the_shell_has_a_proxy(project: ServiceProject) -> None:
    id = project.prepared()
    proxy = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    done = project.sandbox.run("run-pipeline", "-j", id, variables=proxy)
    assert done.code == 0, done.err
    assert project.answer(id) == "hello 0"


def test_two_runs_at_the_same_time_share_it(project: ServiceProject) -> None:
    first, second = project.prepared(mode="waits"), project.prepared(name="other", number=3)
    running = project.sandbox.start("run-pipeline", "-j", first)
    assert eventually(project.mark.exists, 60)
    done = project.run(second)
    assert done.code == 0, done.err
    assert project.kinds(second, "service_started")[0]["shared"] is True
    assert len(project.starts) == 1
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert eventually(lambda: project.left == [], 20), project.left


def test_a_service_ends_at_once_where_something_fits_only_without_it(project: ServiceProject) -> None:
    project.serves(idle=3600)
    id = project.prepared(
        "large: {uses: word, after: [ask], resources: {memory: 3 GB}}\n"
        "last: {uses: ask, after: [large], services: {api: server}, parameters: {number: 2}}",
        resources={"memory": "2 GB"},
    )
    done = project.sandbox.run("run-pipeline", "-j", id, "--limit", "memory=4GB")
    assert done.code == 0, done.err
    assert len(project.starts) == 2
    assert not psutil.pid_exists(project.starts[0])


def test_a_service_has_cards_of_its_own_until_it_ends(
    project: ServiceProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nprintf 'GPU-aaaa, Fake 8000, 8192\\nGPU-bbbb, Fake 8000, 8192\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIPELINE_GPU_LEASES", str(tmp_path / "leases"))
    project.serves(idle=3600)
    id = project.prepared(TEN, resources={"gpus": 1}, mode="cards")
    done = project.run(id)
    assert done.code == 0, done.err
    assert "GPU-aaaa" in (project.sandbox.job(id) / "logs/ask.log").read_text()
    folder, cards = LeaseFolder(tmp_path / "leases"), [Gpu("GPU-aaaa", "", 1), Gpu("GPU-bbbb", "", 1)]
    assert folder.lease(cards, 2, None) is None
    again = project.prepared(resources={"gpus": 1}, mode="cards", number=5)
    assert project.run(again).code == 0
    assert len(project.starts) == 1
    project.sandbox.run("pipeline", "service", "stop", "--all", "--force")
    assert folder.lease(cards, 2, None) is not None


def test_where_every_result_is_there_no_service_is_started(project: ServiceProject) -> None:
    first = project.prepared()
    assert project.run(first).code == 0
    again = project.prepared()
    done = project.run(again)
    assert done.code == 0, done.err
    assert len(project.starts) == 1
    assert project.kinds(again, "service_started") == []
    assert project.kinds(again, "stage_finished")[0]["taken"] == first


def test_another_parameter_or_source_of_the_service_makes_its_users_run_again(project: ServiceProject) -> None:
    jobs = [project.prepared(), project.prepared(greeting="good morning")]
    assert project.run(*jobs).code == 0
    project.serves(idle=0.4)  # the source
    jobs.append(project.prepared())
    assert project.run(jobs[-1]).code == 0
    assert [project.answer(id) for id in jobs] == ["hello 0", "good morning 0", "hello 0"]
    keys = [project.kinds(id, "stage_started")[0]["key"] for id in jobs]
    assert len(set(keys)) == 3
    why = project.sandbox.give("pipeline", "job", "why", jobs[1]).out
    assert "its service 'api' has changed: " in why
    assert "parameters\n" in why


def test_port_and_token_are_in_no_key_no_log_and_no_file_of_the_job(project: ServiceProject) -> None:
    first = project.prepared()
    assert project.run(first).code == 0
    assert eventually(lambda: project.left == [], 20)
    again = project.prepared()
    assert project.sandbox.run("run-pipeline", "-j", again, "--force").code == 0
    assert len(project.starts) == 2
    assert len({project.kinds(id, "stage_finished")[0]["key"] for id in (first, again)}) == 1
    log = (project.sandbox.job(first) / "logs/ask.log").read_text()
    assert "the token is ***" in log


def test_a_service_that_is_killed_costs_no_retry_and_its_user_runs_once_more(project: ServiceProject) -> None:
    id = project.prepared(mode="kills")
    done = project.run(id)
    assert done.code == 0, done.err
    assert project.answer(id) == "hello 0"
    (failure,) = project.kinds(id, "stage_failed")
    assert failure["kind"] == "service lost"
    assert [event["attempt"] for event in project.kinds(id, "stage_started")] == [1, 2]
    assert len(project.starts) == 2
    assert [event["kind"] for event in project.kinds(id, "service_ended") if event.get("kind")] == ["crashed"]


def test_a_service_that_is_never_ready_fails_its_users_with_its_last_lines(project: ServiceProject) -> None:
    project.serves(start=1, restarts=0, ready=False)
    id = project.prepared()
    done = project.run(id)
    assert done.code == ExitCode.NOT_READY, done.err
    assert "not-ready" in done.err
    assert "loading the voices" in done.err
    assert str(project.sandbox.job(id) / "logs/server.log") in done.err
    assert "loading the voices" in project.sandbox.give("pipeline", "job", "logs", id, "server").out
    assert project.kinds(id, "stage_failed")[0]["kind"] == "service not ready"
    assert project.kinds(id, "stage_started") == []
    assert eventually(lambda: project.left == [], 20), project.left


def test_a_service_that_was_edited_is_never_started_under_the_key_of_what_it_was(project: ServiceProject) -> None:
    id = project.prepared(mode="waits")
    running = project.sandbox.start("run-pipeline", "-j", id)
    assert eventually(project.mark.exists, 60)
    server = project.sandbox.root / "stages/server.py"
    server.write_text(server.read_text() + "# edited\n")
    os.kill(project.starts[0], signal.SIGKILL)
    _, said = running.communicate(timeout=60)
    assert running.returncode == ExitCode.NOT_READY
    assert "server.py isn't what it was" in said.decode()
    assert len(project.starts) == 1


def test_a_service_whose_supervisor_is_killed_is_started_again(project: ServiceProject) -> None:
    id = project.prepared(mode="waits")
    running = project.sandbox.start("run-pipeline", "-j", id)
    assert eventually(project.mark.exists, 60)
    (pid,) = project.starts
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    assert eventually(lambda: len(project.kinds(id, "stage_started")) == 2, 30)
    assert project.kinds(id, "stage_failed")[0]["kind"] == "service lost"
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert len(project.starts) == 2
    assert eventually(lambda: project.left == [], 20), project.left


def test_a_run_that_is_killed_lets_go_of_its_services(project: ServiceProject) -> None:
    id = project.prepared(mode="waits")
    running = project.sandbox.start("run-pipeline", "-j", id)
    assert eventually(project.mark.exists, 60)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert eventually(lambda: project.left == [], 20), project.left


def test_a_command_gets_the_address_in_its_words_and_variables(project: ServiceProject) -> None:
    project.sandbox.write(
        "stages/told.yaml",
        "environment: beta\nservices: [api]\noutputs: {file: answer.txt}\nstdout: file\n"
        'shell: test -n "$SERVICE_API_TOKEN" && test {service.api} = "$SERVICE_API_HTTP_URL" && '
        'echo "$SERVICE_API_URL"\n',
    )
    id = project.prepared("told: {services: {api: server}}")
    done = project.run(id)
    assert done.code == 0, done.err
    assert project.answer(id, "told").startswith("http://127.0.0.1:")


def test_a_service_is_checked_when_a_job_is_prepared(project: ServiceProject) -> None:
    server = project.sandbox.root / "stages/server.py"
    project.sandbox.write("stages/server.py", server.read_text().replace('"alpha"', '"gamma"'))
    project.sandbox.write("config/environments/gamma.yaml", "python: '>=3.8'\nrequirements: gamma.txt\n")
    with pytest.raises(AssertionError, match="gamma"):
        project.prepared()


def test_what_a_stage_and_its_service_need_together_is_looked_at_when_a_job_is_prepared(
    project: ServiceProject,
) -> None:
    ask = project.sandbox.root / "stages/ask.py"
    size = int(psutil.virtual_memory().total * 0.6)
    project.sandbox.write(
        "stages/ask.py",
        ask.read_text().replace(
            "# ///\nimport", f"# [tool.pipeline.stage.resources]\n# memory = {size}\n# ///\nimport"
        ),
    )
    with pytest.raises(AssertionError, match="stage 'ask' with the services that it uses needs"):
        project.prepared(resources={"memory": size})
