"""A large film is read where it lies, and no stage can write to it there."""

import json
from pathlib import Path

import pytest

from pipeline.run import linked_input
from tests.conftest import Sandbox
from tests.stage_sources import reporting_stage

WRITER = """
import subprocess

def report(stage, source):
    return {
        "write": attempted(lambda: source.open("a").write("x")),
        "real": attempted(lambda: open(os.path.realpath(source), "a").write("x")),
        "mode": attempted(lambda: source.chmod(0o600)),
        "link": attempted(lambda: os.link(os.path.realpath(source), stage.output("report"))),
        "program": subprocess.run(["truncate", "--size=1", str(source)], capture_output=True).returncode,
        "size": os.stat(source).st_size,
    }
"""


@pytest.mark.parametrize(
    ("start", "bounds"), [("cold", ""), ("worker", ""), ("cold", "read_only: true, network: false, ")]
)
def test_a_stage_cannot_write_to_a_film(ready: Sandbox, tmp_path: Path, start: str, bounds: str) -> None:
    film = tmp_path / "a film.mp4"
    with film.open("wb") as file:
        file.truncate(17 << 20)
    if not linked_input.can_protect(film):
        pytest.skip("this machine lets nobody make namespaces")
    film.chmod(0o644)
    before = linked_input.attributes_of(film)
    ready.write("stages/writer.py", reporting_stage(WRITER, 'start = ["cold", "worker"]'))
    ready.workflow("tested", f"writer: {{{bounds}inputs: {{file: job.input}}}}", "deliver: [writer.report]")
    assert ready.give("prepare-job", film, "--workflow", "tested").code == 0
    done = ready.run("run-pipeline", "-j", "latest", "--start", start)
    assert done.code == 0, done.err
    report = json.loads(next(ready.root.glob("jobs/*/output/*.json")).read_text())
    assert report["size"] == 17 << 20
    assert (film.stat().st_size, linked_input.attributes_of(film)) == (17 << 20, before)
    if next(ready.root.glob("jobs/*/input/*")).is_symlink():  # else it is a reflink, and the stage's own
        assert report["write"] == report["real"] == report["mode"] == "Read-only file system"


READER = """
import sys

def report(stage, source):
    return {"in_worker": "stageserver" in sys.modules, "linked": os.path.islink(source)}
"""


def test_a_stage_that_likes_a_worker_has_it_for_a_large_file_too(ready: Sandbox, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(17 << 20)
    ready.write("stages/reader.py", reporting_stage(READER, 'start = ["worker", "cold"]'))
    ready.workflow("tested", "reader: {inputs: {file: job.input}}", "deliver: [reader.report]")
    assert ready.give("prepare-job", film, "--workflow", "tested").code == 0
    done = ready.run("run-pipeline", "-j", "latest")
    assert done.code == 0, done.err
    report = json.loads(next(ready.root.glob("jobs/*/output/*.json")).read_text())
    assert report == {"in_worker": True, "linked": False}
