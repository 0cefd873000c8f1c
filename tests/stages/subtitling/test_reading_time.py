"""Time to read that neighbours hand on."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from subtitling.reading_time import ShiftLimits, shift_starts

LIMITS = ShiftLimits(lead=25, lag=50, gap=8, end=100_000)
CUES = st.lists(st.tuples(st.integers(91, 400), st.integers(83, 300)), min_size=1, max_size=30)


def too_quick(starts: list[int], needed: list[int]) -> list[int]:
    """The cues that are, and by how much."""
    until = [*(start - LIMITS.gap for start in starts[1:]), LIMITS.end]
    return [max(0, need - (end - start)) for start, end, need in zip(starts, until, needed, strict=True)]


@given(CUES)
def test_sharing_makes_no_cue_quicker_than_it_must_be_and_moves_none_far(cues: list[tuple[int, int]]) -> None:
    spoken, clock = [], 0
    for apart, _ in cues:
        spoken.append(clock)
        clock += apart
    needed = [need for _, need in cues]
    starts = shift_starts(spoken, spoken, needed, LIMITS)
    before, after = too_quick(spoken, needed), too_quick(starts, needed)
    assert all(now <= then for then, now in zip(before, after, strict=True))
    assert all(-LIMITS.lead <= start - said <= LIMITS.lag for start, said in zip(starts, spoken, strict=True))
    assert all(first < second for first, second in pairwise(starts))


def test_where_all_can_be_read_nothing_moves() -> None:
    assert shift_starts([0, 200, 400], [0, 200, 400], [100, 100, 100], LIMITS) == [0, 200, 400]


def test_time_comes_through_a_neighbour_that_has_none_itself() -> None:
    starts = shift_starts([0, 120, 240], [0, 120, 240], [132, 112, 100], LIMITS)
    assert starts == [0, 140, 260]


def test_the_first_cue_does_not_come_before_the_movie() -> None:
    assert shift_starts([10, 100], [10, 100], [200, 100], LIMITS)[0] == 0
