"""Pages from templates."""

import pytest

from pipeline.templates import shown_seconds


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
