"""Words for people."""

import pytest

from pipeline.text import begun, counted, shortened, width, without_passwords


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


@pytest.mark.parametrize("text", ["film" * 20, "映画" * 20, "a映" * 20, "한국 영화 " * 9, "e\u0301" * 50])
@pytest.mark.parametrize("most", [1, 2, 7, 20, 21])
def test_what_is_shortened_fits_into_the_columns_of_a_terminal(text: str, most: int) -> None:
    for short in (shortened(text, most), begun(text, most)):
        assert width(short) <= most
        assert "…" in short
    assert shortened(text, width(text)) == begun(text, width(text)) == text


def test_the_ends_of_a_name_stay() -> None:
    assert shortened("The.Film.2019-GROUP.mkv", 11) == "The.F…P.mkv"
    assert shortened("映画の名前.mkv", 9) == "映画….mkv"
