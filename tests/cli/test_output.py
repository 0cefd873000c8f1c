"""Tables that a narrow terminal can show."""

from pipeline.cli.output import columns_that_fit

COLUMNS = ("name", "size", "used", "next")
ROWS = [("whisper", "437 MiB", "2026-11-22", "bootstrap --env whisper")]


def test_a_wide_terminal_shows_every_column() -> None:
    assert columns_that_fit(COLUMNS, ROWS, 80, ("used", "size")) == [0, 1, 2, 3]


def test_a_narrow_one_goes_without_what_can_be_spared_in_order() -> None:
    assert columns_that_fit(COLUMNS, ROWS, 50, ("used", "size")) == [0, 1, 3]
    assert columns_that_fit(COLUMNS, ROWS, 30, ("used", "size")) == [0, 3]


def test_a_table_that_spares_nothing_has_all() -> None:
    assert columns_that_fit(COLUMNS, ROWS, 10, ()) == [0, 1, 2, 3]
