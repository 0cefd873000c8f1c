"""Pages from templates."""

from pathlib import Path

import pytest

from pipeline.templates import environment, shown_seconds


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0042, "4 ms"),
        (0.9999, "1.0 s"),
        (59.97, "1:00 min"),
        (185, "3:05 min"),
        (3599.7, "1:00:00 h"),
        (3723, "1:02:03 h"),
    ],
)
def test_durations_are_short(seconds: float, expected: str) -> None:
    assert shown_seconds(seconds) == expected


def test_a_digest_is_shown_by_its_first_digits_whatever_its_kind() -> None:
    made = environment(Path(__file__).parent).from_string("{{ one | short }} {{ two | short }}")
    assert made.render(one="sha256:" + "0123456789abcdef", two="blake3:" + "fedcba9876543210") == (
        "0123456789ab fedcba987654"
    )
