"""A person's changes in cues that were made again: by time and by words, and nothing is lost."""

from subtitling.cue_merge import merge
from subtitling.cues import Cue

A, B, C = Cue(1000, 3000, "It was the best"), Cue(3000, 6000, "of thymes"), Cue(7000, 9000, "the end")
MENDED = B._replace(text="of times")


def test_without_a_change_the_other_cues_stay_as_they_are() -> None:
    other = [A, B._replace(text="something else"), C._replace(end=8000)]
    assert merge([A, B, C], [A, B, C], other) == (other, [], [])


def test_a_changed_text_goes_into_cues_with_new_times() -> None:
    moved = [cue._replace(start=cue.start + 120, end=cue.end + 120) for cue in (A, B, C)]
    merged = merge([A, B, C], [A, MENDED, C], moved)
    assert merged.cues == [moved[0], MENDED._replace(start=3120, end=6120), moved[2]]
    assert (len(merged.edits), merged.clashes) == (1, [])


def test_a_changed_time_stays_as_the_person_has_it() -> None:
    later = C._replace(start=7500)
    assert merge([A, B, C], [A, B, later], [A, B, C]).cues == [A, B, later]


def test_cues_that_both_have_changed_keep_the_persons_text_and_clash() -> None:
    other = B._replace(text="of dimes")
    merged = merge([A, B, C], [A, MENDED, C], [A, other, C])
    assert merged.cues == [A, MENDED, C]
    assert merged.clashes == [((B,), (MENDED,), (other,))]


def test_what_the_new_cues_say_already_is_no_clash() -> None:
    merged = merge([A, B, C], [A, MENDED, C], [A, B._replace(text="Of times!"), C])
    assert (merged.cues, merged.clashes) == ([A, MENDED, C], [])


def test_cues_that_were_added_removed_split_and_joined_stay_so() -> None:
    added, first, second = Cue(6200, 6900, "new"), Cue(1000, 2000, "It was"), Cue(2000, 3000, "the best")
    assert merge([A, B, C], [A, B, added, C], [A, B, C]).cues == [A, B, added, C]
    assert merge([A, B, C], [A, C], [A, B, C]).cues == [A, C]
    assert merge([A, B, C], [first, second, B, C], [A, B, C]).cues == [first, second, B, C]
    joined = Cue(1000, 6000, "It was the best of times")
    assert merge([A, B, C], [joined, C], [A, B, C]).cues == [joined, C]


def test_a_cue_that_was_removed_but_says_something_else_now_is_a_clash() -> None:
    other = B._replace(text="of dimes")
    merged = merge([A, B, C], [A, C], [A, other, C])
    assert (merged.cues, merged.clashes) == ([A, C], [((B,), (), (other,))])


def test_new_cues_that_are_cut_otherwise_lose_no_word() -> None:
    joined = Cue(1000, 6000, "It was the best of thymes")
    merged = merge([A, B, C], [A, MENDED, C], [joined, C])
    assert (merged.cues, merged.clashes) == ([A, MENDED, C], [])


def test_no_cue_reaches_into_the_next_one_by_a_merge() -> None:
    other = [A._replace(end=3200), B._replace(start=3200), C]
    later = MENDED._replace(start=3050)
    merged = merge([A, B, C], [A, later, C], other)
    assert merged.cues == [A._replace(end=3050), later, C]
