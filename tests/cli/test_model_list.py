"""Which models a list for a task and a language has."""

import pytest

from pipeline.cli.model.list import _fits
from pipeline.config.models import ModelSpec


@pytest.mark.parametrize(("own", "is_there"), [("recognition", True), ("", True), ("alignment", False)])
def test_a_model_whose_entry_names_no_task_is_in_the_list_of_every_task(own: str, is_there: bool) -> None:
    spec = ModelSpec("mine", files={}, sources=(), task=own, languages=("hi",))
    assert _fits(spec, "hi", "recognition") is is_there
