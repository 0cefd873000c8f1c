"""What operations do to a draft's cues, what they may not do, and two people at once."""

import pytest

from pipeline.subtitles import operations as ops
from pipeline.subtitles.draft import Draft, DraftBegun, EditConflict, after_lines, next_line
from pipeline.subtitles.draft_cues import DraftCue, EditRejected
from tests.subtitles.helpers import AT, CUES, FILM_END, begun, edited, texts


def test_a_cue_gets_another_text_without_spaces_and_lines_that_say_nothing() -> None:
    draft = edited(begun(), ops.TextOperation("3", " Quite \r\n\n well.\x07 "))
    assert draft.cues["3"].text == "Quite\nwell."


def test_a_text_as_it_was_is_no_change() -> None:
    assert edited(begun(), ops.TextOperation("3", "Fine.")).is_empty


@pytest.mark.parametrize("text", ["", " \n ", "<i></i>", "x" * 3000])
def test_a_text_that_can_t_be_one_is_rejected(text: str) -> None:
    with pytest.raises(EditRejected):
        edited(begun(), ops.TextOperation("3", text))


@pytest.mark.parametrize(
    ("id", "start", "end"),
    [("3", 8000, 8000), ("3", 9000, 8000), ("3", -1, 8000), ("3", 6000, 10_001), ("3", 4999, 8000), ("1", 1000, 3001)],
)
def test_times_that_can_t_be_shown_are_rejected(id: str, start: int, end: int) -> None:
    with pytest.raises(EditRejected):
        edited(begun(), ops.TimesOperation(id, start, end))


def test_cues_may_touch_and_may_be_shown_with_one_in_another_row() -> None:
    draft = begun((*CUES, DraftCue("4", 6500, 7500, "SIGN", alignment=8)))
    assert edited(draft, ops.TimesOperation("3", 5000, 10_000)).cues["3"].start == 5000


def test_cues_that_were_shown_at_once_before_may_stay_so_and_not_become_worse() -> None:
    draft = begun((DraftCue("1", 0, 2000, "a"), DraftCue("2", 1000, 3000, "b")))
    assert edited(draft, ops.TimesOperation("2", 1000, 4000)).cues["2"].end == 4000
    with pytest.raises(EditRejected):
        edited(draft, ops.TimesOperation("2", 900, 3000))


def test_a_cue_is_split_at_a_word_and_a_tag_goes_on_in_both() -> None:
    draft = edited(begun(), ops.SplitOperation("2", len("<i>How are")))
    first, second = sorted((cue for cue in draft.cues.values() if 3000 <= cue.start < 6000), key=lambda cue: cue.start)
    assert (first.text, second.text) == ("<i>How are</i>", "<i>you today?</i>")
    assert first.id == "2"
    assert second.speaker == "Bob"
    assert 3000 == first.start < first.end == second.start < second.end == 5000


def test_a_split_takes_the_time_of_the_word() -> None:
    draft = edited(begun(), ops.SplitOperation("1", 6, at=1234))
    assert draft.cues["1"].end == 1234


@pytest.mark.parametrize("offset", [0, 23, 99])
def test_a_split_that_leaves_a_cue_without_text_is_rejected(offset: int) -> None:
    with pytest.raises(EditRejected):
        edited(begun(), ops.SplitOperation("1", offset))


def test_two_cues_become_one_with_a_dash_for_each_who_speaks() -> None:
    draft = edited(begun(), ops.MergeOperation("1"))
    assert draft.cues["1"] == DraftCue(
        "1", 1000, 5000, "- Hello there, my friend.\n- <i>How are you today?</i>", "Ann / Bob"
    )
    assert "2" not in draft.cues


def test_cues_of_one_speaker_are_joined_in_two_lines() -> None:
    draft = begun((DraftCue("1", 0, 1, "one two\nthree"), DraftCue("2", 2, 3, "four five")))
    assert edited(draft, ops.MergeOperation("1")).cues["1"].text == "one two three\nfour five"


def test_the_last_cue_has_none_to_be_joined_with() -> None:
    with pytest.raises(EditRejected):
        edited(begun(), ops.MergeOperation("3"))


def test_cues_are_added_and_deleted() -> None:
    draft = edited(begun(), ops.AddOperation(8000, 9000, "Bye."), ops.DeleteOperation(("1", "2")))
    assert texts(draft) == ["Fine.", "Bye."]
    with pytest.raises(EditRejected):
        edited(draft, ops.AddOperation(7000, 8500, "Too much."))


def test_a_speaker_is_renamed_everywhere_and_beside_others() -> None:
    draft = edited(begun(), ops.MergeOperation("1"), ops.RenameOperation("Ann", "Anna <the> great"))
    assert [cue.speaker for cue in draft.cues.values()] == ["Anna the great / Bob", "Anna the great"]


def test_a_proposal_takes_the_place_of_cues() -> None:
    new = tuple(DraftCue("x", start, start + 500, f"new {start}") for start in (1000, 1500, 2000))
    draft = edited(begun(), ops.ProposalOperation(("1", "2"), new))
    assert texts(draft) == ["new 1000", "new 1500", "new 2000", "Fine."]
    assert len(draft.cues) == 4


def test_all_is_undone_and_done_again_and_a_new_change_ends_that() -> None:
    draft = edited(begun(), ops.TextOperation("1", "One"), ops.MergeOperation("1"), ops.DeleteOperation(("3",)))
    undone = edited(draft, *[ops.UndoOperation()] * 3)
    assert undone.cues == begun().cues
    assert undone.is_empty
    assert edited(undone, *[ops.RedoOperation()] * 3).cues == draft.cues
    with pytest.raises(EditRejected):
        edited(undone, ops.UndoOperation())
    with pytest.raises(EditRejected):
        edited(undone, ops.TextOperation("1", "Two"), ops.RedoOperation())


def test_of_two_who_change_one_cue_the_second_gets_the_text_of_the_first() -> None:
    draft = edited(begun(), ops.TextOperation("1", "First"))
    with pytest.raises(EditConflict) as caught:
        next_line(draft, ops.TextOperation("1", "Second"), 1, "bob", AT, FILM_END)
    assert [cue.text for cue in caught.value.theirs] == ["First"]


def test_of_a_cue_that_was_split_or_joined_meanwhile_all_its_places_are_told() -> None:
    split = edited(begun(), ops.SplitOperation("1", 6))
    with pytest.raises(EditConflict) as caught:
        next_line(split, ops.TextOperation("1", "Second"), 1, "bob", AT, FILM_END)
    assert [cue.text for cue in caught.value.theirs] == ["Hello", "there, my friend."]
    joined = edited(begun(), ops.MergeOperation("1"))
    with pytest.raises(EditConflict) as caught:
        next_line(joined, ops.TextOperation("2", "Second"), 1, "bob", AT, FILM_END)
    assert [cue.id for cue in caught.value.theirs] == ["1"]


def test_two_who_change_different_cues_meet_no_conflict() -> None:
    draft = edited(begun(), ops.TextOperation("1", "First"))
    line = next_line(draft, ops.TextOperation("3", "Third"), 1, "bob", AT, FILM_END)
    assert line is not None
    assert texts(after_lines(draft, [line])) == ["First", "<i>How are\nyou today?</i>", "Third"]


def test_nobody_undoes_what_they_have_not_seen() -> None:
    draft = edited(begun(), ops.TextOperation("1", "First"))
    with pytest.raises(EditConflict):
        next_line(draft, ops.UndoOperation(), 1, "bob", AT, FILM_END)


@pytest.mark.long
def test_a_change_of_all_cues_of_a_long_film_compares_each_with_itself_alone() -> None:
    cues = tuple(DraftCue(str(number), 1000 * number, 1000 * number + 900, "text") for number in range(20_000))
    texts = {cue.id: "another" for cue in cues}
    draft = after_lines(Draft(), [DraftBegun(revision=1, at=AT, who="ann", schema=1, base="", cues=cues)])
    line = next_line(draft, ops.SubstituteOperation(texts), 1, "ann", AT)
    assert line is not None
    assert len(line.after) == len(cues)


def test_people_whose_changes_were_undone_are_not_named() -> None:
    draft = edited(begun(), ops.TextOperation("1", "One"), who="ann")
    draft = edited(draft, ops.TextOperation("2", "Two"), who="bob")
    assert draft.people == "ann, bob"
    assert edited(draft, ops.UndoOperation()).people == "ann"
