"""Words for people."""

import pytest

from pipeline.text import begun, counted, without_passwords


@pytest.mark.parametrize(("count", "told"), [(0, "0 packages"), (1, "1 package"), (23, "23 packages")])
def test_one_is_told_as_one(count: int, told: str) -> None:
    assert counted(count, "package") == told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://me:s3cret@host/simple now", "at https://****@host/simple now"),
        ("git+https://token@host/x", "git+https://****@host/x"),
        ("http://me:p@ss@host", "http://****@host"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("https://host/simple and me@host", "https://host/simple and me@host"),
    ],
)
def test_no_password_is_left_in_a_text(text: str, shown: str) -> None:
    assert without_passwords(text) == shown


def test_of_a_sentence_the_first_words_stay() -> None:
    assert begun("Recognise speech with faster-whisper", 18) == "Recognise speech…"
    assert begun("short", 5) == "short"
