"""The commands as a person gives them: where they find the project, what they print, and how they refuse."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import location
from pipeline.cli import context
from tests.conftest import BIN, Result, Sandbox, given_here
from tests.jobs.helpers import prepared


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these start commands."""


def give(folder: Path, *words: "str | Path", **variables: str) -> Result:
    """A command given in a folder, where nothing but that says which project is meant."""
    return given_here(*words, variables=variables, folder=folder)


LISTINGS = {
    "environment-list": ["env", "list"],
    "environment-status": ["env", "status"],
    "job-list": ["job", "list"],
    "workflow-list": ["workflow", "list"],
}


@pytest.mark.parametrize("kind", LISTINGS)
def test_every_listing_has_the_envelope(sandbox: Sandbox, kind: str) -> None:
    sandbox.workflow("tested", "noop: {}")
    done = sandbox.give("pipeline", *LISTINGS[kind], "--json")
    envelope = json.loads(done.out)
    assert (done.code, envelope["schema"], envelope["kind"]) == (0, 1, kind)
    assert isinstance(envelope["data"], list)


@pytest.mark.parametrize("kind", LISTINGS)
def test_every_listing_is_readable_without_json(sandbox: Sandbox, kind: str) -> None:
    done = sandbox.give("pipeline", *LISTINGS[kind])
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_a_broken_definition_hides_no_other(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/broken.yaml", "python: [3]\n")
    done = sandbox.give("pipeline", "env", "list", "--json")
    rows = {row["name"]: row["problem"] for row in json.loads(done.out)["data"]}
    assert done.code == 0
    assert rows["alpha"] is None
    assert "broken.yaml" in rows["broken"]


@pytest.mark.parametrize(
    "words",
    [
        ["job", "show", "nope"],
        ["job", "logs", "nope"],
        ["workflow", "show", "nope"],
        ["env", "status", "nope"],
        ["job", "list", "--nope"],
    ],
)
def test_every_error_has_the_envelope(sandbox: Sandbox, words: list[str]) -> None:
    done = sandbox.give("pipeline", *words, "--json")
    envelope = json.loads(done.out)
    assert (done.code, envelope["schema"], envelope["kind"], envelope["event"]) == (2, 1, "error", "error")
    assert envelope["error"]["message"]
    assert "Traceback" not in done.err


def test_a_job_is_shown_with_its_stages(ready: Sandbox) -> None:
    ready.workflow("tested", "says: {}\nfails: {after: [says]}")
    job = prepared(ready, "tested")
    ready.run("run-pipeline", "-j", job.id)
    data = ready.give("pipeline", "job", "show", "latest", "--json").data
    assert (data["job_id"], data["state"]) == (job.id, "failed")
    assert [(row["name"], row["state"], row["attempt"]) for row in data["stages"]] == [
        ("says", "finished", 1),
        ("fails", "failed", 1),
    ]
    shown = ready.give("pipeline", "job", "show", "latest").out
    assert "something to know" in shown
    assert "RuntimeError: this stage always fails" in shown


def test_logs_are_printed_by_stage(ready: Sandbox) -> None:
    ready.workflow("tested", "says: {}\nfails: {after: [says]}")
    job = prepared(ready, "tested")
    ready.run("run-pipeline", "-j", job.id)
    assert ready.give("pipeline", "job", "logs", job.id, "says").out == "warning: something to know\n"
    both = ready.give("pipeline", "job", "logs", job.id).out
    assert both.index("==> says:") < both.index("==> fails:") < both.index("RuntimeError")
    told = ready.give("pipeline", "job", "logs", job.id, "--json").data
    assert [row["stage"] for row in told] == ["says", "fails"]


def test_logs_of_an_unknown_stage_suggest_the_nearest(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    done = ready.give("pipeline", "job", "logs", prepared(ready, "tested").id, "nop")
    assert done.code == 2
    assert "'noop'" in done.error


def test_a_damaged_job_is_a_row_and_does_not_hide_the_others(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    first, second, third = (prepared(ready, "tested") for _ in range(3))
    (first.folder / "job.json").write_text("{}")
    (second.folder / "journal.jsonl").unlink()
    rows = ready.give("pipeline", "job", "list", "--json").data
    assert [(row["job_id"], row["state"]) for row in rows] == [
        (first.id, "damaged"),
        (second.id, "damaged"),
        (third.id, "prepared"),
    ]


@pytest.mark.parametrize("words", [["run-pipeline", "-j"], ["pipeline", "job", "show"]])
def test_an_unknown_job_suggests_the_nearest(ready: Sandbox, words: list[str]) -> None:
    ready.workflow("tested", "noop: {}")
    id = prepared(ready, "tested").id
    done = ready.give(*words, id[:-1] + "7")
    assert (done.code, done.next_step) == (2, "pipeline job list")
    assert f"'{id}'" in done.error


def test_an_edited_plan_is_refused_by_run_pipeline(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    job = prepared(ready, "tested")
    plan = job.folder / "job.json"
    plan.write_text(plan.read_text().replace('"venv/alpha"', '"/usr"'))
    done = ready.run("run-pipeline", "-j", job.id)
    assert done.code == 2
    assert done.error.startswith(f"{plan} ")
    assert {path.name for path in job.folder.iterdir()} == {"job.json", "journal.jsonl", "lock", "logs", "stages"}


def test_a_damaged_journal_is_named_by_run_pipeline(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    job = prepared(ready, "tested")
    ready.run("run-pipeline", "-j", job.id)
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"stage_started", b"stage_sxarted"))
    done = ready.run("run-pipeline", "-j", job.id)
    assert done.code == 2
    assert done.error.startswith(f"{journal}:3: ")


WRONG_LINES = [  # what each names, and which command says more
    ("pipeline jbo", "'job'", "pipeline --help"),
    ("pipeline job list --jsn", "'--json'", "pipeline job list --help"),
    ("pipeline job show", "ID", "pipeline job show --help"),
    ("pipeline completion tcsh", "'tcsh'", "pipeline completion --help"),
    ("run-pipeline --jbo x", "'--job'", "run-pipeline --help"),
    ("run-pipeline", "--all-prepared", "pipeline job list"),
    ("run-pipeline -j x --all-prepared", "--all-prepared", "pipeline job list"),
    ("run-pipeline -j x --limit cpus", "NAME=AMOUNT", "--limit cpus=4"),
    ("run-pipeline -j x --limit cpu=2", "'cpus'", "--limit cpus=4"),
    ("run-pipeline -j x --max-parallel 0", "--max-parallel", "run-pipeline --help"),
    ("run-pipeline -j x --start warm", "--start warm", "run-pipeline --help"),
    ("prepare-job", "movie", "prepare-job MOVIE --subtitle"),
    ("prepare-job x --subtitel", "'--subtitle'", "prepare-job --help"),
    ("prepare-job x", "--workflow", "pipeline workflow list"),
    ("prepare-job x --subtitle --transcribe", "subtitle and transcribe", "pipeline workflow list"),
    ("prepare-job x --subtitle --workflow other", "other and subtitle", "pipeline workflow list"),
    ("prepare-job x --subtitle --param word", "'word'", "prepare-job --help"),
    ("prepare-job x --subtitle --param a=1 --param a=2", "'a'", "give it once"),
    ("prepare-job x --subtitle -s en --param source_language=de", "'source_language'", "give it once"),
]


@pytest.mark.parametrize(("line", "named", "next_step"), WRONG_LINES)
def test_a_wrong_command_line_is_refused_with_what_helps(
    sandbox: Sandbox, line: str, named: str, next_step: str
) -> None:
    done = sandbox.give(*line.split())
    assert (done.code, done.out) == (2, "")
    assert named in done.error
    assert next_step in done.next_step


def test_a_command_without_words_shows_its_help(sandbox: Sandbox) -> None:
    done = sandbox.give("pipeline")
    assert done.code == 2
    assert done.err.startswith("Usage: pipeline")


@pytest.mark.parametrize("command", ["pipeline", "prepare-job", "run-pipeline", "bootstrap"])
def test_help_and_version_need_no_project(tmp_path: Path, command: str) -> None:
    for word in ("--help", "--version"):
        done = give(tmp_path, command, word)
        assert (done.code, done.err) == (0, "")
        assert done.out


def test_a_project_is_found_from_a_folder_inside(sandbox: Sandbox) -> None:
    inside = sandbox.root / "stages/deep/deeper"
    inside.mkdir(parents=True)
    assert give(inside, "pipeline", "env", "list", "--json").code == 0


def test_outside_any_project_the_ways_to_name_one_are_told(tmp_path: Path) -> None:
    done = give(tmp_path, "pipeline", "job", "list")
    assert done.code == 2
    assert str(tmp_path) in done.error
    assert "--root FOLDER or PIPELINE_ROOT" in done.next_step


def test_from_a_folder_that_was_removed_a_named_project_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = (
        f"cd {gone} && rmdir {gone} && {BIN}/pipeline job list --root {sandbox.root}; {BIN}/pipeline job list; echo $?"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    listed, code = done.stdout.splitlines()
    assert (bool(listed), code) == (True, "2")


@pytest.mark.parametrize("words", [["--root", "{}", "job", "list"], ["job", "list", "--root", "{}"]])
def test_a_named_root_goes_before_the_variable(sandbox: Sandbox, tmp_path: Path, words: list[str]) -> None:
    words = [word.format(sandbox.root) for word in words]
    assert give(tmp_path, "pipeline", *words, PIPELINE_ROOT="/nowhere").code == 0


def test_the_variable_names_the_project(sandbox: Sandbox, tmp_path: Path) -> None:
    assert give(tmp_path, "pipeline", "job", "list", PIPELINE_ROOT=str(sandbox.root)).code == 0


def test_an_empty_variable_names_nothing(sandbox: Sandbox) -> None:
    assert give(sandbox.root, "pipeline", "job", "list", PIPELINE_ROOT="").code == 0


def test_a_root_that_is_no_project_is_refused(tmp_path: Path) -> None:
    done = give(tmp_path, "pipeline", "job", "list", "--root", tmp_path)
    assert done.code == 2
    assert str(tmp_path) in done.error


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_every_command(sandbox: Sandbox, shell: str) -> None:
    done = sandbox.give("pipeline", "completion", shell)
    assert done.code == 0, done.err
    for command in ("pipeline", "prepare-job", "run-pipeline", "bootstrap"):
        assert f"_{command.replace('-', '_').upper()}_COMPLETE" in done.out


def test_the_bash_script_is_valid(sandbox: Sandbox) -> None:
    script = sandbox.give("pipeline", "completion", "bash").out
    assert subprocess.run(["bash", "-n"], input=script.encode(), capture_output=True, check=False).stderr == b""


def complete(sandbox: Sandbox, line: str) -> list[str]:
    words = line.split(" ")
    variable = f"_{words[0].replace('-', '_').upper()}_COMPLETE"
    done = sandbox.run(
        words[0], variables={variable: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    )
    assert done.err == ""
    return [answer.partition(",")[2] for answer in done.out.splitlines()]


def test_job_ids_complete(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    id = prepared(ready, "tested").id
    assert complete(ready, "run-pipeline -j job-") == [id]
    assert complete(ready, "pipeline job show la") == ["latest"]


def test_workflows_environments_and_options_complete(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", "noop: {}")
    assert complete(sandbox, "prepare-job --workflow te") == ["tested"]
    assert complete(sandbox, "bootstrap --env b") == ["beta"]
    assert complete(sandbox, "prepare-job x --sub") == ["--subtitle"]


def test_outside_a_project_completion_is_silent(tmp_path: Path) -> None:
    variables = {"_RUN_PIPELINE_COMPLETE": "bash_complete", "COMP_WORDS": "run-pipeline -j ", "COMP_CWORD": "2"}
    done = give(tmp_path, "run-pipeline", **variables)
    assert (done.code, done.out.strip(), done.err) == (0, "", "")


def test_a_reader_that_reads_nothing_is_no_error(sandbox: Sandbox) -> None:
    script = f"{BIN}/pipeline env list --root {sandbox.root} 2>&1 | head -0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_prepare_job_prints_the_id_alone_on_standard_output(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    file = ready.write("input.txt", "some input\n")
    done = ready.give("prepare-job", file, "--workflow", "tested")
    (id,) = done.out.splitlines()
    assert ready.job(id).is_dir()
    assert done.err == f"next:  run-pipeline -j {id}\n"


def test_prepare_job_prints_its_plan_as_json(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    file = ready.write("input.txt", "some input\n")
    data = ready.give("prepare-job", file, "--workflow", "tested", "--json").data
    assert data == json.loads((ready.job(data["job_id"]) / "job.json").read_text())


def test_without_an_environment_prepare_job_ends_with_3(sandbox: Sandbox) -> None:
    sandbox.workflow("tested", "noop: {}")
    file = sandbox.write("input.txt", "some input\n")
    done = sandbox.give("prepare-job", file, "--workflow", "tested", "--json")
    assert done.code == 3
    assert json.loads(done.out)["error"]["next"] == "bootstrap --env alpha"
    assert not (sandbox.root / "jobs").exists()


def test_the_commands_of_a_project_work_on_it_from_anywhere(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(location, "CHECKOUT", sandbox.root)
    monkeypatch.setattr(sys, "prefix", str(sandbox.root / ".venv"))
    assert context.project().root == sandbox.root


def test_a_workflow_that_needs_a_parameter_is_listed_and_shown(sandbox: Sandbox, spawning: None) -> None:
    head = "parameters:\n  word: {type: string}"
    sandbox.workflow("needs", "word: {for_each: [$word], parameters: {word: $each}}", head)
    shown = sandbox.give("pipeline", "workflow", "show", "needs")
    assert shown.code == 0, shown.err
    assert "(required)" in shown.out
    assert sandbox.give("pipeline", "workflow", "list", "--json").data[0]["name"] == "needs"


def test_a_broken_definition_does_not_hide_the_other_environments(ready: Sandbox) -> None:
    ready.write("config/environments/broken.yaml", "pyton: 3\n")
    done = ready.give("pipeline", "env", "status", "--json")
    assert done.code == 0, done.err
    states = {row["name"]: row["state"] for row in done.data}
    assert states == {"alpha": "healthy", "beta": "healthy", "broken": "broken"}
