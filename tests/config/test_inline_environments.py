"""Environments in the files of the stages that run in them."""

from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox

BLOCK = """# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["quirk>=1", "other ; sys_platform == 'nowhere'"]
# [tool.pipeline.stage]
# outputs.text = "text.txt"
"""
TAIL = "# ///\ndef run(stage): pass\n"


def defined(sandbox: Sandbox, text: str = BLOCK + TAIL, name: str = "work") -> Definition:
    sandbox.write(f"stages/{name}.py", text)
    sandbox.write(f"requirements/{name}.lock", "")
    return Catalog(ProjectFolder(sandbox.root)).environment(name)


def refusal(sandbox: Sandbox, text: str, name: str = "work") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        defined(sandbox, text, name)
    return refused.value


def test_a_block_with_dependencies_is_an_environment_of_the_stage_s_name(sandbox: Sandbox) -> None:
    definition = defined(sandbox)
    assert (definition.name, definition.python) == ("work", ">=3.11,<3.14")
    assert definition.requirements == sandbox.root / "stages/work.py"
    assert definition.lock == sandbox.root / "requirements/work.lock"
    assert Catalog(ProjectFolder(sandbox.root)).stage("work").environment == "work"


def test_what_else_an_environment_has_stands_in_a_table_of_the_block(sandbox: Sandbox) -> None:
    keys = '# imports = ["quirk"]\n# variables.LEVEL = "{cache}/x"\n# description = "words"\n'
    table = f"# [tool.pipeline.environment]\n{keys}"
    definition = defined(sandbox, BLOCK + table + TAIL)
    assert definition.imports == ("quirk",)
    assert definition.variables == (("LEVEL", "{cache}/x"),)
    assert definition.description == "words"


def test_environments_of_stages_are_listed_with_the_others(sandbox: Sandbox) -> None:
    sandbox.write("stages/work.py", BLOCK + TAIL)
    assert Catalog(ProjectFolder(sandbox.root)).environment_names == ["alpha", "beta", "work"]


def test_one_whose_block_is_broken_is_listed_too_so_that_it_is_told(sandbox: Sandbox) -> None:
    sandbox.write("stages/work.py", BLOCK + "# oops\n" + TAIL)
    catalog = Catalog(ProjectFolder(sandbox.root))
    assert "work" in catalog.environment_names
    with pytest.raises(ConfigurationError, match=r"^stages/work\.py:6: "):
        catalog.environment("work")


@pytest.mark.parametrize(
    "text",
    [
        '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# ///\n',
        '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# parameters.dependencies = 1\n# ///\n',
        '# /// script\n# [tool.other]\n# dependencies = ["x"]\n# ///\n',
        'dependencies = ["x"]\n',
    ],
)
def test_other_stages_bring_no_environment(sandbox: Sandbox, text: str) -> None:
    sandbox.write("stages/work.py", text)
    assert Catalog(ProjectFolder(sandbox.root)).environment_names == ["alpha", "beta"]


def test_a_lock_that_was_not_made_yet_is_told_with_the_command(sandbox: Sandbox) -> None:
    sandbox.write("stages/work.py", BLOCK + TAIL)
    with pytest.raises(ConfigurationError, match=r"^stages/work\.py: .*requirements/work\.lock") as refused:
        Catalog(ProjectFolder(sandbox.root)).environment("work")
    assert refused.value.next_step == "pipeline env lock work"


WRONG_BLOCKS = [  # what is replaced in the block, by what
    ("# requires-python", "# # requires-python", "3: dependencies:"),
    ('">=3.11,<3.14"', '"three"', "2: python:"),
    ('">=3.11,<3.14"', "3.11", "2: python:"),
    ('["quirk>=1"', '["quirk >= "', "3: dependencies:"),
    ('["quirk>=1"', "[3", "3: dependencies:"),
    ("# ///\n", "# [tool.pipeline.environment]\n# python = '3'\n# ///\n", "7: python:"),
    ("# ///\n", "# [tool.pipeline.environment]\n# variants = {}\n# ///\n", "7: variants:"),
    ("# ///\n", "# [tool.pipeline.environment]\n# import = []\n# ///\n", "7: import:"),
    ("# ///\n", "# [tool.pipeline]\n# environment = 3\n# ///\n", "7:"),
]


def changed(before: str, after: str) -> str:
    text = BLOCK + TAIL
    start = text.rindex(before) if before == "# ///\n" else text.index(before)
    return text[:start] + after + text[start + len(before) :]


@pytest.mark.parametrize(("before", "after", "where"), WRONG_BLOCKS)
def test_a_wrong_block_is_refused_with_the_stage_s_line(sandbox: Sandbox, before: str, after: str, where: str) -> None:
    assert refusal(sandbox, changed(before, after)).message.startswith(f"stages/work.py:{where} ")


def test_a_stage_has_an_environment_of_its_own_or_names_one(sandbox: Sandbox) -> None:
    sandbox.write("stages/work.py", BLOCK + '# environment = "alpha"\n' + TAIL)
    with pytest.raises(ConfigurationError, match=r"^stages/work\.py:6: environment: "):
        Catalog(ProjectFolder(sandbox.root)).stage("work")


def test_a_name_that_no_environment_can_have_is_refused(sandbox: Sandbox) -> None:
    assert refusal(sandbox, BLOCK + TAIL, name="Work").message.startswith("stages/Work.py:")


def test_a_name_that_a_file_defines_as_well_is_refused(sandbox: Sandbox) -> None:
    sandbox.write("config/environments/work.yaml", 'python: ""\nrequirements: alpha.txt\n')
    message = refusal(sandbox, BLOCK + TAIL).message
    assert "config/environments/work.yaml" in message
    assert "stages/work.py" in message


def test_requirements_of_the_same_name_are_refused_since_they_have_the_same_lock(sandbox: Sandbox) -> None:
    sandbox.write("requirements/work.txt", "quirk\n")
    message = refusal(sandbox, BLOCK + TAIL).message
    assert message.startswith("stages/work.py: ")
    assert "requirements/work.txt" in message


def test_a_stage_that_can_not_be_read_as_text_hides_no_other_environment(sandbox: Sandbox) -> None:
    Path(sandbox.root / "stages/odd.py").write_bytes(b"\xff\xfe")
    (sandbox.root / "stages/gone.py").symlink_to("nowhere")
    assert Catalog(ProjectFolder(sandbox.root)).environment_names == ["alpha", "beta"]
