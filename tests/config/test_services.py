"""The table of a service: what it becomes, and where a mistake in it is."""

from pathlib import Path

import pytest

from pipeline.config.stages import StageSpec, load
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from pipeline.services.definition import (
    CommandProbe,
    HttpProbe,
    NotifyProbe,
    ServiceDefinition,
    ServiceProbe,
    Stop,
    TcpProbe,
)
from pipeline.values import decode, encode

HEAD = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# service = '


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    (tmp_path / "stages").mkdir()
    return ProjectFolder(tmp_path)


def declared(project: ProjectFolder, table: str, more: str = "") -> StageSpec:
    project.stage_file("server").write_text(f"{HEAD}{table}\n{more}# ///\ndef serve(stage): ...\n")
    return load(project, "server")


def service(project: ProjectFolder, table: str) -> ServiceDefinition:
    found = declared(project, table).service
    assert found is not None
    return found


def refusal(project: ProjectFolder, table: str, more: str = "") -> str:
    with pytest.raises(ConfigurationError) as refused:
        declared(project, table, more)
    return f"{refused.value} {refused.value.next_step}"


def test_a_stage_without_the_table_is_no_service(project: ProjectFolder) -> None:
    project.stage_file("work").write_text(f"{HEAD.rpartition('# service')[0]}# ///\n")
    assert load(project, "work").service is None


def test_the_least_that_can_be_said_gets_the_usual_values(project: ProjectFolder) -> None:
    expected = ServiceDefinition(ready=ServiceProbe(HttpProbe("/health")))
    assert service(project, '{ready = {http = "/health"}}') == expected
    assert (expected.ports, expected.stop) == (("http",), Stop("TERM", 15.0))


def test_everything_that_can_be_said_arrives(project: ProjectFolder) -> None:
    table = (
        '{ready = {command = ["nc", "{port.grpc}"], period = 2, timeout = 3, start_timeout = 20,'
        " success_threshold = 2},"
        ' alive = {http = "/live", port = "ui", failure_threshold = 5, grace = 7},'
        ' stop = {signal = "INT", timeout = 4}, ports = ["grpc", "ui"], idle_seconds = 0, restarts = 1}'
    )
    assert service(project, table) == ServiceDefinition(
        ready=ServiceProbe(CommandProbe(("nc", "{port.grpc}")), 2.0, 3.0, 20.0, success_threshold=2),
        alive=ServiceProbe(HttpProbe("/live", "ui"), 10.0, failure_threshold=5, grace=7.0),
        stop=Stop("INT", 4.0),
        ports=("grpc", "ui"),
        idle_seconds=0.0,
        restarts=1,
    )


def test_a_probe_asks_the_first_port_where_none_is_named(project: ProjectFolder) -> None:
    assert service(project, '{ready = {tcp = true}, ports = ["grpc"]}').ready.way == TcpProbe("grpc")
    assert service(project, "{ready = {notify = true}}").ready.way == NotifyProbe()


def test_the_definition_comes_back_from_its_json(project: ProjectFolder) -> None:
    definition = service(project, '{ready = {tcp = true}, alive = {notify = true, period = 3}, ports = ["a"]}')
    assert decode(encode(definition), ServiceDefinition) == definition


MISTAKES = [
    ("{}", "stages/server.py:4: service: 'ready' is missing"),
    ("{ready = {}}", "exactly one way must be given"),
    ('{ready = {http = "/", tcp = true}}', "exactly one way must be given"),
    ('{ready = {http = "health"}}', "a path that begins with /"),
    ('{ready = {http = "/", prot = "x"}}', "did you mean 'port'?"),
    ('{ready = {http = "/", port = "htpp"}}', "did you mean 'http'?"),
    ("{ready = {notify = true, port = 'http'}}", "leave 'port' out"),
    ('{ready = {http = "/", timeout = 300}}', "'start_timeout'"),
    ('{ready = {http = "/"}, stop = {signal = "SIGTERM"}}', "did you mean 'TERM'?"),
    ('{ready = {http = "/"}, ports = ["HTTP"]}', "lower-case"),
    ('{ready = {http = "/"}, ports = []}', "empty"),
    ('{ready = {http = "/"}, restart = 1}', "did you mean 'restarts'?"),
    ('{ready = {command = ["x", "{port.htp}"]}}', "did you mean 'port.http'?"),
    ('{ready = {command = ["x", "{token}"]}}', "{port.NAME}"),
    ('{ready = {command = ["x", "{"]}}', "{{"),
    ('{ready = {http = "/", grace = 3}}', "unknown key 'grace'"),
]


@pytest.mark.parametrize(("table", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_place(project: ProjectFolder, table: str, words: str) -> None:
    message = refusal(project, table)
    assert message.startswith("stages/server.py:4: service")
    assert words in message


@pytest.mark.parametrize(
    "line",
    [
        'inputs = ["text"]',
        'outputs = {text = "a.txt"}',
        'start = ["worker"]',
        "timeout_seconds = 3",
        "retries = {attempts = 2}",
        "network = false",
        "read_only = true",
        "cache = false",
        'services = ["store"]',
    ],
)
def test_what_has_no_meaning_for_a_service_is_refused(project: ProjectFolder, line: str) -> None:
    message = refusal(project, '{ready = {http = "/"}}', f"# {line}\n")
    assert message.startswith("stages/server.py:5: ")
    assert f"leave '{line.split(maxsplit=1)[0]}' out" in message


COMMAND = "environment: alpha\nservice: {ready: {http: /}, ports: [http, ui]}\n"


def command(project: ProjectFolder, text: str, head: str = COMMAND) -> StageSpec:
    (project.root / "stages" / "server.yaml").write_text(head + text)
    return load(project, "server")


def test_a_command_is_a_service_that_gets_its_ports_and_its_token(project: ProjectFolder) -> None:
    spec = command(project, 'command: [serve, "--port={port.http}", "{port.ui}"]\nvariables: {KEY: "{token}"}\n')
    assert spec.service is not None
    assert spec.service.ports == ("http", "ui")


@pytest.mark.parametrize(
    ("text", "head", "words"),
    [
        ('command: [serve, "{token}"]\n', COMMAND, "'variables'"),
        ("shell: serve {token}\n", COMMAND, "'variables'"),
        ('command: [serve, "{port.htp}"]\n', COMMAND, "did you mean 'port.http'?"),
        ('command: [serve, "{port.http}"]\n', "environment: alpha\n", "no port 'http'"),
        ('command: [serve]\nvariables: {KEY: "{token}"}\n', "environment: alpha\n", "no token"),
        ("command: [serve]\nstdout: text\noutputs: {text: a.txt}\n", COMMAND, "leave"),
    ],
)
def test_a_wrong_placeholder_of_a_command_is_told(project: ProjectFolder, text: str, head: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        command(project, text, head)
    assert words in f"{refused.value} {refused.value.next_step}"
