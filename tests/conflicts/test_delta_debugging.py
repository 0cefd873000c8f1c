"""Delta debugging, on sets whose culprits are known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.conflicts.delta_debugging import Verdict, culprits

MEMBERS = tuple(range(16))


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
    assert culprits(MEMBERS, Judge(guilty)) == (tuple(sorted(guilty)), True)


def test_one_culprit_among_many_takes_few_trials() -> None:
    judge = Judge({11})
    culprits(tuple(range(64)), judge)
    assert len(judge.asked) <= 12


def test_no_set_is_judged_twice_and_the_two_ends_never() -> None:
    judge = Judge({2, 13})
    culprits(MEMBERS, judge)
    assert len(set(map(frozenset, judge.asked))) == len(judge.asked)
    assert not {frozenset(), frozenset(MEMBERS)} & set(map(frozenset, judge.asked))


def test_a_culprit_that_can_not_come_alone_is_told_with_what_it_needs() -> None:
    assert culprits(MEMBERS, Judge({4}, {4: 9})) == ((4, 9), False)


@given(
    st.sets(st.sampled_from(MEMBERS), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS), max_size=6),
)
@settings(deadline=None)
def test_what_is_told_is_known_to_break_it_whatever_can_not_be_judged(guilty: set[int], needs: dict[int, int]) -> None:
    judge = Judge(guilty, needs)
    found, is_minimal = culprits(MEMBERS, judge)
    assert found == MEMBERS or judge(found) is Verdict.BAD
    if is_minimal:
        assert all(judge(tuple(each for each in found if each != one)) is not Verdict.BAD for one in found)


def test_a_single_change_is_the_culprit_without_a_trial() -> None:
    judge = Judge({0})
    assert culprits((0,), judge) == ((0,), True)
    assert judge.asked == []
