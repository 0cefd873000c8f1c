"""What two jobs differ in."""

from typing import Any

import pytest

from pipeline.jobs.events import EditedOutput, OutputEdited
from pipeline.jobs.plan import Plan
from pipeline.jobs.records import OutputRecord
from pipeline.jobs.state import JobState, fold
from pipeline.report.comparison import compared
from pipeline.report.values import ReportedDifference
from tests.jobs.helpers import DIGEST, a_plan
from tests.report.helpers import finished

OTHER = "sha256:" + "1" * 64
NONE = JobState()
VERSIONS = {DIGEST: {"numpy": "2.3.0", "six": "1.17"}, OTHER: {"numpy": "1.26.4", "six": "1.17", "old": "1"}}


def causes(
    there: Plan, versions: dict[str, dict[str, str]] | None = None
) -> list[tuple[str, str, str | None, str | None]]:
    here = a_plan(parameters={"rate": 1}, models={"tiny": DIGEST}, environment_locks={"alpha": DIGEST})
    found = compared(here, there, (NONE, NONE), lambda _, key: (versions or {}).get(key))
    return [(each.kind, each.name, each.here, each.there) for each in found.causes]


def other(**fields: Any) -> Plan:
    same = {"parameters": {"rate": 1}, "models": {"tiny": DIGEST}, "environment_locks": {"alpha": DIGEST}}
    return a_plan(**{**same, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"parameters": {"rate": 2}}, [("parameter", "rate", "1", "2")]),
        ({"parameters": {}}, [("parameter", "rate", "1", None)]),
        ({"models": {"tiny": OTHER}}, [("model", "tiny", DIGEST, OTHER)]),
    ],
)
def test_parameters_and_models_are_compared_by_name(fields: dict[str, Any], expected: list[Any]) -> None:
    assert causes(other(**fields)) == expected


def test_of_environments_the_packages_are_named_that_differ() -> None:
    there = other(environment_keys={"alpha": OTHER}, environment_locks={"alpha": OTHER})
    assert causes(there, VERSIONS) == [
        ("package", "numpy in alpha", "2.3.0", "1.26.4"),
        ("package", "old in alpha", None, "1"),
    ]


def test_where_a_build_is_gone_its_lock_is_named() -> None:
    there = other(environment_keys={"alpha": OTHER}, environment_locks={"alpha": OTHER})
    assert causes(there) == [("lock", "alpha", DIGEST, OTHER)]


def test_where_nothing_else_tells_environments_apart_their_keys_do() -> None:
    assert causes(other(environment_keys={"alpha": OTHER})) == [("environment", "alpha", DIGEST, OTHER)]


def test_outputs_are_compared_by_digest() -> None:
    same = finished("one", 1, 1)
    changed = finished("two", 1, 1, outputs={"file": OutputRecord("copy.txt", 1, 1, OTHER)})
    states = fold([same, finished("two", 1, 1)]), fold([same, changed])
    found = compared(a_plan(), a_plan(), states, lambda _name, _key: None)
    assert found.outputs == (ReportedDifference("output", "two.file", DIGEST, OTHER),)


def test_what_a_person_has_edited_in_one_of_them_is_named() -> None:
    edited = {"file": EditedOutput(DIGEST, OutputRecord("1/copy.txt", 1, 1, OTHER))}
    states = fold([finished("one", 1, 1), OutputEdited("one", edited, "Ann")]), fold([finished("one", 1, 1)])
    found = compared(a_plan(), a_plan(), states, lambda _name, _key: None)
    assert found.causes == (ReportedDifference("edit", "one", "by Ann", None),)
    assert found.outputs == (ReportedDifference("output", "one.file", OTHER, DIGEST),)
    assert compared(a_plan(), a_plan(), (states[0], states[0]), lambda _name, _key: None).causes == ()
