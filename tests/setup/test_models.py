"""Models of a project: what a job holds stays, and what is given up goes."""

import hashlib
import os
import shlex
import time
from pathlib import Path

import pytest

from pipeline.envs.leases import Leases
from pipeline.errors import ExitCode
from tests.conftest import Sandbox
from tests.test_process import eventually

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# models = ["weights"]
# inputs = ["file"]
# [tool.pipeline.stage.outputs]
# file = "weights.txt"
# ///
import time
from pathlib import Path

def run(stage):
    stage.output("file").write_bytes(b"")
    while not GO.exists():
        time.sleep(0.01)
    stage.output("file").write_bytes((stage.model("weights") / "model.bin").read_bytes())
"""
WORKFLOW = """
input: file
parameters: {model: {type: model, default: tiny}}
stages:
  weighs: {inputs: {file: job.input}, models: {weights: $model}}
"""


def with_model(sandbox: Sandbox, go: Path) -> Sandbox:
    """A project with the model ``tiny``, which is fetched, and a stage that waits for the file ``go`` with it."""
    sandbox.write("model/model.bin", "weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    sandbox.write("config/models.yaml", f"tiny:\n  files: {{model.bin: {digest}}}\n  sources: [{{folder: model}}]\n")
    sandbox.write("config/workflows/w.yaml", WORKFLOW)
    sandbox.write("stages/weighs.py", STAGE.replace("GO.", f"Path({str(go)!r})."))
    assert sandbox.give("pipeline", "model", "fetch", "tiny").code == 0
    return sandbox


@pytest.fixture
def project(ready: Sandbox, tmp_path: Path) -> Sandbox:
    return with_model(ready, tmp_path / "go")


def stored(sandbox: Sandbox) -> list[Path]:
    return list((sandbox.root / "models" / ".store").glob("tiny-*"))


def test_a_model_folder_that_changed_after_a_job_was_prepared_with_it_is_named_by_the_doctor(
    project: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "a model"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"mine")
    id = project.prepare("w", "--param", f"model={folder}")
    other = project.prepare("w", "--param", f"model={folder}")
    assert project.give("pipeline", "doctor", "--json").data["diagnoses"] == []
    (folder / "model.bin").write_bytes(b"MINE")
    done = project.give("pipeline", "doctor", "--json")
    assert done.code == ExitCode.NOT_READY
    (found,) = done.data["diagnoses"]
    assert (found["subject"], found["fault"]) == (f"model {folder}", "model altered")
    assert id in found["what"]
    assert found["next"].startswith("prepare-job ")
    prepare, cancel = found["next"].splitlines()
    assert cancel.split()[:3] == ["pipeline", "job", "cancel"]
    again = project.give(*shlex.split(prepare))
    assert again.code == 0, again.err
    for name in (id, other):
        assert project.give("pipeline", "job", "cancel", name).code == 0
    assert project.give("pipeline", "doctor").code == 0


def test_a_model_that_a_running_job_holds_is_not_removed_by_any_command(project: Sandbox, tmp_path: Path) -> None:
    id = project.prepare("w")
    running = project.start("run-pipeline", "--job", id)
    eventually(lambda: any((project.job(id) / "stages").rglob("weights.txt")))
    (project.root / "config/models.yaml").write_text("")  # so that no definition names it
    (project.root / "elsewhere").mkdir()
    project.write("elsewhere/config/pipeline.yaml", f"paths: {{models: {project.root / 'models'}}}\n")
    for words in (
        ("pipeline", "model", "remove", "tiny", "--force"),
        ("pipeline", "model", "gc"),
        ("pipeline", "--root", project.root / "elsewhere", "model", "gc"),
        ("pipeline", "--root", project.root / "elsewhere", "model", "remove", "tiny"),
    ):
        done = project.give(*words)
        assert stored(project), words
        assert done.code == (ExitCode.OK if words[-1] == "gc" and len(words) == 3 else ExitCode.NOT_READY), done.err
    (tmp_path / "go").touch()
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert project.give("pipeline", "--root", project.root / "elsewhere", "model", "gc").code == 0
    assert not stored(project)


def test_a_model_that_is_held_by_a_lease_stays_until_its_end(project: Sandbox) -> None:
    (folder,) = stored(project)
    with Leases() as leases:
        leases.on_model(folder)
        leases.on_model(folder.with_name("gone"))
        assert project.run("pipeline", "model", "remove", "tiny").code == ExitCode.NOT_READY
        assert stored(project) == [folder]
    assert project.run("pipeline", "model", "remove", "tiny").code == 0
    assert not stored(project)


def test_what_an_unfinished_job_needs_stays_unless_it_is_forced(project: Sandbox) -> None:
    id = project.prepare("w")
    refused = project.give("pipeline", "model", "remove", "tiny")
    assert (refused.code, id in refused.err) == (ExitCode.NOT_READY, True)
    assert project.give("pipeline", "model", "remove", "tiny", "--force").code == 0
    assert not stored(project)


def test_gc_removes_what_a_killed_removal_left(project: Sandbox) -> None:
    (folder,) = stored(project)
    aside = folder.with_name(f".{folder.name}.1234.aside")
    folder.rename(aside)
    (row,) = project.give("pipeline", "model", "gc", "--json").data["removed"]
    assert row["folder"] == aside.name
    assert not aside.exists()


def test_a_fetch_that_was_given_up_is_removed_and_a_new_one_is_not(project: Sandbox) -> None:
    root = project.root / "models" / ".store"
    (root / ".old+1.part").mkdir()
    (root / ".new+1.part").mkdir()
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(root / ".old+1.part", (long_ago, long_ago))
    assert project.give("pipeline", "model", "gc").code == 0
    assert [path.name for path in root.glob(".*.part")] == [".new+1.part"]


def test_a_damaged_model_is_mended_while_a_job_holds_it(project: Sandbox) -> None:
    (folder,) = stored(project)
    with Leases() as leases:
        leases.on_model(folder)
        (folder / "model.bin").write_bytes(b"other")
        assert project.run("pipeline", "model", "fetch", "tiny").code == 0
    assert (folder / "model.bin").read_bytes() == b"weights"
    assert [path.name for path in folder.parent.glob(".*")] == []


def doctored(sandbox: Sandbox, *words: str) -> dict[str, tuple[str, str]]:
    """By subject, what is wrong with a model, and the next command."""
    rows = sandbox.give("pipeline", "doctor", *words, "--json").data["diagnoses"]
    return {row["subject"]: (row["fault"], row["next"]) for row in rows if row["subject"].startswith("model ")}


def test_the_doctor_knows_an_altered_model_and_its_command_mends_it(project: Sandbox) -> None:
    (folder,) = stored(project)
    assert doctored(project) == {}
    before = (folder / "model.bin").stat()
    (folder / "model.bin").write_bytes(b"WEIGHTS")
    os.utime(folder / "model.bin", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert doctored(project) == {}
    assert doctored(project, "--deep") == {"model tiny": ("model altered", "bootstrap --model tiny")}
    (folder / "model.bin").write_bytes(b"other")
    assert doctored(project) == {"model tiny": ("model altered", "bootstrap --model tiny")}
    assert project.give("bootstrap", "--model", "tiny").code == 0
    assert doctored(project, "--deep") == {}


def test_the_doctor_knows_a_fetch_that_was_interrupted(project: Sandbox) -> None:
    assert project.give("pipeline", "model", "remove", "tiny").code == 0
    part = project.root / "models/.store/.tiny+1.part"
    part.mkdir()
    (part / "model.bin.partial").write_bytes(b"wei")
    assert doctored(project) == {"model tiny": ("fetch interrupted", "pipeline model fetch tiny")}
    assert project.give("pipeline", "model", "fetch", "tiny").code == 0
    assert doctored(project) == {}


def test_the_doctor_knows_a_broken_lock_and_gc_leaves_its_model(project: Sandbox) -> None:
    (folder,) = stored(project)
    project.write("config/models.yaml", "tiny: {sources: [{huggingface: someone/tiny}]}\n")
    project.write("requirements/models/tiny.lock", "<<<<<<< HEAD\n")
    assert doctored(project) == {"model tiny": ("model's lock broken", "pipeline model lock tiny")}
    assert project.give("pipeline", "model", "gc").code == 0
    assert folder.is_dir()
    refused = project.give("pipeline", "model", "fetch", "tiny")
    assert (refused.code, refused.next_step) == (ExitCode.NOT_READY, "pipeline model lock tiny")
    assert project.give("pipeline", "model", "list").code == 0
