"""The smallest part that fails, in sets whose conflicts and culprits are known."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.conflicts.minimal_subsets import Verdict, minimal_cause, minimal_conflict

MEMBERS = tuple(range(16))


@given(st.lists(st.sets(st.integers(0, 20), min_size=1, max_size=4), min_size=1, max_size=3))
@settings(deadline=None)
def test_it_fails_and_nothing_less_of_it_does(conflicts: list[set[int]]) -> None:
    def fits(members: Sequence[int]) -> bool:
        return not any(conflict <= set(members) for conflict in conflicts)

    core = minimal_conflict(range(21), fits)
    assert not fits(core)
    assert all(fits([each for each in core if each != one]) for one in core)


def test_two_among_many_are_found_in_few_questions() -> None:
    asked = []

    def fits(members: Sequence[int]) -> bool:
        asked.append(members)
        return not {17, 90} <= set(members)

    assert minimal_conflict(range(100), fits) == (17, 90)
    assert len(asked) < 30


def test_a_set_that_fails_although_a_larger_one_fits_is_made_smaller_still() -> None:
    failing = [{1, 2, 3}, {2, 3}]
    assert minimal_conflict((1, 2, 3), lambda members: set(members) not in failing) == (2, 3)


class Judge:
    """Bad where all culprits are in it; unknown where one that needs another comes without it."""

    def __init__(self, guilty: set[int], needs: dict[int, int] | None = None) -> None:
        self.guilty = guilty
        self.needs = needs or {}
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, chosen: tuple[int, ...]) -> Verdict:
        self.asked.append(chosen)
        if any(one in chosen and other not in chosen for one, other in self.needs.items()):
            return Verdict.UNKNOWN
        return Verdict.BAD if self.guilty <= set(chosen) else Verdict.GOOD


@given(st.sets(st.sampled_from(MEMBERS), min_size=1, max_size=4))
@settings(deadline=None)
def test_exactly_the_culprits_are_found(guilty: set[int]) -> None:
    assert minimal_cause(MEMBERS, Judge(guilty)) == (tuple(sorted(guilty)), True)


def test_one_culprit_among_many_takes_few_trials() -> None:
    judge = Judge({11})
    minimal_cause(tuple(range(64)), judge)
    assert len(judge.asked) <= 12


def test_no_set_is_judged_twice_and_the_two_ends_never() -> None:
    judge = Judge({2, 13})
    minimal_cause(MEMBERS, judge)
    assert len(set(map(frozenset, judge.asked))) == len(judge.asked)
    assert not {frozenset(), frozenset(MEMBERS)} & set(map(frozenset, judge.asked))


def test_a_culprit_that_can_not_come_alone_is_told_with_what_it_needs() -> None:
    assert minimal_cause(MEMBERS, Judge({4}, {4: 9})) == ((4, 9), False)


@given(
    st.sets(st.sampled_from(MEMBERS), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS), max_size=6),
)
@settings(deadline=None)
def test_what_is_told_is_known_to_break_it_whatever_can_not_be_judged(guilty: set[int], needs: dict[int, int]) -> None:
    judge = Judge(guilty, needs)
    found, is_minimal = minimal_cause(MEMBERS, judge)
    assert found == MEMBERS or judge(found) is Verdict.BAD
    if is_minimal:
        assert all(judge(tuple(each for each in found if each != one)) is not Verdict.BAD for one in found)


def test_a_single_change_is_the_culprit_without_a_trial() -> None:
    judge = Judge({0})
    assert minimal_cause((0,), judge) == ((0,), True)
    assert judge.asked == []
