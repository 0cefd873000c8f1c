"""The order in which candidates are preferred, as a pure decision."""

from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.choice.decision import (
    EnvironmentCandidate,
    EnvironmentOptions,
    Make,
    Refuse,
    Situation,
    Use,
    Wait,
    decide,
)
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.values import replace

BUILD = Build("alpha", Path("/venv/.builds/alpha"), "sha256:1", None)
LIVE = EnvironmentCandidate(EnvironmentSource.LIVE, "venv/alpha", BUILD)
ABSENT = EnvironmentCandidate(EnvironmentSource.LIVE, "venv/alpha", None, "it isn't built")
LEGACY = EnvironmentCandidate(EnvironmentSource.LEGACY, "/old", Build(BUILD.name, Path("/old"), BUILD.key, None))
ILL = replace(LEGACY, problem="importing quirk fails")
GONE = EnvironmentCandidate(EnvironmentSource.LEGACY, "/gone", None, "it isn't there")
ALL = EnvironmentOptions(wait_seconds=1, build=True, degraded=True)


def there_is(*candidates: EnvironmentCandidate, builder: str | None = None) -> Situation:
    return Situation("alpha", candidates, True, builder)


def test_a_healthy_live_build_goes_before_everything() -> None:
    assert decide(there_is(LIVE, LEGACY, builder="process 1 on here"), ALL) == Use(EnvironmentSource.LIVE, LIVE)


def test_a_damaged_live_build_is_no_candidate() -> None:
    damaged = replace(LIVE, problem="its packages have changed")
    assert isinstance(decide(there_is(damaged), EnvironmentOptions(degraded=True)), Refuse)


def test_a_healthy_legacy_one_goes_before_waiting_and_building() -> None:
    assert decide(there_is(ABSENT, ILL, LEGACY, builder="process 1 on here"), ALL) == Use(
        EnvironmentSource.LEGACY, LEGACY
    )


def test_another_process_s_build_is_waited_for_before_anything_is_built() -> None:
    assert decide(there_is(ABSENT, ILL, builder="process 1 on here"), ALL) == Wait("process 1 on here")


def test_a_build_is_made_only_where_that_is_allowed() -> None:
    assert decide(there_is(ABSENT, ILL), ALL) == Make()
    assert isinstance(decide(there_is(ABSENT, ILL), EnvironmentOptions(wait_seconds=1)), Refuse)


def test_a_build_that_another_process_still_makes_is_not_made_twice() -> None:
    refused = decide(there_is(ABSENT, builder="process 1 on here"), EnvironmentOptions(build=True))
    assert refused == Refuse(
        "it isn't built; process 1 on here is building it",
        "try again when it is built, or give prepare-job the option --wait with a number of seconds",
    )


def test_what_is_in_the_way_of_a_build_is_told_before_one_is_tried() -> None:
    blocked = replace(
        there_is(EnvironmentCandidate(EnvironmentSource.LIVE, "venv/alpha", None, "it isn't built")),
        place_problem="a folder is there",
    )
    refused = decide(blocked, EnvironmentOptions(build=True))
    assert isinstance(refused, Refuse)
    assert "a folder is there" in refused.reason
    assert refused.command.endswith("bootstrap --env alpha")


def test_one_that_is_not_healthy_is_taken_only_on_request_and_last() -> None:
    assert decide(there_is(ABSENT, GONE, ILL), EnvironmentOptions(degraded=True)) == Use(
        EnvironmentSource.DEGRADED, ILL
    )
    assert isinstance(decide(there_is(ABSENT, GONE, ILL), EnvironmentOptions()), Refuse)


def test_one_that_does_not_even_run_is_never_taken() -> None:
    assert isinstance(decide(there_is(ABSENT, GONE), EnvironmentOptions(degraded=True)), Refuse)


def test_a_refusal_gives_each_candidate_s_reason_and_all_that_helps() -> None:
    refused = decide(there_is(ABSENT, GONE, ILL), EnvironmentOptions())
    assert refused == Refuse(
        "it isn't built; legacy /gone: it isn't there; legacy /old: importing quirk fails",
        "bootstrap --env alpha\nor give prepare-job the option --allow-degraded",
    )


def test_an_external_environment_is_neither_built_nor_offered_to_be() -> None:
    theirs = Situation(
        "alpha",
        (EnvironmentCandidate(EnvironmentSource.INTERPRETER, "/theirs", None, "it isn't there"),),
        buildable=False,
    )
    refused = decide(theirs, ALL)
    assert isinstance(refused, Refuse)
    assert "bootstrap" not in refused.command
    assert "/theirs" in refused.reason


@pytest.mark.parametrize("allowed", [EnvironmentOptions(), ALL])
def test_what_can_change_unseen_is_healthy_all_the_same(allowed: EnvironmentOptions) -> None:
    editable = replace(LEGACY, caveat="quirk is installed from a folder that may be edited")
    assert decide(there_is(ABSENT, editable), allowed) == Use(EnvironmentSource.LEGACY, editable)
