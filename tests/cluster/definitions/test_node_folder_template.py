"""The folder of a node, by its own variables."""

from pathlib import Path

import pytest

from pipeline.cluster.definitions import node_folder_template
from pipeline.cluster.definitions.cluster_definition import NODE_FOLDER
from pipeline.cluster.definitions.node_folder_template import expanded


def test_variables_are_those_of_the_node() -> None:
    assert expanded("/scratch/$USER/${JOB}x/$NODE", {"USER": "ann", "JOB": "7"}, "n1") == Path("/scratch/ann/7x/n1")


def test_a_default_stands_in_for_a_variable_that_is_not_set() -> None:
    assert expanded(NODE_FOLDER, {"USER": "ann"}, "n1") == Path("/tmp/pipeline-ann")
    assert expanded(NODE_FOLDER, {"USER": "ann", "TMPDIR": "/local"}, "n1") == Path("/local/pipeline-ann")
    assert node_folder_template.problem(NODE_FOLDER) is None


@pytest.mark.parametrize("template", ["$MISSING/x", "$EMPTY/x", "$PART"])
def test_what_no_whole_path_comes_of_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"path|isn't set"):
        expanded(template, {"EMPTY": "", "PART": "a/b"}, "n1")
