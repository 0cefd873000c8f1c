"""Inputs and stages that are others than when the job was prepared."""

import os
import re

import pytest

from pipeline.config.catalog import Catalog
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared, run


def events_of_stages(sandbox: Sandbox, id: str) -> list[tuple[str, str]]:
    return [(event["event"], event["stage"]) for event in sandbox.events(id) if "stage" in event]


def test_an_edited_stage_runs_again_and_says_why(ready: Sandbox) -> None:
    stages = "first: {uses: counted, inputs: {file: job.input}}\nsecond: {uses: copy, inputs: {file: first.file}}"
    id, _ = run(ready, stages, head="deliver: [second.file]")
    stage = ready.root / "stages/copy.py"
    stage.write_text(stage.read_text() + "\n# a word more\n")
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert events_of_stages(ready, id)[-2:] == [("stage_started", "second"), ("stage_finished", "second")]
    assert re.search(r"second: .*code", done.err)


def test_an_edited_stage_makes_those_after_it_run_again(ready: Sandbox) -> None:
    stages = "first: {uses: counted, inputs: {file: job.input}}\nsecond: {uses: copy, inputs: {file: first.file}}"
    id, _ = run(ready, stages, head="deliver: [second.file]")
    stage = ready.root / "stages/counted.py"
    stage.write_text(stage.read_text().replace('stage.parameters["word"].encode()', 'b"edited"'))
    done = ready.run("run-pipeline", "-j", id)
    assert re.search(r"second: .*inputs", done.err)
    assert (ready.job(id) / "output/input.copy.txt").read_text() == "some input\nedited\n"


def test_a_job_that_was_prepared_for_an_older_stage_says_so_and_how_to_prepare_it_again(ready: Sandbox) -> None:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}")
    id = prepared(ready, "tested").id
    stage = ready.root / "stages/copy.py"
    newer = stage.read_text().replace('inputs = ["file"]', 'inputs = ["file", "other"]')
    stage.write_text(newer.replace("def run(stage):", 'def run(stage):\n    stage.input("other")'))
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 4
    assert re.search(r"stages/copy\.py.*'other'", done.error)
    assert "--workflow tested" in done.next_step


def test_a_stage_whose_file_is_gone_is_named(ready: Sandbox) -> None:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}")
    id = prepared(ready, "tested").id
    (ready.root / "stages/copy.py").unlink()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 2
    assert "'copy'" in done.error
    assert "stages/copy.py" in done.next_step


def test_what_is_not_delivered_any_more_is_removed(ready: Sandbox) -> None:
    ready.write("stages/names.py", NAMING.format(name="en.txt"))
    ready.workflow("tested", "names: {}", head="deliver: [names.file]")
    id = ready.prepare("tested")
    ready.run("run-pipeline", "-j", id)
    ready.write("stages/names.py", NAMING.format(name="es.txt"))
    assert ready.run("run-pipeline", "-j", id).code == 0
    assert {path.name for path in (ready.job(id) / "output").rglob("*")} == {
        "input.es.txt",
        "about",
        "input.es.txt.json",
    }


NAMING = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.outputs]
# file = "*.txt"
# ///
def run(stage):
    stage.output("file", "{name}").write_text("x")
"""


@pytest.mark.parametrize("change", ["deleted", "changed"])
def test_an_input_that_is_not_the_same_any_more_is_refused(ready: Sandbox, change: str) -> None:
    ready.workflow("tested", "noop: {}\ncopy: {inputs: {file: job.input}, after: [noop]}")
    id = prepared(ready, "tested").id
    file = ready.root / "input.txt"
    file.unlink() if change == "deleted" else file.write_text("something else\n")
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 5
    assert str(file) in done.err
    assert ready.give("pipeline", "job", "show", id, "--json").data["state"] == "failed"


def test_an_input_that_was_rewritten_with_its_size_and_time_is_refused(ready: Sandbox) -> None:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}", "deliver: [copy.file]")
    film = ready.write("film.txt", "one\n")
    job = prepare(Catalog(ProjectFolder(ready.root)), JobRequest(film, "tested", {}))
    status = film.stat()
    film.write_text("two\n")
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = ready.run("run-pipeline", "-j", job.id)
    assert done.code == 5
    assert str(film) in done.error


LINKS = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# outputs = {file = "out.bin"}
# ///
import os


def run(stage):
    os.link(stage.input("file"), stage.output("file"))
"""

APPENDS = LINKS.replace(
    'os.link(stage.input("file"), stage.output("file"))',
    'stage.input("file").open("a").write("CHANGED")\n    stage.output("file").write_text("done")',
)


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_stage_that_links_its_input_shares_no_bytes_with_the_persons_file(ready: Sandbox, size: int) -> None:
    ready.write("stages/links.py", LINKS)
    ready.workflow("tested", "links: {inputs: {file: job.input}}\nagain: {uses: links, inputs: {file: links.file}}")
    film = ready.write("film.bin", "x" * size)
    film.chmod(0o640)
    before = film.stat()
    job = prepare(Catalog(ProjectFolder(ready.root)), JobRequest(film, "tested", {}))
    done = ready.run("run-pipeline", "-j", job.id)
    assert done.code == 0, done.err
    now = film.stat()
    assert (now.st_nlink, now.st_mode, now.st_mtime_ns) == (1, before.st_mode, before.st_mtime_ns)
    made = [job.attempts(name) / "1/outputs/out.bin" for name in ("links", "again")]
    assert len({film.stat().st_ino, *(file.stat().st_ino for file in made)}) == 3
    assert all(file.read_bytes() == film.read_bytes() for file in made)


def test_a_stage_that_writes_to_what_another_one_made_fails_by_name(ready: Sandbox) -> None:
    ready.write("stages/appends.py", APPENDS)
    stages = "copy: {inputs: {file: job.input}}\nappends: {inputs: {file: copy.file}}"
    id, done = run(ready, f"{stages}\nlast: {{uses: copy, inputs: {{file: copy.file}}, after: [appends]}}")
    assert done.code == 4
    assert re.match(rf"{id}: stage 'appends' .*its input 'file' .*of stage 'copy'", done.error)
    ready.write("stages/appends.py", APPENDS.replace('.open("a").write("CHANGED")', ""))
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert "copy: runs" not in done.err
    outputs = {name: next((ready.job(id) / "stages" / name).glob("*/outputs/*")) for name in ("copy", "last")}
    assert {name: file.read_text() for name, file in outputs.items()} == {
        "copy": "some input\n",
        "last": "some input\n",
    }
