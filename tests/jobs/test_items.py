"""Items of a list in words."""

from typing import Any

import pytest

from pipeline.jobs.items import labels


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([7, "a b", 1.5, True], ["7", "a b", "1.5", "True"]),
        ([{"name": "x", "n": 1}, {"id": 4}, {"other": 1}, [1], None, ""], ["x", "4", "3", "4", "5", "6"]),
        (["y" * 500], ["y" * 60]),
    ],
)
def test_an_item_is_called_by_its_value(items: list[Any], expected: list[str]) -> None:
    assert labels(items) == expected
