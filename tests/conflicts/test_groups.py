"""The fewest groups."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.conflicts.groups import EXACT, Group, fewest_groups


class Judge:
    def __init__(self, conflicts: list[set[str]]) -> None:
        self.conflicts = conflicts
        self.asked: list[Group] = []

    def __call__(self, group: Group) -> bool:
        self.asked.append(group)
        return not any(conflict <= group for conflict in self.conflicts)


def test_all_that_fit_are_one_group_after_one_question() -> None:
    judge = Judge([])
    assert fewest_groups(["a", "b", "c"], judge) == ([frozenset("abc")], True)
    assert len(judge.asked) == 1


def test_three_of_which_each_two_fit_are_two_groups() -> None:
    groups, _ = fewest_groups(["a", "b", "c"], Judge([{"a", "b", "c"}]))
    assert sorted(map(len, groups)) == [1, 2]


def test_the_first_that_fits_is_not_always_the_fewest() -> None:
    # a fits b, c fits d and b; put where they first fit in this order, they would be three.
    groups, is_fewest = fewest_groups(["a", "b", "c", "d"], Judge([{"a", "c"}, {"a", "d"}, {"b", "d"}]))
    assert (len(groups), is_fewest) == (2, True)


def test_nobody_is_no_group() -> None:
    assert fewest_groups([], Judge([])) == ([], True)


def test_beyond_what_can_be_tried_out_it_says_that_there_may_be_fewer() -> None:
    names = [f"n{number:02}" for number in range(EXACT + 1)]
    groups, is_fewest = fewest_groups(names, Judge([{names[0], names[1]}]))
    assert (len(groups), is_fewest) == (2, False)


MEMBERS = "abcdef"


@given(st.lists(st.sets(st.sampled_from(MEMBERS), min_size=2, max_size=3), max_size=8))
@settings(deadline=None)
def test_there_is_no_way_with_fewer_and_no_group_holds_a_conflict(conflicts: list[set[str]]) -> None:
    judge = Judge(conflicts)
    groups, _ = fewest_groups(list(MEMBERS), judge)
    assert sorted(each for group in groups for each in group) == list(MEMBERS)
    assert all(Judge(conflicts)(group) for group in groups)
    assert not any(_covers(count, conflicts) for count in range(1, len(groups)))
    assert len(judge.asked) == len(set(judge.asked))


def _covers(count: int, conflicts: list[set[str]]) -> bool:
    whole = [
        set(group)
        for size in range(1, 7)
        for group in combinations(MEMBERS, size)
        if Judge(conflicts)(frozenset(group))
    ]
    largest = [group for group in whole if not any(group < other for other in whole)]
    return any(set().union(*chosen) == set(MEMBERS) for chosen in combinations(largest, min(count, len(largest))))
