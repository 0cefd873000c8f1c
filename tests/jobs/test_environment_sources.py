"""What a job's record says of its environments, and which of its results are nobody else's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.errors import UsageError
from pipeline.jobs import environment_sources
from pipeline.jobs.job import load
from pipeline.jobs.plan import EnvironmentOrigin, Plan, PlannedStage
from pipeline.values import plain
from tests.jobs.helpers import DIGEST, a_plan, a_stage, forge, stored

Origin = Mapping[str, str]
LEGACY: Origin = {"source": "legacy", "place": "/old"}
WARNED: Origin = {**LEGACY, "source": "degraded", "migration_target": "venv/alpha", "warning": "/old: it is ill"}


def plan(*stages: PlannedStage, tools: Mapping[str, Mapping[str, str]] | None = None, **origins: Origin) -> Plan:
    names = ("alpha", "beta")
    return a_plan(
        stages=stages,
        environments={name: f"venv/{name}" for name in names},
        environment_keys=dict.fromkeys(names, DIGEST),
        environment_sources=origins,
        tools=tools or {},
    )


def after(name: str, *needs: str, **fields: Any) -> PlannedStage:
    return a_stage(name, **{"needs": needs, "environment": "beta", **fields})


def unshared(plan: Plan) -> dict[str, str]:
    return environment_sources.unshared(plan.stages, plan.environment_sources, plan.tools)


def test_a_plan_of_healthy_environments_keeps_nothing_apart() -> None:
    assert unshared(plan(a_stage("one"), alpha=LEGACY)) == {}


def test_a_stage_in_an_environment_with_a_warning_is_kept_apart() -> None:
    found = unshared(plan(a_stage("one"), after("two"), alpha=WARNED))
    assert found == {"one": "environment alpha: /old: it is ill"}


def test_so_is_all_that_builds_on_it() -> None:
    stages = [
        a_stage("one"),
        after("needs", "one"),
        after("takes", inputs={"file": ["one.file"]}),
        after("last", inputs={"file": ["job.input", "needs.file"]}),
        after("other"),
    ]
    found = unshared(plan(*stages, alpha=WARNED))
    assert list(found) == ["one", "needs", "takes", "last"]
    assert found["last"].startswith("it builds on stage 'needs'")


def test_so_is_a_fan_out_over_its_list_and_what_goes_with_its_members() -> None:
    stages = [
        a_stage("one"),
        after("each", inputs={}, for_each="one.file"),
        after("pair", inputs={"file": ["each[$each].file"]}, for_each="other.list"),
    ]
    assert list(unshared(plan(*stages, alpha=WARNED))) == ["one", "each", "pair"]


def test_so_is_a_stage_whose_programs_come_from_it() -> None:
    assert list(unshared(plan(after("two"), tools={"beta": {"ffmpeg": "alpha"}}, alpha=WARNED))) == ["two"]


def test_a_plan_that_says_nothing_was_made_with_live_builds() -> None:
    assert a_plan().origin("alpha") == EnvironmentOrigin(EnvironmentSource.LIVE)


def test_a_live_build_is_nothing_to_tell() -> None:
    assert list(environment_sources.messages(plan(a_stage("one"), alpha={"source": "live"}))) == []


def test_what_stands_in_is_told_with_the_way_to_the_real_one() -> None:
    stands_in = {**LEGACY, "migration_target": "venv/alpha"}
    assert list(environment_sources.messages(plan(a_stage("one"), alpha=stands_in))) == [
        "environment alpha is legacy /old",
        "bootstrap --env alpha   builds venv/alpha, which later jobs get",
    ]


def test_a_warning_is_told_as_one() -> None:
    first = next(environment_sources.messages(plan(a_stage("one"), alpha=WARNED)))
    assert first.startswith("warning: environment alpha ")
    assert first.endswith("/old: it is ill")


def test_the_schema_knows_every_source() -> None:
    for source in EnvironmentSource:
        assert schema_errors(plain(plan(a_stage("one"), alpha={"source": source.value})), "job") == []


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        ({"gamma": {"source": "live"}}, "'gamma' isn't an environment of this job"),
        ({"alpha": {"source": "anything"}}, "Invalid enum value 'anything' - at `$.environment_sources[...].source`"),
        ({"alpha": {}}, "missing required field `source` - at `$.environment_sources[...]`"),
        (["alpha"], "Expected `object`, got `array` - at `$.environment_sources`"),
    ],
)
def test_a_forged_source_is_refused(tmp_path: Path, sources: Any, complaint: str) -> None:
    job = stored(tmp_path)
    forge(job, {**plain(job.plan), "environment_sources": sources})
    with pytest.raises(UsageError) as caught:
        load(job.folder)
    assert complaint in caught.value.message
