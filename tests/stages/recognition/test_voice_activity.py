import pytest
from recognition.voice_activity import FRAME, quietest, speech_intervals


def frames(*runs: tuple[int, float]) -> list[float]:
    return [probability for count, probability in runs for _ in range(count)]


def found(*runs: tuple[int, float]) -> list[tuple[int, int]]:
    return [(round(start / FRAME), round(end / FRAME)) for start, end in speech_intervals(frames(*runs))]


def test_speech_goes_on_until_it_is_improbable() -> None:
    assert found((10, 0.0), (20, 0.9), (20, 0.4), (10, 0.1)) == [(10, 50)]


def test_a_pause_of_two_frames_is_none() -> None:
    assert found((5, 0.0), (20, 0.9), (2, 0.0), (20, 0.9), (3, 0.0), (20, 0.9)) == [(5, 47), (50, 70)]


def test_a_click_is_no_speech() -> None:
    assert found((50, 0.0), (2, 0.99), (50, 0.0)) == []


def test_speech_at_the_end_ends_there() -> None:
    assert found((5, 0.0), (20, 0.9)) == [(5, 25)]


@pytest.mark.parametrize(("probability", "count"), [(0.6, 0), (0.95, 1)])
def test_a_short_sound_that_stands_alone_has_to_be_like_speech(probability: float, count: int) -> None:
    assert len(found((100, 0.0), (6, probability), (100, 0.0))) == count


def test_a_short_sound_near_speech_is_a_part_of_it() -> None:
    assert found((100, 0.0), (6, 0.6), (10, 0.0), (30, 0.9), (100, 0.0)) == [(100, 106), (116, 146)]


def test_silence_has_no_speech() -> None:
    assert speech_intervals([]) == speech_intervals([0.0] * 100) == []


def test_the_quietest_place_is_where_speech_is_least_probable() -> None:
    assert quietest(frames((50, 0.9), (5, 0.5), (50, 0.9)), 0.0, 3.0) == pytest.approx(52 * FRAME)
