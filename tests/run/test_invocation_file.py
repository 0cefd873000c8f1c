"""What a stage reads is what its key is made of; the rest are places, and its share of the machine."""

import os
from typing import Any

import pytest

from pipeline.digests import canonical_json, sha256_of_bytes
from pipeline.files import read_json
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from pipeline.run.invocation_file import Arguments, InvocationFile
from pipeline.run.stage_key import StageKeys
from pipeline.values import decode, encode, fields_of, replace
from tests.run.helpers import Bench, link

PLACES = {"schema", "stage_file", "modules", "inputs", "models", "output_folder", "work", "cpus", "services"}
OTHERS: dict[str, Any] = {  # another value for each of the arguments
    "name": "other",
    "inputs": {"file": ["other.txt"]},
    "parameters": {"other": 1},
    "models": {"other": "tiny-0"},
    "outputs": {"file": "other.txt"},
}


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    job = bench.job(link("one", parameters={"rate": 2}))
    bench.run_one(job)
    return job


def test_all_that_an_invocation_has_is_an_argument_or_a_place() -> None:
    in_source = {"command"}  # the stage's source is a digest of it
    assert set(InvocationFile.__struct_fields__) == {"arguments", *PLACES, *in_source}
    assert set(Arguments.__struct_fields__) == OTHERS.keys()


def test_the_bytes_that_a_stage_reads_are_those_that_are_hashed(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation = decode((job.attempts("one") / "1/invocation.json").read_bytes(), InvocationFile)
    assert encode(invocation.arguments) in (job.attempts("one") / "1/invocation.json").read_bytes()
    keys = StageKeys(bench.project, job, Results(), os.environ)
    (stage,) = job.stages
    contents = {
        part: value
        for part, value in keys.of(stage).parts.items()
        if part in {"stage", "source", "stagekit", "environment", "inputs", "models", "locale"}
    }
    expected = sha256_of_bytes(b"stage\0" + encode(invocation.arguments) + b"\0" + canonical_json(contents))
    assert keys.of(stage).digest == expected
    assert read_json(job.attempts("one") / "1/result.json")["key"] == expected


@pytest.mark.parametrize("field", sorted(OTHERS))
def test_each_argument_changes_the_key(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    keys = StageKeys(bench.project, job, Results())
    (stage,) = job.stages
    before, arguments = keys.of(stage), keys.arguments(stage)
    assert fields_of(arguments)[field] != OTHERS[field]
    monkeypatch.setattr(StageKeys, "arguments", lambda *_: replace(arguments, **{field: OTHERS[field]}))
    assert keys.of(stage).digest != before.digest
    assert keys.of(stage).parts != before.parts
