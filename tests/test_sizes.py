"""Amounts of bytes: what people write is read, and what is shown can be read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sizes import UNITS, parse_size, show_size


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("4 GiB", 4 << 30),
        ("500 MB", 500_000_000),
        ("500MB", 500_000_000),
        ("1.5 kib", 1536),
        (" 7 kB ", 7000),
        ("0.1 GB", 100_000_000),
        ("12", 12),
        ("12 B", 12),
        (12, 12),
        (0, 0),
        ("2 TiB", 2 << 40),
    ],
)
def test_a_size_is_read(written: str | int, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize(
    "written", ["", "GiB", "-1 GB", -1, "4 G", "4 apples", "1e9", "1.2.3 GB", "nan", "1_000", "٤ GB"]
)
def test_what_is_no_size_is_refused_with_the_units_there_are(written: str | int) -> None:
    with pytest.raises(ValueError, match=r"\bB, kB, MB.*'20 GiB'"):
        parse_size(written)


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (20 << 30, "20 GiB"), (123_456_789, "118 MiB")],
)
def test_a_size_is_shown_in_the_unit_that_fits_it(size: int, shown: str) -> None:
    assert show_size(size) == shown


@given(st.integers(0, 1 << 60))
def test_what_is_shown_is_read_as_nearly_the_same(size: int) -> None:
    assert parse_size(show_size(size)) == pytest.approx(size, rel=0.05)


@given(st.integers(1, 1023), st.sampled_from([unit for unit in UNITS if unit == "B" or "i" in unit]))
def test_a_whole_number_of_a_unit_comes_back_exactly(number: int, unit: str) -> None:
    assert show_size(parse_size(f"{number} {unit}")) == f"{number} {unit}"


@pytest.mark.parametrize("written", ["9" * 400, "9" * 5000 + " GiB", "9" * 13 + " TiB", 1 << 64, "0." + "3" * 5000])
def test_what_no_disk_has_is_refused(written: str | int) -> None:
    with pytest.raises(ValueError, match="more than any disk has"):
        parse_size(written)
