from recognition.window_merge import merge

from tests.stages.recognition.helpers import said, text


def test_two_windows_are_joined_where_both_heard_the_same() -> None:
    before = [said(8.0, "it", "was", "the", "best", "of", "tie")]  # the last one is cut off
    after = [said(8.9, "the", "best", "of", "times", "it", "was")]
    assert text(merge(before, after, 9.5)) == "it was the best of times it was"


def test_without_anything_in_common_each_keeps_its_own_side() -> None:
    assert text(merge([said(8.0, "a", "b", "c", "d")], [said(8.4, "x", "y", "z", "w")], 9.0)) == "a b y z w"


def test_small_letters_and_marks_make_no_difference() -> None:
    assert text(merge([said(9.0, "hope,")], [said(9.1, "Hope", "again")], 9.2)) == "Hope again"


def test_a_window_that_heard_nothing_takes_nothing_away() -> None:
    assert text(merge([said(7.0, "before")], [], 9.0)) == "before"
    assert text(merge([], [said(9.5, "after")], 9.0)) == "after"
