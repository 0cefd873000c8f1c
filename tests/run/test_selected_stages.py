"""Which stages a run is about."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.run.selected_stages import SelectedStages, choose
from pipeline.run.selection import ALL, Selection
from tests.jobs.helpers import a_plan
from tests.run.helpers import fan_out, link, lister, paired

STAGES = [
    link("a"),
    link("b", "a"),
    link("c", "a"),
    link("d", "b", "c"),
    link("lone"),
]


def chosen(*stages: PlannedStage, **asked: str) -> SelectedStages:
    return choose(PlannedJob(Path("/jobs/j"), a_plan(stages=stages or STAGES)), Selection(**asked))


def test_without_a_selection_all_is_chosen() -> None:
    found = chosen()
    assert found.may_run == {"a", "b", "c", "d", "lone"}
    assert (found.whole, found.forced) == (True, frozenset())
    assert list(found.stages) == STAGES


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({"start": "b"}, "bd"),
        ({"until": "b"}, "ab"),
        ({"only": "b"}, "b"),
        ({"start": "a", "until": "b"}, "ab"),
        ({"start": "b", "until": "d"}, "bd"),
        ({"start": "b", "only": "d"}, "d"),
    ],
)
def test_a_part_is_chosen(asked: dict[str, str], runs: str) -> None:
    found = chosen(**asked)
    assert found.may_run == set(runs)
    assert not found.whole


def test_what_comes_before_is_looked_at_and_not_run() -> None:
    found = chosen(start="d")
    assert [stage.name for stage in found.stages] == ["a", "b", "c", "d"]
    assert found.may_run == {"d"}


def test_a_selection_of_everything_is_the_whole() -> None:
    assert chosen(link("a"), link("b", "a"), until="b").whole


@pytest.mark.parametrize(
    ("asked", "forced"),
    [
        ({"force": ALL}, {"a", "b", "c", "d", "lone"}),
        ({"force": "b"}, {"b"}),
        ({"force": ALL, "until": "b"}, {"a", "b"}),
        ({"force": "a", "until": "b"}, {"a"}),
    ],
)
def test_what_is_chosen_can_be_forced(asked: dict[str, str], forced: set[str]) -> None:
    assert chosen(**asked).forced == forced


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"start": "bb"}, "has no stage 'bb'"),
        ({"until": "lon"}, "has no stage 'lon'; did you mean 'lone'?"),
        ({"only": "x"}, "has no stage 'x'"),
        ({"force": "x"}, "has no stage 'x'"),
        ({"start": "b", "until": "a"}, "has no stage that all of these options choose: --from b, --until a"),
        ({"only": "a", "until": "lone"}, "has no stage that all of these options choose: --until lone, --only a"),
        ({"force": "a", "only": "b"}, "can't run 'a' again (--force): these options don't choose it: --only b"),
    ],
)
def test_what_can_not_be_chosen_is_told_with_what_helps(asked: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(**asked)
    assert message in caught.value.message
    assert caught.value.next_step == "pipeline job show j"


def test_members_that_go_with_others_come_with_them() -> None:
    stages = [lister(), fan_out("part"), paired("then", "part"), link("join", "then")]
    assert chosen(*stages, until="then").may_run == {"split", "part", "then"}
    assert chosen(*stages, start="part").may_run == {"part", "then", "join"}
