"""Captions as codes."""

import pytest

from pipeline.media.caption_codes import has_text

HEAD = b"Scenarist_SCC V1.0\n\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"00:00:01:00\t9420 9420 94ae 94ae 9470 9470 c845 4c4c 4f80 942f 942f\n", True),  # HELLO
        (b"00:00:01;00\t9420 9420 9137 9137 942f 942f\r\n", True),  # a note
        (b"00:00:01:00\t9420 9420 942f 942f\n\n00:00:03:00\t942c 942c\n", False),  # shows and clears nothing
        (b"00:00:01:00\t9420 9470 8080 8080 942f\n", False),
        (b"00:00:01:00\tHELLO THERE\n", False),
        (b"", False),
    ],
)
def test_letters_are_told_from_commands(lines: bytes, expected: bool) -> None:
    assert has_text(HEAD + lines) == expected
