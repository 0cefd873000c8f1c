"""Sizes of a terminal that a shell says, and that may be anything."""

import pytest

from pipeline.cli import terminal_size
from tests.conftest import Sandbox

NO_SIZES = ["", "0", "-1", "wide", "\u00b2", "9" * 5000, "80.5"]


@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
@pytest.mark.parametrize("value", NO_SIZES)
def test_what_is_no_size_is_as_if_it_were_not_set(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert name not in terminal_size.variables()
    done = sandbox.give("pipeline", "env", "status")
    assert done.code == 0, done.err


def test_a_size_counts_for_a_terminal_alone(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert terminal_size.variables()["COLUMNS"] == "20"
    assert "COLUMNS" not in terminal_size.variables(is_terminal=False)
    lines = sandbox.give("pipeline", "env", "status").out.splitlines()
    assert any("alpha" in line and "built" in line for line in lines)
