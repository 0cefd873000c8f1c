"""What ends with an error leaves no trace in the project: not a job, not a note, not a link to a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from tests.conftest import Sandbox
from tests.envs.external.conftest import template, venv
from tests.prepare.helpers import snapshot

__all__ = ["template", "venv"]  # fixtures

ENGINES = """
hearing: {kind: recognition, stage: weighs, quality: 20, files: [model.bin]}
paired:
  kind: translation
  stage: copy
  quality: 10
  program: nowhere-to-be-found
  pairs_from: [nowhere-to-be-found, -l]
  packages: [eng-spa]
  install: get {pair}
heavy:
  kind: translation
  stage: says
  quality: 50
  files: [model.bin]
  pairs: [{from: [en], to: [es], model: en-es}]
"""
WORKFLOW = """
input: file
parameters:
  model: {type: model, default: base}
  asr: {type: string, default: auto}
  source: {type: language, default: en}
  targets: {type: languages, default: []}
  glossary: {type: glossary, default: ""}
decide:
  recognition: {kind: recognition, engine: $asr, model: $model}
  translation: {kind: translation, engine: auto, source: $source, targets: $targets}
stages:
  weighs: {models: {weights: $model}, disk: {of_input: 1}}
  copy: {for_each: [$translation.paired], inputs: {file: job.input}}
  says: {for_each: [$translation.heavy]}
"""
STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# models = ["weights"]
# [tool.pipeline.stage.outputs]
# file = "weights.txt"
# ///
def run(stage):
    stage.output("file").write_bytes((stage.model("weights") / "model.bin").read_bytes())
"""
MODELS = f"base: {{files: {{model.bin: {'a' * 64}}}, sources: [{{folder: models/base}}]}}\n"


@pytest.fixture
def project(ready: Sandbox) -> Sandbox:
    """Its environment is built; 'own' is a folder with a whole model, and no model of the project is there."""
    ready.write("config/engines.yaml", ENGINES)
    ready.write("config/models.yaml", MODELS)
    ready.write("config/workflows/w.yaml", WORKFLOW)
    ready.write("stages/weighs.py", STAGE)
    ready.write("own/model.bin", "weights")
    ready.write("input.txt", "some input\n")
    return ready


def own(sandbox: Sandbox) -> str:
    return f"model={sandbox.root / 'own'}"


def no_room(sandbox: Sandbox) -> None:
    sandbox.write("config/workflows/w.yaml", WORKFLOW.replace("of_input: 1", "of_input: 1000000000000000"))


def cut_off(sandbox: Sandbox) -> None:
    sandbox.write("own/config.json", '{"layers": ')


def broken_environment(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/alpha.yaml", "pyton: 3\n")


def missing_environment(sandbox: Sandbox) -> None:
    (sandbox.root / "venv").unlink()


def broken_weights(sandbox: Sandbox) -> None:
    sandbox.write("models/en-es/other.bin", "weights")


def nothing(_: Sandbox) -> None: ...


@dataclass(frozen=True)
class Case:
    parameters: tuple[str, ...]  # OWN stands for a whole model in a folder
    code: ExitCode
    message: str
    arrange: Callable[[Sandbox], None] = nothing


OWN = "own"
CASES = {
    "model that isn't fetched": Case((), ExitCode.NOT_READY, "model 'base' isn't ready"),
    "folder that isn't there": Case(("model=./none/",), ExitCode.NOT_READY, "is no folder"),
    "folder with a file cut off": Case((OWN,), ExitCode.NOT_READY, "may be cut off", cut_off),
    "unknown language": Case((OWN, "source=klingon"), ExitCode.USAGE, "isn't a language code"),
    "unknown parameter": Case((OWN, "colour=red"), ExitCode.USAGE, "no parameter 'colour'"),
    "unknown engine": Case((OWN, "asr=herring"), ExitCode.USAGE, "did you mean 'hearing'"),
    "pair that no engine has": Case((OWN, "targets=fi"), ExitCode.USAGE, "no engine does the translation"),
    "engine that isn't installed": Case((OWN, "targets=es"), ExitCode.NOT_READY, "isn't here"),
    "weights that are incomplete": Case((OWN, "targets=es"), ExitCode.NOT_READY, "has no model.bin", broken_weights),
    "glossary that isn't there": Case((OWN, "glossary=none.csv"), ExitCode.USAGE, "can't be read"),
    "disk without room": Case((OWN,), ExitCode.NOT_READY, "will write about", no_room),
    "wrong definition": Case((OWN,), ExitCode.NOT_READY, "alpha.yaml:1", broken_environment),
    "environment that isn't built": Case((OWN,), ExitCode.NOT_READY, "isn't built", missing_environment),
}


def prepare(sandbox: Sandbox, *parameters: str, file: str = "input.txt") -> tuple[int, str]:
    words = [word for each in parameters for word in ("--param", own(sandbox) if each == OWN else each)]
    done = sandbox.give("prepare-job", sandbox.root / file, "--workflow", "w", *words)
    return done.code, done.err


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_job_that_cannot_be_prepared_leaves_no_trace(project: Sandbox, case: Case) -> None:
    case.arrange(project)
    before = snapshot(project.root)
    code, err = prepare(project, *case.parameters)
    assert (code, case.message in err) == (case.code, True), err
    assert snapshot(project.root) == before


def test_neither_does_an_input_that_cannot_be_used(project: Sandbox) -> None:
    before = snapshot(project.root)
    assert prepare(project, OWN, file="none.txt")[0] == ExitCode.INPUT_UNUSABLE
    assert snapshot(project.root) == before


def test_of_several_files_that_cannot_be_prepared_none_leaves_a_trace(project: Sandbox) -> None:
    project.write("films/a.mkv", "")
    project.write("films/b.mkv", "")
    before = snapshot(project.root)
    assert prepare(project, OWN, file="films")[0] == ExitCode.INPUT_UNUSABLE
    assert snapshot(project.root) == before


def test_a_job_that_is_prepared_puts_its_model_on_the_shelf(project: Sandbox) -> None:
    code, err = prepare(project, OWN)
    assert code == 0, err
    (entry,) = (project.root / "models/.store").glob("own-*")
    assert (entry / "model.bin").read_text() == "weights"


def test_a_model_that_the_plan_has_no_use_for_stays_off_the_shelf(project: Sandbox) -> None:
    other = WORKFLOW.replace("weighs: {models: {weights: $model}, ", "weighs: {models: {weights: base}, ")
    project.write(
        "config/workflows/w.yaml", f"{other}  noop: {{}}\n".replace("  weighs: {", "  weighs: {when: $targets, ")
    )
    code, err = prepare(project, OWN)
    assert code == 0, err
    assert not (project.root / "models").exists()


@pytest.fixture
def external(project: Sandbox, venv: Path) -> Sandbox:
    """As ``project``, with an external environment in place of a built one."""
    (project.root / "venv").unlink()
    alpha = project.root / "config/environments/alpha.yaml"
    alpha.write_text(f"{alpha.read_text()}legacy: [{venv}]\n")
    return project


def test_what_was_found_out_about_an_external_environment_is_noted_only_with_a_job(external: Sandbox) -> None:
    before = snapshot(external.root)
    code, err = prepare(external)
    assert (code, "importing quirk" in err) == (ExitCode.NOT_READY, True), err
    assert snapshot(external.root) == before
    code, err = prepare(external, OWN)
    assert (code, "importing quirk" in err) == (0, True), err
    assert list((external.root / "cache/adopted").iterdir())
    assert "importing quirk" not in prepare(external, OWN)[1]


def test_the_jobs_of_one_command_ask_an_external_environment_once(external: Sandbox) -> None:
    for name in ("a.mkv", "b.mkv"):
        external.write(f"films/{name}", "film")
    before = snapshot(external.root)
    _, err = prepare(external, file="films")
    assert err.count("importing quirk") == 1, err
    assert snapshot(external.root) == before


def test_what_was_detected_of_the_machine_is_kept_only_with_a_job(project: Sandbox, spawning: None) -> None:
    project.write("requirements/beta.cpu.txt", "quirk==2.0\n")
    project.write(
        "config/environments/beta.yaml", 'python: ">=3.11"\nvariants: {cpu: {requirements: beta.cpu.txt}}\n'
    )  # which is read where a program is looked for
    alpha = project.root / "config/environments/alpha.yaml"
    alpha.write_text(f"{alpha.read_text()}tools: [sh]\n")
    before = snapshot(project.root)
    assert prepare(project)[0] == ExitCode.NOT_READY
    assert snapshot(project.root) == before
    code, err = prepare(project, OWN)
    assert code == 0, err
    assert (project.root / "config/hardware_cache.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("pipeline", "workflow", "list"),
        ("pipeline", "workflow", "show", "w"),
        ("pipeline", "job", "list"),
        ("prepare-job", "--help"),
    ],
    ids=" ".join,
)
def test_commands_that_only_show_write_nothing(project: Sandbox, words: tuple[str, ...]) -> None:
    before = snapshot(project.root)
    assert project.give(*words).code == 0
    assert snapshot(project.root) == before


def test_a_dry_run_writes_nothing(project: Sandbox) -> None:
    assert prepare(project, OWN)[0] == 0
    before = snapshot(project.root)
    done = project.give("run-pipeline", "-j", "latest", "--dry-run")
    assert (done.code, "weighs" in done.out) == (0, True), done.err
    assert snapshot(project.root) == before
