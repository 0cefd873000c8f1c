import pytest
from recognition.hallucinated_phrases import is_known
from recognition.hallucinations import KNOWN_PHRASE, NO_VOICE, SILENCE, reason_against, reasons_against

from tests.stages.recognition.helpers import said

SPEECH = [(0.0, 60.0)]


def test_ordinary_speech_is_believed() -> None:
    assert reasons_against([said(1.0, "Good", "evening."), said(3.0, "Sit", "down.")], SPEECH) == {}


def test_text_where_nobody_speaks_is_not_believed() -> None:
    assert reason_against(said(70.0, "Good", "evening."), SPEECH) == NO_VOICE


def test_a_word_without_width_within_speech_is_believed() -> None:
    assert reason_against(said(5.0, "Yes.", each=0.0), SPEECH) is None
    assert reason_against(said(65.0, "Yes.", each=0.0), SPEECH) == NO_VOICE


def test_text_that_the_recogniser_itself_takes_for_noise_is_not_believed() -> None:
    assert reason_against(said(1.0, "whoo", no_speech=0.8, log_probability=-1.4), SPEECH) == SILENCE
    assert reason_against(said(1.0, "whoo", no_speech=0.8, log_probability=-0.4), SPEECH) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!", "Untertitel der Amara.org-Community", "Sous-titres par la communauté d'Amara.org",
        "ご視聴ありがとうございました。", "Продолжение следует...", "字幕由Amara.org社区提供", "اشتركوا في القناة",
        "Subtítulos realizados por la comunidad de Amara.org", "시청해주셔서 감사합니다.", "धन्यवाद।",
    ],
)  # fmt: skip
def test_phrases_of_many_languages_are_known(text: str) -> None:
    assert is_known(text)


def test_a_known_phrase_that_was_said_clearly_is_believed() -> None:
    assert reason_against(said(1.0, "Thank", "you."), SPEECH) is None


@pytest.mark.parametrize("more", [{"sure": 0.3}, {"no_speech": 0.7}])
def test_a_known_phrase_that_the_recogniser_is_not_sure_of_is_not_believed(more: dict[str, float]) -> None:
    assert reason_against(said(1.0, "Thank", "you.", **more), SPEECH) == KNOWN_PHRASE


def test_a_known_phrase_mostly_beside_speech_is_not_believed() -> None:
    assert reason_against(said(0.0, "Thank", "you."), [(0.0, 0.3)]) == KNOWN_PHRASE


def test_a_sentence_that_names_a_known_word_is_no_known_phrase() -> None:
    assert not is_known("Thank you for the soup.")
    assert not is_known("The end of the story is near")


def test_what_nobody_can_say_so_fast_is_not_believed() -> None:
    reason = reason_against(said(1.0, "Thank", "you", "very", "much", "indeed", each=0.05), SPEECH)
    assert reason is not None
    assert reason.startswith("too fast to be spoken: 1")


def test_a_short_word_may_be_fast() -> None:
    assert reason_against(said(1.0, "Nevertheless", each=0.2), SPEECH) is None


def test_a_loop_through_many_segments_is_doubted_with_all_of_them() -> None:
    segments = [said(1.0, "Well.")] + [said(2.0 + 2 * index, "I", "am", "very", "sorry.") for index in range(5)]
    reasons = reasons_against(segments, SPEECH)
    assert sorted(reasons) == [1, 2, 3, 4, 5]
    assert set(reasons.values()) == {"the same words 5 times in a row"}
