"""Running jobs through the real commands, in real environments."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.config.catalog import Catalog
from pipeline.envs.verification import manifest
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from tests.conftest import BIN, Result, Sandbox
from tests.jobs.helpers import prepared
from tests.test_process import alive, eventually


def run(sandbox: Sandbox, stages: str, head: str = "") -> tuple[str, Result]:
    """Prepare a job for a workflow of these stages and run it."""
    sandbox.workflow("tested", stages, head)
    id = prepared(sandbox, "tested").id
    return id, sandbox.run("run-pipeline", "-j", id)


def test_two_environments_hold_different_versions_of_one_package_in_one_job(ready: Sandbox) -> None:
    id, done = run(ready, "report_alpha: {}\nreport_beta: {after: [report_alpha]}")
    assert done.code == 0, done.err
    reports = {
        name: json.loads((ready.job(id) / f"stages/report_{name}/1/outputs/report.json").read_text())
        for name in ("alpha", "beta")
    }
    assert reports["alpha"]["quirk"] == "1.0"
    assert reports["beta"]["quirk"] == "2.0"


def events_of_stages(sandbox: Sandbox, id: str) -> list[tuple[str, str]]:
    return [(event["event"], event["stage"]) for event in sandbox.events(id) if "stage" in event]


STRAY = {
    "PYTHONPATH": "/stray",
    "PYTHONSTARTUP": "/stray/startup.py",
    "CONDA_PREFIX": "/stray/conda",
    "VIRTUAL_ENV": "/stray/active",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
}


@pytest.fixture
def inside(ready: Sandbox) -> dict[str, Any]:
    """What a stage sees when run-pipeline is started with stray variables."""
    ready.workflow("tested", "report_alpha: {}")
    id = prepared(ready, "tested").id
    path = f"/stray/active/bin:{os.environ['PATH']}"
    done = ready.run("run-pipeline", "-j", id, variables={**STRAY, "PATH": path})
    assert done.code == 0, done.err
    report = json.loads((ready.job(id) / "stages/report_alpha/1/outputs/report.json").read_text())
    return {**report, "expected": os.path.realpath(ready.root / "venv/alpha")}


def test_a_stage_runs_on_its_environments_interpreter(inside: dict[str, Any]) -> None:
    assert inside["prefix"] == inside["expected"]
    assert Path(inside["executable"]).parent == Path(inside["expected"], "bin")


def test_a_stage_sees_its_environment_as_the_active_one(inside: dict[str, Any]) -> None:
    assert inside["variables"]["VIRTUAL_ENV"] == inside["expected"]
    path = inside["variables"]["PATH"].split(os.pathsep)
    assert path[0] == f"{inside['expected']}/bin"
    assert "/stray/active/bin" not in path


def test_a_stage_sees_no_variable_that_steers_python(inside: dict[str, Any]) -> None:
    assert {*STRAY} & {*inside["variables"]} == {"VIRTUAL_ENV"}
    assert inside["variables"]["PYTHONNOUSERSITE"] == "1"


def test_a_stage_finds_standard_input_empty(inside: dict[str, Any]) -> None:
    assert inside["standard_input"] == ""


def test_a_stages_path_holds_its_environment_and_the_standard_library_only(inside: dict[str, Any]) -> None:
    library = Path(os.__file__).parent
    allowed = {str(library), str(library / "lib-dynload"), f"{sys.base_prefix}/lib/python311.zip"}
    others = [entry for entry in inside["path"] if entry not in allowed and "python3" not in Path(entry).name]
    assert others == [f"{inside['expected']}/lib/{library.name}/site-packages"]


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


def test_a_failing_stage_shows_its_last_lines_and_its_log(ready: Sandbox) -> None:
    id, done = run(ready, "fails: {}")
    assert done.code == 4
    assert done.next_step.startswith(f"run-pipeline -j {id}")
    first, *below = done.error.splitlines()
    assert re.match(rf"{id}: .*'fails'.*'alpha'.*RuntimeError: this stage always fails$", first)
    assert "  | RuntimeError: this stage always fails" in below
    assert below[-1].endswith(f"{ready.job(id)}/logs/fails.log")


FAILURES = {  # what the reason names
    "exits": "exit code 3",
    "killed": "SIGKILL",
    "forgets": "'file' (promised.txt)",
    "twice": "'file' (*.txt)",
    "links": "'file' (link.txt)",
    "wrecks": "'file' (gone.txt)",
    "refuses": "can't do this today",  # the stage's own words
}


def test_stages_that_fail_say_how_and_the_run_ends_with_4(ready: Sandbox) -> None:
    id, done = run(ready, "\n".join(f"{name}: {{}}" for name in FAILURES))
    assert done.code == 4
    assert any(reason in done.error for reason in FAILURES.values())
    assert "Traceback" not in done.err
    data = ready.give("pipeline", "job", "show", id, "--json").data
    assert data["state"] == "failed"
    reasons = {row["name"]: row["reason"] for row in data["stages"]}
    assert reasons.keys() == FAILURES.keys()
    assert [name for name, named in FAILURES.items() if named not in reasons[name]] == []


def test_a_stage_that_finds_the_input_unusable_ends_with_5(ready: Sandbox) -> None:
    _, done = run(ready, "refuses: {parameters: {unusable: true}}")
    assert done.code == 5
    assert "nothing in here can be used" in done.error  # the stage's own words


def test_a_stage_that_prints_megabytes_of_odd_bytes_shows_a_few_lines(ready: Sandbox) -> None:
    id, done = run(ready, "floods: {}")
    assert done.code == 4
    assert "from C: \ufffd\ufffd" in done.err
    assert len(done.err) < 20_000
    assert (ready.job(id) / "logs/floods.log").stat().st_size > 5_000_000


def test_a_failure_shows_nothing_that_an_earlier_attempt_printed(ready: Sandbox) -> None:
    id, _ = run(ready, "fails: {}")
    ready.write("stages/fails.py", (ready.root / "stages/killed.py").read_text())
    done = ready.run("run-pipeline", "-j", id)
    assert "SIGKILL" in done.error
    assert "always fails" not in done.err


def test_stages_after_a_failed_one_do_not_run(ready: Sandbox) -> None:
    id, _ = run(ready, "fails: {}\nnoop: {after: [fails]}")
    assert not (ready.job(id) / "stages/noop").exists()


@pytest.mark.parametrize("stage", ["closes", "garbles", "tidies", "noop", "says"])
def test_an_odd_stage_that_keeps_its_word_is_well(ready: Sandbox, stage: str) -> None:
    _, done = run(ready, f"{stage}: {{}}")
    assert done.code == 0, done.err


def test_a_child_that_outlives_its_stage_is_gone_afterwards(ready: Sandbox) -> None:
    id, done = run(ready, "leaves: {}")
    assert done.code == 0, done.err
    pid = int((ready.job(id) / "stages/leaves/1/outputs/pid.txt").read_text())
    assert eventually(lambda: not alive(pid))


def test_a_warning_is_told_and_kept(ready: Sandbox) -> None:
    id, done = run(ready, "says: {}")
    assert re.search(r"says: .*something to know", done.err)
    stages = ready.give("pipeline", "job", "show", id, "--json").data["stages"]
    assert stages[0]["warnings"] == ["something to know"]


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


@pytest.fixture
def own(sandbox: Sandbox, built: Sandbox) -> Sandbox:
    """A project whose environment pointers are its own, so that one can be taken away."""
    (sandbox.root / "venv").mkdir()
    for name in ("alpha", "beta"):
        (sandbox.root / "venv" / name).symlink_to(os.path.realpath(built.root / "venv" / name))
    return sandbox


def test_an_environment_that_vanished_after_prepare_job_is_named(own: Sandbox) -> None:
    own.workflow("tested", "noop: {}")
    id = prepared(own, "tested").id
    (own.root / "venv/alpha").unlink()
    done = own.run("run-pipeline", "-j", id)
    assert done.code == 3
    assert "environment 'alpha'" in done.error
    assert "bootstrap --env alpha" in done.next_step
    assert "./bootstrap.sh" in done.next_step
    assert [event["event"] for event in own.events(id)] == ["job_prepared"]


def test_an_environment_that_vanishes_during_the_run_is_named(ready: Sandbox) -> None:
    scripts = Path(os.path.realpath(ready.root / "venv/beta"), "bin")
    # Without the list of its files, too, so that it can't be repaired from what is left of it.
    taken = [str(scripts), str(scripts.with_name(manifest.NAME))]
    code = f"for each in {taken!r}:\n        os.rename(each, each + '.away')"
    ready.write("stages/takes.py", f"{HEAD}import os\ndef run(stage):\n    {code}\n")
    # Interpreters are started ahead of their turn, so some stages must lie between.
    between = "a: {uses: noop, after: [takes]}\nb: {uses: noop, after: [a]}\nc: {uses: noop, after: [b]}"
    try:
        _, done = run(ready, f"takes: {{}}\n{between}\nreport_beta: {{after: [c]}}")
    finally:
        for each in taken:
            Path(f"{each}.away").rename(each)
    assert done.code == 3, done.err
    assert re.search(rf"'report_beta'.*'beta'.*{re.escape(str(scripts))}/python: No such file", done.error)
    assert "bootstrap --env beta" in done.next_step


def test_an_environment_that_the_project_defines_no_more_is_refused(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}")
    id = prepared(ready, "tested").id
    (ready.root / "config/environments/alpha.yaml").unlink()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 2
    assert "'alpha'" in done.error


def test_a_finished_job_needs_no_environment_any_more(ready: Sandbox) -> None:
    id, _ = run(ready, "noop: {}")
    (ready.root / "venv").unlink()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err


def test_a_killed_stage_keeps_what_it_printed_in_order(ready: Sandbox) -> None:
    body = "import os, subprocess\ndef run(stage):\n    print('one')\n    subprocess.run(['echo', 'two'])\n"
    ready.write("stages/talks.py", f"{HEAD}{body}    print('three')\n    os.kill(os.getpid(), 9)\n")
    _, done = run(ready, "talks: {}")
    assert done.code == 4
    assert "| one\n  | two\n  | three" in done.err


def test_an_exit_code_like_one_of_ours_is_the_stages_own(ready: Sandbox) -> None:
    _, done = run(ready, "exits: {parameters: {code: 96}}")
    assert done.code == 4
    assert "exit code 96" in done.err


def test_odd_reports_of_a_stage_do_no_harm(ready: Sandbox) -> None:
    body = (
        "def run(stage):\n    stage.report(warning=5)\n    stage.progress(0.5, 7)\n    stage.progress(float('nan'))\n"
    )
    ready.write("stages/odd.py", HEAD + body)
    _, done = run(ready, "odd: {}")
    assert done.code == 0, done.err


def test_a_program_that_was_on_the_path_and_is_gone_is_named(ready: Sandbox, tmp_path: Path) -> None:
    program = ready.write("bin/frobnicate", "#!/bin/sh\n")
    program.chmod(0o755)
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [frobnicate]\n")
    ready.workflow("tested", "noop: {}")
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    file = ready.write("input.txt", "some input\n")
    id = ready.give("prepare-job", file, "--workflow", "tested", variables=path).out.strip()
    done = ready.run("run-pipeline", "-j", id)
    assert done.code == 3
    assert "frobnicate" in done.error


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


HEAD = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# ///\n'
NAMING = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# [tool.pipeline.stage.outputs]
# file = "*.txt"
# ///
def run(stage):
    stage.output("file", "{name}").write_text("x")
"""


def test_no_interpreter_is_left_when_a_run_ends(ready: Sandbox) -> None:
    run(ready, "\n".join(f"s{n}: {{uses: noop, after: [{f's{n - 1}' if n else ''}]}}" for n in range(5)))
    prefix = os.path.realpath(ready.root / "venv")
    assert not [each for each in psutil.process_iter(["cmdline"]) if prefix in " ".join(each.info["cmdline"] or [])]


def test_nothing_of_ours_is_installed_in_an_environment(built: Sandbox) -> None:
    names = {path.name for path in (built.root / "venv").glob("*/lib/python3*/site-packages/*")}
    assert not [name for name in names if name.startswith(("pipeline", "stagekit"))]


def test_a_reader_that_goes_away_does_not_stop_the_job(ready: Sandbox) -> None:
    ready.workflow("tested", "noop: {}\nsays: {after: [noop]}")
    id = prepared(ready, "tested").id
    child = ready.start("run-pipeline", "-j", id)
    assert child.stderr is not None
    child.stderr.close()
    assert child.wait(timeout=90) == 0
    child.communicate()
    assert ready.events(id)[-1]["event"] == "run_finished"


def test_a_stage_that_fails_is_a_failure_where_the_starter_ignores_the_ends_of_children(ready: Sandbox) -> None:
    """Then the system keeps no exit codes, unless we ask it to."""
    ready.workflow("failing", "fails: {}")
    id = ready.prepare("failing")
    code = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, BIN / "run-pipeline", "--root", ready.root, "-j", id],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 4


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


SAYS = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# outputs = {file = "out.txt"}
# ///
import subprocess


def run(stage):
    stage.output("file").write_bytes(subprocess.run(["mytool"], capture_output=True, check=True).stdout)
"""


def test_another_version_of_a_program_gives_another_result_and_is_told(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [{mytool: apt-get install mytool}]\n")
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    def said(version: str) -> str:
        tool = tmp_path / "mytool"
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(0o755)
        prepared = ready.run("prepare-job", "--workflow", "tested", file, variables=path)
        assert prepared.code == 0, prepared.err
        done = ready.run("run-pipeline", "-j", "latest", variables=path)
        assert done.code == 0, done.err
        return Path(done.out.strip()).read_text()

    assert [said("1.0"), said("2.0"), said("1.0")] == ["1.0\n", "2.0\n", "1.0\n"]
    explained = ready.give("pipeline", "job", "why", ready.give("pipeline", "job", "list", "--json").data[1]["job_id"])
    assert "mytool" in explained.out
    assert "sha256" not in explained.out
    assert ready.give("pipeline", "job", "why", "latest").out.startswith("says: taken")


def test_a_version_behind_a_wrapper_gives_another_result_and_is_told(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(definition.read_text() + "tools: [{mytool: {version: [--version]}}]\n")
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    wrapper = tmp_path / "mytool"
    wrapper.write_text(f'#!/bin/sh\nexec "$(cat {tmp_path}/chosen)" "$@"\n')
    wrapper.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    job = ready.run("prepare-job", "--workflow", "tested", file, variables=path).out.strip()
    for version in ("1.0", "2.0"):
        tool = tmp_path / f"mytool-{version}"
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(0o755)
        (tmp_path / "chosen").write_text(str(tool))
        done = ready.run("run-pipeline", "-j", job, variables=path)
        assert Path(done.out.strip()).read_text() == f"{version}\n", done.err
    explained = ready.give("pipeline", "job", "why", job).out
    assert "1.0 before, 2.0 now" in explained


def test_a_wrapper_that_hides_its_program_is_told_when_a_job_is_prepared(ready: Sandbox, tmp_path: Path) -> None:
    definition = ready.root / "config/environments/alpha.yaml"
    before = definition.read_text()
    ready.write("stages/says.py", SAYS)
    ready.workflow("tested", "says: {}", "deliver: [says.file]")
    file = ready.write("input.txt", "some input\n")
    wrapper = tmp_path / "mytool"
    wrapper.write_text('#!/bin/sh\nexec "$(which -a mytool | tail -1)" "$@"\n')
    wrapper.chmod(0o755)
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    setting = "tools: [{mytool: {version: [--version]}}]"
    for tools, told in (("tools: [mytool]", True), (setting, False)):
        definition.write_text(f"{before}{tools}\n")
        done = ready.run("prepare-job", "--workflow", "tested", file, variables=path)
        assert done.code == 0, done.err
        assert (setting in done.err.splitlines()) is told


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
