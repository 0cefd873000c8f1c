from recognition.diarization import SpeakerTurn, speaker_at, split_by_speaker
from recognition.segments import Segment

from tests.stages.recognition.helpers import said

TURNS = [SpeakerTurn(0.0, 2.0, "A"), SpeakerTurn(2.0, 4.0, "B"), SpeakerTurn(3.5, 3.6, "A")]


def test_each_word_has_the_speaker_whose_turn_it_is_for_most_of_it() -> None:
    segments = split_by_speaker([said(1.0, "You", "came.", "I", "did.", each=0.5)], TURNS)
    assert [(segment.text, segment.speaker) for segment in segments] == [("You came.", "A"), ("I did.", "B")]
    assert [word.speaker for segment in segments for word in segment.words] == ["A", "A", "B", "B"]


def test_a_word_in_nobodys_turn_is_that_of_the_nearest_speaker() -> None:
    assert speaker_at((9.0, 9.5), TURNS) == "B"
    assert speaker_at((1.0, 1.0), TURNS) == "A"


def test_a_segment_without_word_times_has_one_speaker() -> None:
    (segment,) = split_by_speaker([Segment(2.1, 3.0, "I did.")], TURNS)
    assert segment.speaker == "B"


def test_without_turns_nothing_changes() -> None:
    segments = [said(1.0, "You", "came.")]
    assert split_by_speaker(segments, []) == segments
