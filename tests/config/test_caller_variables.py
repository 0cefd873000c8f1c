"""``pass``: variables that a stage asks for by name."""

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox

BLOCK = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# pass = {names}
# ///
def run(stage): pass
"""


def catalog(sandbox: Sandbox) -> Catalog:
    return Catalog(ProjectFolder(sandbox.root))


def test_a_stage_its_entry_and_its_environment_may_ask(sandbox: Sandbox) -> None:
    sandbox.write("stages/asks.py", BLOCK.format(names='["ONE", "TWO"]'))
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.11"\npass: [THREE]\n')
    sandbox.workflow("w", "asks: {pass: [FOUR]}")
    found = catalog(sandbox)
    assert found.stage("asks").passed == ("ONE", "TWO")
    assert found.environment("alpha").passed == ("THREE",)
    assert found.workflow("w").stages["asks"].passed == ("FOUR",)


@pytest.mark.parametrize("names", ['["PYTHONPATH"]', '["LD_PRELOAD"]', '["PATH"]', '["A-B"]', '["A", "A"]', '"A"'])
def test_what_cannot_be_passed_is_refused_with_its_line(sandbox: Sandbox, names: str) -> None:
    sandbox.write("stages/asks.py", BLOCK.format(names=names))
    with pytest.raises(ConfigurationError, match=r"stages/asks\.py:4: pass"):
        catalog(sandbox).stage("asks")


def test_the_same_holds_in_a_workflow(sandbox: Sandbox) -> None:
    sandbox.workflow("w", "noop: {pass: [PYTHONPATH]}")
    with pytest.raises(ConfigurationError, match=r"workflows/w\.yaml:4: stages\.noop\.pass"):
        catalog(sandbox).workflow("w")
