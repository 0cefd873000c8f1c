"""A plan as job.json has it: written and read again, and refused with the place of what isn't of its form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.digests import sha256_of_bytes
from pipeline.errors import ExitCode, InputError, UsageError
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.plan import JobInput, Plan, PlannedService, PlannedStage, Retries
from pipeline.policy import ResourceRequest
from pipeline.values import decode, encode, plain, replace
from tests.jobs.helpers import DIGEST, a_plan, a_stage, forge, stored

ODD = "/films/caf\udce9 \u2028 ü \U0001f600.mkv"  # a file name, but no valid UTF-8
HUGE = 10**40


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    return stored(tmp_path / "jobs")


def test_odd_text_and_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    parameters = {"path": ODD, "huge": HUGE, "unsigned": 2**64 - 1, "third": 1 / 3, "whole": 1.0, "none": None}
    job = stored(
        tmp_path / "jobs",
        input=JobInput(ODD, HUGE, -HUGE, DIGEST, 0.1),
        parameters={ODD: ODD, "huge": -HUGE},
        stages=[a_stage("copy", parameters=parameters, outputs={"file": "caf\udce9.txt"})],
        asked={"path": ODD},
    )
    loaded = load(job.folder)
    assert loaded.plan == job.plan
    assert str(loaded.input) == ODD
    read = loaded.stages[0].parameters
    assert {name: (type(value), value) for name, value in read.items()} == {
        name: (type(value), value) for name, value in parameters.items()
    }


def test_a_file_that_is_not_named_in_utf_8_is_found_and_recognised(tmp_path: Path) -> None:
    file = tmp_path / "caf\udce9.txt"
    file.write_text("some input\n")
    status = file.stat()
    job = stored(tmp_path / "jobs", input=JobInput(str(file), status.st_size, status.st_mtime_ns, DIGEST, None))
    loaded = load(job.folder)
    assert loaded.input == file
    loaded.require_input()
    file.write_text("another input\n")
    with pytest.raises(InputError, match="has changed"):
        loaded.require_input()


def test_what_has_its_usual_value_is_not_written() -> None:
    assert plain(a_stage("copy")).keys() == {
        *("name", "uses", "environment", "needs", "inputs", "parameters", "models", "outputs"),
    }
    assert plain(a_stage("copy", resources={"cpus": 2}, retries={}))["resources"] == {"cpus": 2}


def test_a_plan_is_read_alike_from_each_of_its_forms(job: PlannedJob) -> None:
    written = decode((job.folder / "job.json").read_bytes(), Plan)
    assert written == decode(encode(job.plan), Plan) == job.plan


Change = Callable[[dict[str, Any]], object]


def stage_of(document: dict[str, Any]) -> dict[str, Any]:
    stage: dict[str, Any] = document["stages"][0]
    return stage


WRONG: dict[str, tuple[Change, str]] = {
    "an unknown field": (lambda plan: plan.update(shell="sh"), "unknown field `shell`"),
    "an unknown field of the input": (lambda plan: plan["input"].update(shell="sh"), "`shell` - at `$.input`"),
    "an unknown field of a stage": (lambda plan: stage_of(plan).update(shell="sh"), "`shell` - at `$.stages[0]`"),
    "an unknown resource": (
        lambda plan: stage_of(plan).update(resources={"fpgas": 1}),
        "unknown field `fpgas` - at `$.stages[0].resources`",
    ),
    "a missing field of a stage": (lambda plan: stage_of(plan).pop("outputs"), "field `outputs` - at `$.stages[0]`"),
    "another schema": (lambda plan: plan.update(schema=2), "Invalid enum value 2 - at `$.schema`"),
    "a number for a path": (lambda plan: plan["input"].update(path=3), "got `int` - at `$.input.path`"),
    "text for a size": (lambda plan: plan["input"].update(size="1"), "got `str` - at `$.input.size`"),
    "a part of a byte": (lambda plan: plan["input"].update(size=1.5), "got `float` - at `$.input.size`"),
    "a list for a parameter's place": (lambda plan: plan.update(parameters=[]), "got `array` - at `$.parameters`"),
    "one input for a list": (
        lambda plan: stage_of(plan).update(inputs={"file": "job.input"}),
        "Expected `array`, got `str` - at `$.stages[0].inputs[...]`",
    ),
    "a deliverable that is none": (lambda plan: plan.update(deliver=["copy.file", 3]), "at `$.deliver[1]`"),
    "another number of CPUs": (
        lambda plan: stage_of(plan).update(resources={"cpus": "many"}),
        "at `$.stages[0].resources.cpus`",
    ),
    "a time without end": (lambda plan: plan.update(grace_seconds=float("inf")), "Infinity isn't a value"),
    "NaN in a parameter": (
        lambda plan: stage_of(plan).update(parameters={"rate": float("nan")}),
        "NaN isn't a value that JSON has",
    ),
    "NaN beside a name that is no text": (
        lambda plan: plan.update(parameters={"rate": float("nan"), "path": ODD}),
        "NaN isn't a value that JSON has",
    ),
    "what is no text for a number": (lambda plan: plan.update(cache_limit=ODD), "surrogates not allowed"),
    "what is no text for a field": (lambda plan: plan.update({ODD: 1}), "surrogates not allowed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_plan_of_another_form_is_refused_with_the_place(job: PlannedJob, name: str) -> None:
    change, complaint = WRONG[name]
    document = plain(job.plan)
    change(document)
    forge(job, json.dumps(document).encode("ascii"))
    with pytest.raises(UsageError) as refused:
        load(job.folder)
    assert refused.value.exit_code is ExitCode.USAGE
    assert str(job.folder / "job.json") in refused.value.message
    assert complaint in refused.value.message
    assert refused.value.next_step


def test_a_job_has_the_digest_of_the_bytes_that_were_written(job: PlannedJob) -> None:
    assert job.state().job_digest == sha256_of_bytes((job.folder / "job.json").read_bytes())


def test_the_schema_takes_what_is_written_with_every_field(tmp_path: Path) -> None:
    stage = a_stage(
        "copy",
        for_each="other.list",
        ensure={"file": {"non_empty": True}},
        function=DIGEST,
        modules=["m"],
        services={"api": "server"},
        secrets={"token": "env:TOKEN"},
        passed=["TOKEN"],
        is_command=True,
        programs={"awk": "PATH"},
        title="Copy the file",
        start=["worker"],
        timeout_seconds=1.5,
        expected_seconds=2,
        expected_per_second=0.5,
        network=False,
        read_only=True,
        cache=False,
        resources={
            "cpus": "all",
            "memory": 1,
            "gpus": 1,
            "gpu_memory": 1,
            "cpu_will_do": True,
            "labels": {"node": "highmem"},
            "licences": {"solver": 2},
        },
        retries={"attempts": 2, "backoff": 0.5},
    )
    assert plain(stage).keys() == set(PlannedStage.__struct_fields__)
    assert plain(stage.resources).keys() == set(ResourceRequest.__struct_fields__)
    assert plain(stage.retries).keys() == set(Retries.__struct_fields__)
    service = PlannedService(a_stage("server"))
    assert schema_errors(plain(a_plan(stages=[stage], services=[plain(service)])), "job") == []


def test_a_message_names_a_stage_by_its_title_and_the_name_that_commands_take() -> None:
    assert a_stage("cut").label == "'cut'"
    assert replace(a_stage("cut"), title="Make\x1b cuts").label == "'Make\\x1b cuts' (cut)"


def test_a_way_to_start_that_there_is_no_more_is_passed_over() -> None:
    stage = replace(a_stage("copy"), start=("fork", "worker", "cold"))
    assert (stage.way(None), stage.way("cold")) == ("worker", "cold")
    assert replace(stage, start=("fork",)).way("worker") == "cold"
