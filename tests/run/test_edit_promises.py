"""A person's file is held to what the stage promises of its outputs."""

import json
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.jobs import job_editor
from pipeline.jobs.job import PlannedJob
from pipeline.run import edit_promises
from tests.jobs.helpers import a_stage
from tests.run.helpers import Act, Bench

PROMISES = {
    "list": {"count": {"like": "file"}, "non_empty": True, "schema": "config/list.json", "at_least": {"size": 1}},
}
SCHEMA = {"type": "object", "required": ["size"]}


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    (bench.project.root / "config").mkdir(exist_ok=True)
    (bench.project.root / "config" / "list.json").write_text(json.dumps(SCHEMA))
    first = a_stage("one")
    second = a_stage("two", needs=("one",), inputs={"file": ("one.file",)}, outputs={"list": "list.json"})
    job = bench.job(first, second, deliver=["two.list"])
    bench.run(job, two=Act(writes={"list": '{"size": 3}'}))
    return job


def check(bench: Bench, job: PlannedJob, text: str, **ensure: object) -> None:
    planned = [each if each.name == "one" else a_stage("two", **{**FIELDS, "ensure": ensure}) for each in job.stages]
    with job_editor.opened(job.folder) as desk, pytest.MonkeyPatch.context() as patch:
        patch.setattr(edit_promises, "_planned", lambda _desk, name: {each.name: each for each in planned}[name])
        edit_promises.require(bench.project, desk, "two", {"list": text.encode()}, "mine.json")


FIELDS = {"needs": ("one",), "inputs": {"file": ("one.file",)}, "outputs": {"list": "list.json"}}


@pytest.mark.parametrize(
    ("text", "ensure"),
    [
        ("[]", {"non_empty": True}),
        ("{not json", {"non_empty": True}),
        ('{"length": 3}', {"schema": "config/list.json"}),
        ('{"size": 0}', {"at_least": {"size": 1}}),
    ],
)
def test_what_the_stage_does_not_promise_is_refused_with_its_place(
    bench: Bench, job: PlannedJob, text: str, ensure: dict[str, object]
) -> None:
    with pytest.raises(InputError) as caught:
        check(bench, job, text, list=ensure)
    assert "mine.json" in caught.value.message
    assert "list.json" in caught.value.message
    assert (caught.value.command or "").startswith("pipeline stage show copy")


def test_what_it_promises_is_taken(bench: Bench, job: PlannedJob) -> None:
    check(bench, job, '{"size": 1}', list={"non_empty": True, "schema": "config/list.json", "at_least": {"size": 1}})


def test_a_count_is_compared_with_the_input(bench: Bench, job: PlannedJob, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check(bench, job, '{"all": [1, 2, 3]}', list={"count": {"like": "file", "of": "all"}})
