"""Lengths of time as people type them."""

import pytest

from pipeline.plan.time_spans import parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("1h30m", 5400),
        ("1h 30 min", 5400),
        ("90s", 90),
        (" 45MIN ", 2700),
        ("0.5h", 1800),
        ("1h2m3s", 3723),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "0m", "-5m", "m", "half an hour", "30m!", "1e9h", "٣m", "nan s", "99999h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a length of time such as 30m"):
        parse_seconds(text)
