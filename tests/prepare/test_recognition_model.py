"""The model that a job gets, in a small project: looked at for real, frozen in the plan, and never fetched unasked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.source import schema_errors
from pipeline.errors import ExitCode, NotReady, UsageError
from pipeline.files import read_json
from pipeline.host import machine
from pipeline.host.gpus import Gpu
from pipeline.host.machine import Machine
from pipeline.jobs.job import PlannedJob
from pipeline.models.speeds import ModelSpeeds
from pipeline.models.store import ModelStore
from pipeline.prepare import model_facts, recognition_model
from pipeline.prepare.batch import PrepareStatus, prepare_all
from pipeline.prepare.earlier_jobs import EarlierJobs
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox
from tests.engines.test_model_choice import GB
from tests.prepare.helpers import snapshot

LANGUAGES = ", ".join(f"{a}{b}" for a in "abcdef" for b in "abcdefghij")
MODELS = f"""
small: {{languages: [de, en, {LANGUAGES}], files: {{model.bin: {"a" * 64}}}, sources: [{{folder: models/small}}]}}
large: {{languages: [de, en, {LANGUAGES}], files: {{model.bin: {"b" * 64}}}, sources: [{{folder: models/large}}]}}
english: {{languages: [en], files: {{model.bin: {"c" * 64}}}, sources: [{{folder: models/english}}]}}
other: {{task: translation, languages: [en, de], files: {{model.bin: {"d" * 64}}}, sources: [{{folder: models/other}}]}}
onnx: {{languages: [de, en, {LANGUAGES}], files: {{model.onnx: {"e" * 64}}}, sources: [{{folder: models/onnx}}]}}
"""
FIGURES = """
sources: {here: a table that was measured here}
data: {fleurs: read sentences}
larger: {small: large}
errors:
- {source: here, data: fleurs, rates: {small: {en: 10, de: 20}, large: {en: 5, de: 8}, english: {en: 7}, onnx: {de: 1}}}
speeds: [{source: here, cores: 4, times: {small: 8, large: 1.5, english: 8}}]
sizes: [{source: here, bytes: {large: 3000000000}}]
"""
WORKFLOW = """
input: file
parameters:
  spoken: {type: language, default: auto}
  model: {type: model, task: recognition, default: small}
  quality: {type: quality, default: balanced}
  within: {type: duration, default: null}
decide:
  recognition: {kind: recognition, engine: hearing, model: $model}
stages:
  hears: {inputs: {file: job.input}, models: {recognizer: $model}}
deliver: [hears.file]
"""
STAGE = '''# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# models = ["recognizer"]
# [tool.pipeline.stage.outputs]
# file = "copy.txt"
# ///
"""Copies."""


def run(stage):
    stage.output("file").write_bytes(stage.input("file").read_bytes())
'''


@pytest.fixture
def project(ready: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """'small' and 'english' are here, on a machine with four CPUs and 8 GB."""
    monkeypatch.setattr(machine, "detect", lambda *_, **__: Machine(4, 8 * GB))
    model_facts._machine.cache_clear()  # it looks once for all films of a command
    ready.write("config/models.yaml", MODELS)
    ready.write("config/model-figures.yaml", FIGURES)
    ready.write("config/engines.yaml", "hearing: {kind: recognition, stage: hears, quality: 20, files: [model.bin]}\n")
    ready.write("config/workflows/tested.yaml", WORKFLOW)
    ready.write("stages/hears.py", STAGE)
    ready.write("input.txt", "some input\n")
    for name in ("small", "english"):
        put(ready, name)
    yield ready
    model_facts._machine.cache_clear()


def put(sandbox: Sandbox, name: str) -> None:
    """Into the store, as a fetch would."""
    digest = Catalog(ProjectFolder(sandbox.root)).model(name).digest
    folder = ModelStore(sandbox.root / "models").folder(name, digest)
    folder.mkdir(parents=True)
    (folder / "model.bin").write_text(name)
    status = (folder / "model.bin").stat()
    record = {"digest": digest, "files": {"model.bin": [status.st_size, status.st_mtime_ns]}}
    (folder / ".pipeline-ready.json").write_text(json.dumps(record))


def request(sandbox: Sandbox, **parameters: str) -> JobRequest:
    return JobRequest(sandbox.root / "input.txt", "tested", parameters)


def job(sandbox: Sandbox, **parameters: str) -> PlannedJob:
    return prepare(Catalog(ProjectFolder(sandbox.root)), request(sandbox, **parameters))


def refused(sandbox: Sandbox, kind: type[Any], **parameters: str) -> Any:
    before = snapshot(sandbox.root)
    with pytest.raises(kind) as caught:
        job(sandbox, **parameters)
    assert snapshot(sandbox.root) == before
    return caught.value


def test_what_is_here_is_taken_and_the_plan_says_why_and_what_is_better(project: Sandbox) -> None:
    plan = job(project, model="auto", spoken="de").plan
    assert schema_errors(read_json(project.root / "jobs" / plan.job_id / "job.json"), "job") == []
    assert plan.parameters["model"] == "small"
    assert plan.stages[0].models == {"recognizer": "small"}
    assert plan.models.keys() == {"small"}
    decision = plan.model_decision
    assert decision is not None
    assert (decision.model, decision.language, decision.wrong_percent) == ("small", "de", 20)
    assert decision.why == "the only one here that recognises German (de)"
    (better,) = decision.better
    assert (better.model, better.command, better.size) == ("large", "pipeline model fetch large", 3_000_000_000)
    assert "about 8 of 100 words wrong instead of 20 (read sentences); 2.8 GiB to fetch" in better.about


def test_a_model_for_one_language_is_taken_where_a_person_says_that_this_is_spoken(project: Sandbox) -> None:
    assert job(project, model="auto", spoken="en").plan.parameters["model"] == "english"
    assert job(project, model="auto").plan.parameters["model"] == "small"


def test_a_model_for_another_engine_or_another_task_is_left_aside(project: Sandbox) -> None:
    put(project, "other")
    put(project, "onnx")
    assert job(project, model="auto", spoken="de").plan.parameters["model"] == "small"


def test_what_was_measured_here_decides(project: Sandbox) -> None:
    put(project, "large")
    assert job(project, model="auto", spoken="de").plan.parameters["model"] == "large"
    speeds = ModelSpeeds(ProjectFolder(project.root))
    speeds.took("hears", ["large"], 7200, 3600)
    speeds.save()
    assert job(project, model="auto", spoken="de").plan.parameters["model"] == "small"
    assert job(project, model="auto", spoken="de", quality="best").plan.parameters["model"] == "large"


def test_none_here_is_an_error_with_the_command_and_nothing_is_written(project: Sandbox) -> None:
    for folder in (project.root / "models/.store").iterdir():
        (folder / "model.bin").unlink()
    error = refused(project, NotReady, model="auto", spoken="de")
    assert (error.exit_code, error.next_step) == (ExitCode.NOT_READY, "pipeline model fetch large")


def test_with_fetch_the_best_is_fetched_first(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def fetch(catalog: Catalog, spec: Any, _: Any) -> Any:
        fetched.append(spec.name)
        put(project, spec.name)
        return catalog.model(spec.name)

    monkeypatch.setattr(recognition_model, "_fetch", fetch)
    catalog = Catalog(ProjectFolder(project.root))
    for _ in range(2):
        made = prepare(catalog, JobRequest(project.root / "input.txt", "tested", {"model": "auto"}, fetches=True))
        assert made.plan.parameters["model"] == "large"
    assert fetched == ["large"]


def test_a_job_stays_what_it_is_though_a_better_model_has_come(project: Sandbox) -> None:
    first = job(project, model="auto", spoken="de")
    put(project, "large")
    catalog = Catalog(ProjectFolder(project.root))
    again = request(project, model="auto", spoken="de")
    (outcome,) = prepare_all(catalog, [again], EarlierJobs(catalog), print)
    assert outcome.job is not None
    assert (outcome.status, outcome.job.id) == (PrepareStatus.CONTINUED, first.id)
    assert outcome.job.plan.parameters["model"] == "small"
    assert outcome.job.plan.model_decision == first.plan.model_decision


def test_a_job_with_a_named_model_is_another_than_one_whose_model_is_chosen(project: Sandbox) -> None:
    job(project, spoken="de")
    found = EarlierJobs(Catalog(ProjectFolder(project.root)))
    assert found.find(request(project, spoken="de")) is not None
    assert found.find(request(project, spoken="de", model="auto")) is None
    job(project, spoken="de", model="auto")
    found = EarlierJobs(Catalog(ProjectFolder(project.root)))
    assert found.find(request(project, spoken="de", model="auto", quality="best")) is None
    earlier = found.find(request(project, spoken="de", model="small"))
    assert earlier is not None


def test_of_a_named_model_only_a_bad_one_is_told(project: Sandbox) -> None:
    assert job(project, spoken="en").plan.model_decision is None
    decision = job(project, spoken="de").plan.model_decision
    assert decision is not None
    assert decision.why is None
    assert decision.note == "small gets about 20 of 100 words of German (de) wrong (read sentences)"
    assert [each.model for each in decision.better] == ["large"]


def test_a_time_limit_without_a_known_length_is_not_promised(project: Sandbox) -> None:
    error = refused(project, NotReady, model="auto", within="30m")
    assert "so it can't be promised that it ends within 30 min" in error.message


def test_a_language_that_no_model_has_is_refused_as_for_a_named_model(project: Sandbox) -> None:
    assert (
        "isn't among those that the model recognises" in refused(project, UsageError, model="auto", spoken="hi").message
    )


@pytest.mark.parametrize(("name", "value"), [("quality", "good"), ("within", "30"), ("within", "soon")])
def test_a_wrong_value_is_refused(project: Sandbox, name: str, value: str) -> None:
    error = refused(project, UsageError, model="auto", **{name: value})
    assert name in error.message
    assert value in error.message


def test_a_folder_called_auto_is_named_by_its_path(project: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "auto").mkdir()
    monkeypatch.chdir(project.root)
    assert job(project, model="auto", spoken="de").plan.parameters["model"] == "small"
    refused(project, NotReady, model=f".{Path('/').anchor}auto")


def test_an_engine_that_can_not_do_what_is_asked_for_says_so_itself(project: Sandbox) -> None:
    for engine in ("hearing", "auto"):
        speakers = f"engine: {engine}, speakers: true"
        project.write("config/workflows/tested.yaml", WORKFLOW.replace("engine: hearing", speakers))
        error = refused(project, UsageError, model="auto", spoken="de")
        assert "it doesn't tell speakers apart" in error.message


def test_with_any_engine_the_models_of_those_that_can_be_used_now_come_into_question(project: Sandbox) -> None:
    onnx = "reading: {kind: recognition, stage: reads, quality: 30, files: [model.onnx]}\n"
    engines = (project.root / "config/engines.yaml").read_text()
    project.write("config/engines.yaml", engines + onnx)
    project.write("stages/reads.py", STAGE)
    head, stages = WORKFLOW.replace("engine: hearing", "engine: auto").split("stages:\n")
    hears, deliver = stages.replace("{inputs", "{when: {recognition.engine: hearing}, inputs").split("deliver")
    reads = hears.replace("hears", "reads").replace("hearing", "reading")
    project.write("config/workflows/tested.yaml", f"{head}stages:\n{hears}{reads}deliver{deliver}")
    put(project, "onnx")
    plan = job(project, model="auto", spoken="de", quality="best").plan
    assert (plan.parameters["model"], plan.decisions[0].engine) == ("onnx", "reading")
    for file in ("config/environments/{}.yaml", "requirements/{}.txt", "requirements/{}.lock"):
        text = (project.root / file.format("beta")).read_text()
        project.write(file.format("unbuilt"), f"{text}# with a key of its own\n")
    project.write("stages/reads.py", STAGE.replace('"alpha"', '"unbuilt"'))
    plan = job(project, model="auto", spoken="de", quality="best").plan
    assert (plan.parameters["model"], plan.decisions[0].engine) == ("small", "hearing")


@pytest.mark.parametrize("answers", [True, False])
def test_a_card_counts_where_its_driver_answers(
    project: Sandbox, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    def detect(*_: Any, with_gpus: bool = False) -> Machine:
        if with_gpus and not answers:
            raise NotReady("nvidia-smi doesn't answer")
        return Machine(4, 8 * GB, (Gpu("GPU-1", "card", 16 * GB), Gpu("GPU-2", "slice", None)) if with_gpus else ())

    monkeypatch.setattr(machine, "detect", detect)
    found = model_facts._machine(with_gpus=True)
    assert (found.cpus, found.memory, found.gpu_memory) == (4, 8 * GB, 16 * GB if answers else 0)


def test_a_card_counts_only_where_the_engine_has_packages_that_compute_on_it(
    project: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = (Gpu("GPU-1", "card", 16 * GB),)
    monkeypatch.setattr(machine, "detect", lambda *_, with_gpus=False: Machine(4, 8 * GB, cards if with_gpus else ()))
    engines = list(Catalog(ProjectFolder(project.root)).engines.values())
    assert model_facts.machine_facts(Catalog(ProjectFolder(project.root)), engines).gpu_memory == 0
    lock = project.root / "requirements/alpha.lock"
    lock.write_text(f"{lock.read_text()}nvidia-cublas-cu12==12.9.1.4 --hash=sha256:{'0' * 64}\n")
    assert model_facts.machine_facts(Catalog(ProjectFolder(project.root)), engines).gpu_memory == 16 * GB
