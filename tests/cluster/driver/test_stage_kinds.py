"""What stages may be and ask for, on nodes as on one machine."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.errors import NotReady, PipelineError, StageError
from pipeline.run.execution import Options
from pipeline.run.observer import JobOutcome
from pipeline.run.run_bounds import Bounds
from tests.cluster.driver.helpers import Nodes, nodes_in
from tests.conftest import Sandbox
from tests.test_run_secrets import SECRET, secretive

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
{block}
# ///
import json, os, sys, time
from pathlib import Path


def run(stage):
    {body}
"""


def stage(nodes: Nodes, body: str, block: str = 'outputs = {file = "made.txt"}', name: str = "tested") -> None:
    lines = "\n".join(f"# {line}" for line in block.splitlines())
    text = STAGE.format(block=lines, body=body.replace("\n", "\n    "))
    nodes.sandbox.write(f"stages/{name}.py", text)


def run(
    nodes: Nodes, stages: str = "tested: {}", deliver: str = "tested.file", bounds: Bounds | None = None
) -> JobOutcome:
    """What became of a job with these stages."""
    nodes.sandbox.workflow("w", stages, head=f"deliver: [{deliver}]" if deliver else "")
    id = nodes.sandbox.prepare("w")
    return nodes.run(id, options=Options(bounds=bounds or Bounds()))[id]


def made(outcome: JobOutcome) -> str:
    if outcome.error:
        raise outcome.error
    (path,) = outcome.delivered
    return path.read_text()


def error_of(outcome: JobOutcome, kind: type[PipelineError] = StageError) -> str:
    assert isinstance(outcome.error, kind)
    return outcome.error.message


def events(nodes: Nodes, kind: str) -> list[Mapping[str, object]]:
    (folder,) = (nodes.sandbox.root / "jobs").glob("job-*")
    return [event for event in nodes.sandbox.events(folder.name) if event["event"] == kind]


def test_a_stage_that_fails_is_told_as_on_one_machine(nodes: Nodes) -> None:
    words = error_of(run(nodes, "fails: {}", deliver=""))
    assert "this stage always fails" in words
    assert "| RuntimeError: this stage always fails" in words
    (log,) = (nodes.sandbox.root / "jobs").glob("*/logs/fails.log")
    assert log.read_text().startswith("about to fail\nTraceback")
    (failed,) = events(nodes, "stage_failed")
    assert failed["kind"] == "stage error"
    assert failed["exit_code"] == 1


def test_a_stage_has_its_own_retries_and_their_logs_follow_each_other(nodes: Nodes, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stage(
        nodes,
        f"print('attempt')\nmark = Path({str(mark)!r})\nif not mark.exists():\n    mark.touch()\n    sys.exit(3)\n"
        "stage.output('file').write_text('made')",
        'outputs = {file = "made.txt"}\nretries = {attempts = 2, backoff = 0}',
    )
    assert made(run(nodes)) == "made"
    (log,) = (nodes.sandbox.root / "jobs").glob("*/logs/tested.log")
    assert log.read_text() == "attempt\nattempt\n"
    assert [event["exit_code"] for event in events(nodes, "stage_failed")] == [3]


def test_a_stage_that_takes_longer_than_its_limit_is_ended(nodes: Nodes) -> None:
    stage(nodes, "time.sleep(60)", 'outputs = {file = "made.txt"}\ntimeout_seconds = 1')
    assert "it took longer than 1 s" in error_of(run(nodes))
    (failed,) = events(nodes, "stage_failed")
    assert failed["kind"] == "timeout"


def test_members_of_a_fan_out_run_once_each_and_no_more_at_once_than_allowed(nodes: Nodes) -> None:
    members = ", ".join(f"w{number}" for number in range(40))
    stages = f"""each: {{uses: word, for_each: [{members}], parameters: {{word: $each}}}}
join: {{inputs: {{files: each.file}}}}"""
    outcome = run(nodes, stages, "join.file", Bounds(2))
    assert [line for line in made(outcome).splitlines() if line] == [f"w{number}" for number in range(40)]
    assert len(events(nodes, "stage_finished")) == 41
    assert {event["node"] for event in events(nodes, "stage_started")} == {"node1", "node2"}


def test_a_directory_goes_to_a_node_and_comes_back(nodes: Nodes) -> None:
    stage(
        nodes,
        "folder = stage.output('files')\nfolder.mkdir(exist_ok=True)\n(folder / 'a').mkdir()\n"
        "(folder / 'a' / 'one.txt').write_text('1')\n(folder / 'link').symlink_to('a/one.txt')",
        'outputs = {files = "files/"}',
        "makes",
    )
    stage(
        nodes,
        "folder = stage.input('files')\n"
        "stage.output('file').write_text(f\"{(folder / 'link').read_text()} {os.readlink(folder / 'link')}\")",
        'inputs = ["files"]\noutputs = {file = "made.txt"}',
    )
    assert made(run(nodes, "makes: {}\ntested: {inputs: {files: makes.files}}")) == "1 a/one.txt"


def test_a_command_starts_on_a_node_with_its_own_files(nodes: Nodes) -> None:
    nodes.sandbox.write("stages/double.awk", "{ print $0 $0 }\n")
    nodes.sandbox.write(
        "stages/tested.yaml",
        "environment: alpha\ninputs: [text]\nfiles: [double.awk]\noutputs: {file: made.txt}\n"
        'command: [awk, -f, "{file.double.awk}", "{input.text}"]\nstdout: file\n',
    )
    assert made(run(nodes, "tested: {inputs: {text: job.input}}")) == "some inputsome input\n"


def test_a_secret_is_in_no_file_of_a_node(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    secretive(nodes.sandbox)
    id = nodes.sandbox.prepare("tested", "--param", "token=env:TOKEN")
    assert made(nodes.run(id)[id]) == str(len(SECRET))
    forms = (SECRET.encode(), json.dumps(SECRET)[1:-1].encode())
    places = [nodes.folder, nodes.sandbox.root / "jobs"]
    files = [file for place in places for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
    assert files
    assert [file for file in files if any(form in file.read_bytes() for form in forms)] == []


def can_unshare() -> bool:
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="this system gives no process a network of its own")
def test_a_stage_without_a_network_has_none_on_a_node(nodes: Nodes) -> None:
    stage(
        nodes,
        "names = sorted(os.listdir('/sys/class/net'))\n"
        "import socket\n"
        "try:\n    socket.create_connection(('192.0.2.1', 9), 2)\n"
        "except OSError as error:\n    stage.output('file').write_text(str(error.errno))",
        'outputs = {file = "made.txt"}\nnetwork = false',
    )
    assert made(run(nodes)) == "101"  # the network is unreachable: no route, and no wait


def test_a_stage_goes_to_a_node_with_its_label(ready: Sandbox, tmp_path: Path, index: None) -> None:
    labels = {"large": ("node=highmem",)}
    with nodes_in(ready, tmp_path / "nodes", "small", "large", labels=labels) as nodes:
        block = 'outputs = {file = "made.txt"}\nresources = {labels = {node = "highmem"}}'
        stage(nodes, "stage.output('file').write_text('made')", block)
        assert made(run(nodes)) == "made"
        (started,) = events(nodes, "stage_started")
        assert started["node"] == "large"


def test_licences_are_counted_over_all_nodes(nodes: Nodes, tmp_path: Path) -> None:
    nodes.licences["solver"] = 1
    marks = tmp_path / "marks"
    marks.mkdir()
    stage(
        nodes,
        f"mark = Path({str(marks)!r}) / stage.parameters['word']\n"
        "assert not list(mark.parent.iterdir()), 'two have the only licence'\n"
        "mark.touch()\ntime.sleep(0.3)\nmark.unlink()\nstage.output('file').write_text('made')",
        'outputs = {file = "made.txt"}\nparameters = {word = ""}\nresources = {licences = {solver = 1}}',
    )
    outcome = run(nodes, "tested: {for_each: [a, b, c, d], parameters: {word: $each}}", deliver="")
    assert outcome.error is None
    assert len(events(nodes, "stage_finished")) == 4


def test_a_job_with_services_is_refused_before_it_begins(nodes: Nodes) -> None:
    nodes.sandbox.write(
        "stages/server.py",
        '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# service = {ready = {http = "/"}}\n# ///\n'
        "def serve(stage):\n    pass\n",
    )
    stage(nodes, "pass", 'outputs = {file = "made.txt"}\nservices = ["server"]')
    words = error_of(run(nodes, "tested: {services: {server: server}}\nserver: {uses: server}"), NotReady)
    assert "no node reaches them" in words
    assert events(nodes, "stage_started") == []
