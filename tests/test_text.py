"""Words for people."""

import pytest

from pipeline.text import counted


@pytest.mark.parametrize(("count", "told"), [(0, "0 packages"), (1, "1 package"), (23, "23 packages")])
def test_one_is_told_as_one(count: int, told: str) -> None:
    assert counted(count, "package") == told
