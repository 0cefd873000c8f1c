"""What a job's record says of its environments, and which of its results are nobody else's."""

from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.envs.external.source import Source
from pipeline.jobs import environment_sources
from pipeline.jobs.plan_bounds import out_of_bounds
from tests.jobs.helpers import document, stage

ID = "job-20260101-me-0001"
WARNED = {"source": "degraded", "place": "/old", "migration_target": "venv/alpha", "warning": "/old: it is ill"}
KEY = "sha256:" + "0" * 64


def plan(*stages: dict[str, Any], **of: dict[str, Any]) -> dict[str, Any]:
    names = ("alpha", "beta")
    return document(
        ID,
        stages=list(stages),
        environments={name: f"venv/{name}" for name in names},
        environment_keys=dict.fromkeys(names, KEY),
        environment_sources=of,
    )


def after(name: str, *needs: str, environment: str = "beta", **changes: Any) -> dict[str, Any]:
    return stage(name, needs=list(needs), environment=environment, **{"inputs": {"file": ["job.input"]}, **changes})


def test_a_plan_of_healthy_environments_keeps_nothing_apart() -> None:
    assert environment_sources.unshared(plan(stage("one"), alpha={"source": "legacy", "place": "/old"})) == {}


def test_a_stage_in_an_environment_with_a_warning_is_kept_apart() -> None:
    found = environment_sources.unshared(plan(stage("one"), after("two"), alpha=WARNED))
    assert found == {"one": "environment alpha: /old: it is ill"}


def test_so_is_all_that_builds_on_it() -> None:
    stages = [
        stage("one"),
        after("needs", "one"),
        after("takes", inputs={"file": ["one.file"]}),
        after("last", inputs={"file": ["job.input", "needs.file"]}),
        after("other"),
    ]
    found = environment_sources.unshared(plan(*stages, alpha=WARNED))
    assert list(found) == ["one", "needs", "takes", "last"]
    assert found["last"].startswith("it builds on stage 'needs'")


def test_so_is_a_fan_out_over_its_list_and_what_goes_with_its_members() -> None:
    stages = [
        stage("one"),
        after("each", inputs={}, for_each="one.file"),
        after("pair", inputs={"file": ["each[$each].file"]}, for_each="other.list"),
    ]
    assert list(environment_sources.unshared(plan(*stages, alpha=WARNED))) == ["one", "each", "pair"]


def test_so_is_a_stage_whose_programs_come_from_it() -> None:
    planned = plan(after("two"), alpha=WARNED)
    assert list(environment_sources.unshared({**planned, "tools": {"beta": {"ffmpeg": "alpha"}}})) == ["two"]


def test_a_plan_that_says_nothing_was_made_with_live_builds() -> None:
    assert [each.source for each in environment_sources.origins(document(ID))] == [Source.LIVE]


def test_a_live_build_is_nothing_to_tell() -> None:
    assert list(environment_sources.told(plan(stage("one"), alpha={"source": "live"}))) == []


def test_what_stands_in_is_told_with_the_way_to_the_real_one() -> None:
    stands_in = {"source": "legacy", "place": "/old", "migration_target": "venv/alpha"}
    assert list(environment_sources.told(plan(stage("one"), alpha=stands_in))) == [
        "environment alpha is legacy /old",
        "bootstrap --env alpha   builds venv/alpha, which later jobs get",
    ]


def test_a_warning_is_told_as_one() -> None:
    first = next(environment_sources.told(plan(stage("one"), alpha=WARNED)))
    assert first == "warning: environment alpha is degraded /old: it is ill"


def test_the_schema_knows_every_source() -> None:
    for source in Source:
        assert schema_errors(plan(stage("one"), alpha={"source": source.value}), "job") == []


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"gamma": {"source": "live"}}, "'gamma' isn't an environment of this job"),
        ({"alpha": {"source": "anything"}}, "'anything' isn't a source of environments"),
        ({"alpha": {}}, "it hasn't the form of a plan"),
        (["alpha"], "it hasn't the form of a plan"),
    ],
)
def test_a_forged_source_is_out_of_bounds(said: Any, complaint: str) -> None:
    forged = {**document(ID), "environment_sources": said}
    assert complaint in str(out_of_bounds(forged, ID))
