"""Services whose libraries clash, in one workflow: two gRPC servers of different versions, and one with FastAPI."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import REAL_VARIABLES
from tests.services.serving.served import PATIENCE, RestlessClients, Served

OLD, NEW = "1.60.0", "1.73.0"
ENVIRONMENTS = {
    "grpc-old": (">=3.10,<3.13", "grpc", f"grpcio=={OLD}\n"),
    "grpc-new": (">=3.10,<3.13", "grpc", f"grpcio=={NEW}\n"),
    "web": (">=3.10,<3.14", "fastapi, uvicorn", "fastapi\nuvicorn\n"),
}
GRPC_SERVER = """\
# /// script
# [tool.pipeline.stage]
# environment = "ENVIRONMENT"
# service = {ready = {READY}, ports = ["grpc"], stop = {timeout = 10}}
# ///
from concurrent.futures import ThreadPoolExecutor

import grpc


def allowed(context):
    return not TOKEN or ("authorization", "Bearer " + TOKEN) in context.invocation_metadata()


def version(_request, context):
    if not allowed(context):
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
    return WORD + grpc.__version__


WORD = ""


def serve(stage):
    global TOKEN
    TOKEN = stage.token
    methods = {"Version": grpc.unary_unary_rpc_method_handler(version, bytes.decode, str.encode)}
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("words.Words", methods)])
    server.add_insecure_port("%s:%d" % (stage.host, stage.port("grpc")))
    server.start()
    stage.ready()
    try:
        server.wait_for_termination()
    finally:
        server.stop(5).wait()
"""
WEB_SERVER = """\
# /// script
# [tool.pipeline.stage]
# environment = "web"
# service = {ready = {http = "/health"}, stop = {timeout = 10}, ports = ["http", "page"]}
# [tool.pipeline.stage.parameters]
# greeting = "hello"
# ///
import asyncio

import fastapi
import uvicorn


def api(stage):
    app = fastapi.FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "well"}

    @app.get("/greet/{name}")
    def greet(name: str, authorization: str = fastapi.Header("")) -> dict[str, str]:
        if authorization != "Bearer " + stage.token:
            raise fastapi.HTTPException(401)
        return {"greeting": stage.parameters["greeting"] + " " + name}

    return app


def page():
    app = fastapi.FastAPI()

    @app.get("/", response_class=fastapi.responses.HTMLResponse)
    def index() -> str:
        return "<h1>Words</h1>"

    return app


def serve(stage):
    async def both():
        servers = [
            uvicorn.Server(uvicorn.Config(app, host=stage.host, port=stage.port(name), log_level="warning"))
            for name, app in (("http", api(stage)), ("page", page()))
        ]
        await asyncio.gather(*(server.serve() for server in servers))

    asyncio.run(both())
"""
ASK = """\
# /// script
# [tool.pipeline.stage]
# environment = "grpc-new"
# services = ["old", "new", "web"]
# [tool.pipeline.stage.outputs]
# said = "said.json"
# ///
import json
import urllib.request

import grpc


def version(service):
    with grpc.insecure_channel(service.address("grpc")) as channel:
        ask = channel.unary_unary("/words.Words/Version", str.encode, bytes.decode)
        return ask("", timeout=30, metadata=[("authorization", "Bearer " + service.token)])


def fetched(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def run(stage):
    web = stage.service("web")
    said = {
        "old": version(stage.service("old")),
        "new": version(stage.service("new")),
        "web": json.loads(fetched(web.urls["http"] + "/greet/you", web.token)),
        "page": fetched(web.urls["page"]),
        "here": grpc.__version__,
    }
    stage.output("said").write_text(json.dumps(said))
"""
WORKFLOW = """\
old: {uses: grpc_old}
new: {uses: grpc_new}
web: {uses: web_server, parameters: {greeting: good morning}}
ask: {services: {old: old, new: new, web: web}}
"""


@pytest.fixture(scope="module")
def project(spawning: None, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Three environments, of which two can't be one."""
    sandbox = Sandbox(tmp_path_factory.mktemp("services") / "project")
    sandbox.write("config/pipeline.yaml", "default_workflows: []\n")
    for name, (python, imports, requirements) in ENVIRONMENTS.items():
        sandbox.write(f"config/environments/{name}.yaml", f'python: "{python}"\nimports: [{imports}]\n')
        sandbox.write(f"requirements/{name}.txt", requirements)
    for name, ready in (("old", "tcp = true"), ("new", "notify = true")):
        write_server(sandbox, name, ready)
    sandbox.write("stages/web_server.py", WEB_SERVER)
    sandbox.write("stages/ask.py", ASK)
    sandbox.workflow("words", WORKFLOW, "deliver: [ask.said]")
    for words in (("pipeline", "env", "lock"), ("bootstrap", "--all")):
        done = sandbox.run(*words, variables=REAL_VARIABLES, timeout=600)
        assert done.code == 0, done.err
    return sandbox


def write_server(sandbox: Sandbox, name: str, ready: str, word: str = "") -> None:
    source = GRPC_SERVER.replace("ENVIRONMENT", f"grpc-{name}").replace("READY", ready)
    sandbox.write(f"stages/grpc_{name}.py", source.replace('WORD = ""', f'WORD = "{word}"'))


def test_services_of_clashing_libraries_are_used_by_one_stage(project: Sandbox) -> None:
    job = project.prepare("words")
    done = project.run("run-pipeline", "-j", job, timeout=300)
    assert done.code == 0, done.err
    (file,) = (project.job(job) / "output").glob("*.json")
    assert json.loads(file.read_text()) == {
        "old": OLD,
        "new": NEW,
        "web": {"greeting": "good morning you"},
        "page": "<h1>Words</h1>",
        "here": NEW,
    }
    assert project.run("pipeline", "service", "stop", "--all", "--force", timeout=60).code == 0


@pytest.mark.parametrize("name", ["old", "new"])
def test_a_grpc_client_that_calls_all_the_time_loses_no_call_when_a_new_version_takes_over(
    project: Sandbox, name: str
) -> None:
    write_server(project, name, "tcp = true", "first ")
    with Served(project, f"grpc_{name}") as served:
        python = project.root / "venv" / "grpc-new" / "bin" / "python"
        address = served.url("grpc").partition("://")[2]
        script = Path(__file__).parent / "grpc_client.py"
        with subprocess.Popen(
            [python, "-I", script, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdout
            version = {"old": OLD, "new": NEW}[name]
            assert client.stdout.readline() == f"first {version}\n"
            for number, word in ((2, "second "), (3, "third ")):
                write_server(project, name, "tcp = true", word)
                served.process.send_signal(signal.SIGHUP)
                served.event("stopped", number - 1)
                time.sleep(0.2)
            said, _ = client.communicate("", timeout=PATIENCE)
        found = json.loads(said)
        assert found["failures"] == []
        assert list(found["heard"]) == [f"{word} {version}" for word in ("first", "second", "third")]


def test_clients_of_fastapi_lose_no_request_when_a_new_version_takes_over(project: Sandbox) -> None:
    with Served(project, "web_server") as served:
        with RestlessClients(served.port("page")) as clients:
            for number, word in ((2, "Second"), (3, "Third")):
                project.write("stages/web_server.py", WEB_SERVER.replace("<h1>Words", f"<h1>{word}"))
                served.process.send_signal(signal.SIGHUP)
                served.event("stopped", number - 1)
            time.sleep(0.2)
        assert not clients.errors
        assert set(clients.answers) == {f"200 <h1>{word}</h1>" for word in ("Words", "Second", "Third")}
