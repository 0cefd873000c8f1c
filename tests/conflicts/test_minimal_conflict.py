"""The smallest part that fails."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.conflicts.minimal_conflict import minimal


@given(st.lists(st.sets(st.integers(0, 20), min_size=1, max_size=4), min_size=1, max_size=3))
@settings(deadline=None)
def test_it_fails_and_nothing_less_of_it_does(conflicts: list[set[int]]) -> None:
    def fits(members: Sequence[int]) -> bool:
        return not any(conflict <= set(members) for conflict in conflicts)

    core = minimal(range(21), fits)
    assert not fits(core)
    assert all(fits([each for each in core if each != one]) for one in core)


def test_two_among_many_are_found_in_few_questions() -> None:
    asked = []

    def fits(members: Sequence[int]) -> bool:
        asked.append(members)
        return not {17, 90} <= set(members)

    assert minimal(range(100), fits) == (17, 90)
    assert len(asked) < 30


def test_a_set_that_fails_although_a_larger_one_fits_is_made_smaller_still() -> None:
    failing = [{1, 2, 3}, {2, 3}]
    assert minimal((1, 2, 3), lambda members: set(members) not in failing) == (2, 3)
