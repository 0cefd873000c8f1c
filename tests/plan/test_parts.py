"""A stage that takes a part of a fan-out."""

import pytest

from pipeline.errors import ConfigurationError
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared

FAN_OUT = "word: {uses: copy, for_each: [a, b-c], inputs: {file: job.input}}\n"


def test_one_value_of_a_fan_out_may_be_an_input(ready: Sandbox) -> None:
    ready.workflow("tested", f'{FAN_OUT}join: {{inputs: {{files: "word[b-c].file"}}}}')
    (join,) = (stage for stage in prepared(ready, "tested").stages if stage.name == "join")
    assert join.inputs == {"files": ("word_b_c.file",)}
    assert join.needs == ("word_b_c",)


@pytest.mark.parametrize("reference", ["word[z].file", "word[a].fiel", "wrod[a].file"])
def test_a_part_that_there_is_not_is_a_mistake_of_the_workflow(ready: Sandbox, reference: str) -> None:
    ready.workflow("tested", f'{FAN_OUT}join: {{inputs: {{files: "{reference}"}}}}')
    with pytest.raises(ConfigurationError, match=r"tested\.yaml"):
        prepared(ready, "tested")


def test_a_part_of_a_list_that_is_not_known_yet_stands_in_the_plan(ready: Sandbox) -> None:
    ready.workflow(
        "tested",
        "lists: {}\neach: {uses: copy, for_each: lists.items, inputs: {file: job.input}}\n"
        'join: {inputs: {files: "each[7].file"}}',
    )
    (join,) = (stage for stage in prepared(ready, "tested").stages if stage.name == "join")
    assert (join.inputs, join.needs) == ({"files": ("each[7].file",)}, ("each",))
