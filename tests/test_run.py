"""Running jobs through the real commands, in real environments."""

import json
import os
import re
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared, run


def test_two_environments_hold_different_versions_of_one_package_in_one_job(ready: Sandbox) -> None:
    id, done = run(ready, "report_alpha: {}\nreport_beta: {after: [report_alpha]}")
    assert done.code == 0, done.err
    reports = {
        name: json.loads((ready.job(id) / f"stages/report_{name}/1/outputs/report.json").read_text())
        for name in ("alpha", "beta")
    }
    assert reports["alpha"]["quirk"] == "1.0"
    assert reports["beta"]["quirk"] == "2.0"


def test_a_run_says_what_is_healthy_and_where_each_stage_runs(ready: Sandbox) -> None:
    _, done = run(ready, "report_alpha: {}\nreport_beta: {after: [report_alpha]}")
    lines = [line[9:] for line in done.err.splitlines()]
    for name in ("alpha", "beta"):
        (environment,) = [line for line in lines if f"(venv/{name})" in line]
        (stage,) = [line for line in lines if line.startswith(f"report_{name}: ") and line.endswith(f" {name}")]
        assert lines.index(environment) < lines.index(stage)


def test_each_stages_output_goes_to_its_own_log(ready: Sandbox) -> None:
    stages = "one: {uses: counted, inputs: {file: job.input}}\ntwo: {uses: says}"
    id, _ = run(ready, stages)
    logs = ready.job(id) / "logs"
    assert (logs / "one.log").read_text() == "ran\n"
    assert (logs / "two.log").read_text() == "warning: something to know\n"


def test_the_journal_has_how_long_a_stage_s_start_took(ready: Sandbox, ended_workers: None) -> None:
    id, _ = run(ready, "says: {}\nreport_alpha: {start: [worker]}")
    finished = [event for event in ready.events(id) if event["event"] == "stage_finished"]
    assert len(finished) == 2
    assert all(0 < event["start_seconds"] <= event["seconds"] for event in finished)


def test_deliverables_stand_in_output_and_their_paths_are_printed(ready: Sandbox) -> None:
    id, done = run(ready, "copy: {inputs: {file: job.input}}", head="deliver: [copy.file]")
    output = ready.job(id) / "output/input.copy.txt"
    assert output.read_text() == "some input\n"
    assert done.out == f"{output}\n"


def test_a_finished_job_run_again_does_nothing_and_says_so(ready: Sandbox) -> None:
    id, first = run(ready, "copy: {inputs: {file: job.input}}", head="deliver: [copy.file]")
    journal = (ready.job(id) / "journal.jsonl").read_bytes()
    again = ready.run("run-pipeline", "-j", "latest")
    assert (again.code, again.out) == (0, first.out)
    assert id in again.err
    assert (ready.job(id) / "journal.jsonl").read_bytes() == journal


def test_a_finished_job_needs_its_input_no_more(ready: Sandbox) -> None:
    id, _ = run(ready, "copy: {inputs: {file: job.input}}")
    (ready.root / "input.txt").unlink()
    assert ready.run("run-pipeline", "-j", id).code == 0


def test_a_plan_is_never_written_again(ready: Sandbox) -> None:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}")
    id = prepared(ready, "tested").id
    plan = ready.job(id) / "job.json"
    before = (plan.read_bytes(), plan.stat().st_mtime_ns, plan.stat().st_ino)
    ready.run("run-pipeline", "-j", id)
    assert (plan.read_bytes(), plan.stat().st_mtime_ns, plan.stat().st_ino) == before


def test_a_warning_is_told_and_kept(ready: Sandbox) -> None:
    id, done = run(ready, "says: {}")
    assert re.search(r"says: .*something to know", done.err)
    stages = ready.give("pipeline", "job", "show", id, "--json").data["stages"]
    assert stages[0]["warnings"] == ["something to know"]


NAMES = [
    b"with space.txt",
    b'quote\'s "double".txt',
    b"line\nbreak.txt",
    b"-leading.txt",
    "éé 字幕 🎬.txt".encode(),
    b"not utf8 \xff\xfe.txt",
    b"x" * 255,
    b"[red]markup $HOME `id` %s.txt",
    b".hidden",
    b"no suffix",
]


def test_files_of_any_name_go_all_the_way(ready: Sandbox) -> None:
    ready.workflow("tested", "copy: {inputs: {file: job.input}}", head="deliver: [copy.file]")
    ids = {}
    for name in NAMES:
        file = ready.root / os.fsdecode(name)
        file.write_bytes(name)
        made = ready.give("prepare-job", "--workflow", "tested", "--", file)
        assert made.code == 0, made.err
        ids[made.out.strip()] = name
    done = ready.run("run-pipeline", "--all-prepared")
    assert done.code == 0, done.err
    for id, name in ids.items():
        (placed,) = (path for path in (ready.job(id) / "output").iterdir() if path.is_file())
        assert placed.read_bytes() == name
    assert len(done.out.splitlines()) == len(NAMES)
    listed = ready.give("pipeline", "job", "list", "--json").data
    assert {row["job_id"]: row["input"] for row in listed} == {
        id: str(ready.root / os.fsdecode(name)) for id, name in ids.items()
    }


def test_a_reader_that_goes_away_does_not_stop_the_job(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}\nsays: {after: [noop]}")
    id = prepared(ready, "tested").id
    child = ready.start("run-pipeline", "-j", id)
    assert child.stderr is not None
    child.stderr.close()
    assert child.wait(timeout=90) == 0
    child.communicate()
    assert ready.events(id)[-1]["event"] == "run_finished"


READS_NAMES = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["text"]
# outputs = {text = "out.txt"}
# ///
def run(stage):
    stage.output("text").write_text(f"{stage.input('text').name} in {stage.name}")
"""


def delivered(sandbox: Sandbox, file: Path, workflow: str) -> dict[str, str]:
    job = prepare(Catalog(ProjectFolder(sandbox.root)), JobRequest(file, workflow, {}))
    done = sandbox.run("run-pipeline", "-j", job.id)
    assert done.code == 0, done.err
    return {path.name: path.read_text() for path in job.output.iterdir() if path.is_file()}


def test_a_stage_that_reads_names_gets_no_result_that_was_made_under_others(ready: Sandbox) -> None:
    ready.write("stages/names.py", READS_NAMES)
    stages = "one: {uses: names, inputs: {text: job.input}}\ntwo: {uses: names, inputs: {text: job.input}}"
    ready.workflow("tested", stages, "deliver: [one.text, two.text]")
    film = ready.write("film.dat", "a film")
    expected = {"film.one.out.txt": "input.dat in one", "film.two.out.txt": "input.dat in two"}
    assert delivered(ready, film, "tested") == expected
    renamed = film.rename(film.with_name("other.mp4"))
    expected = {"other.one.out.txt": "input.mp4 in one", "other.two.out.txt": "input.mp4 in two"}
    assert delivered(ready, renamed, "tested") == expected
