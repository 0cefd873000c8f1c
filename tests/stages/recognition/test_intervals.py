from hypothesis import given
from hypothesis import strategies as st
from recognition.intervals import Interval, difference, intersection, length, merged, overlapping

some = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=12).map(
    lambda pairs: merged((float(start), float(start + size)) for start, size in pairs if size)
)


def units(intervals: list[Interval]) -> set[int]:
    return {unit for start, end in intervals for unit in range(int(start), int(end))}


@given(some, some)
def test_common_and_without_are_those_of_sets(one: list[Interval], other: list[Interval]) -> None:
    assert units(intersection(one, other)) == units(one) & units(other)
    assert units(difference(one, other)) == units(one) - units(other)
    assert length(intersection(one, other)) + length(difference(one, other)) == length(one)


@given(some, some)
def test_touched_are_the_whole_ones_that_share_something(one: list[Interval], other: list[Interval]) -> None:
    assert overlapping(one, other) == [each for each in one if units([each]) & units(other)]


def test_near_ones_become_one() -> None:
    assert merged([(3.0, 4.0), (0.0, 1.0), (1.2, 2.0)], within=0.5) == [(0.0, 2.0), (3.0, 4.0)]
