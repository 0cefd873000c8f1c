"""Which models a list for a task and a language has."""

import pytest

from pipeline.cli.model.list import _fits
from pipeline.config.models import ModelSpec
from tests.conftest import Sandbox
from tests.prepare.test_recognition_model import MODELS


@pytest.mark.parametrize(("own", "is_there"), [("recognition", True), ("", True), ("alignment", False)])
def test_a_model_whose_entry_names_no_task_is_in_the_list_of_every_task(own: str, is_there: bool) -> None:
    spec = ModelSpec("mine", files={}, sources=(), task=own, languages=("hi",))
    assert _fits(spec, "hi", "recognition") is is_there


@pytest.mark.parametrize("code", ["DE", "deu", "ger", "de-AT"])
def test_a_language_is_named_by_any_of_its_codes(ready: Sandbox, code: str) -> None:
    ready.write("config/models.yaml", MODELS)
    by_code = ready.give("pipeline", "model", "list", "--language", code, "--json").data
    assert {each["name"] for each in by_code} == {"small", "large", "other", "onnx"}


def test_what_is_no_language_is_refused_and_one_that_no_model_knows_is_told(ready: Sandbox) -> None:
    ready.write("config/models.yaml", MODELS)
    refused = ready.give("pipeline", "model", "list", "--language", "klingon")
    assert (refused.code, "klingon" in refused.error) == (2, True)
    empty = ready.give("pipeline", "model", "list", "--language", "tlh")
    assert (empty.code, "Klingon (tlh)" in empty.out) == (0, True)
    of_task = ready.give("pipeline", "model", "list", "--language", "tlh", "--task", "translation")
    assert (of_task.code, "translation" in of_task.out) == (0, True)


def test_a_task_that_is_none_is_refused_with_those_that_there_are(ready: Sandbox) -> None:
    refused = ready.give("pipeline", "model", "list", "--task", "nosuch")
    assert (refused.code, "recognition" in refused.err) == (2, True)
