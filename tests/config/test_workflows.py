"""Workflow files: names, and parameters that hold together before anything uses them."""

import pytest

from pipeline.config.workflows import KINDS_OF_VALUES, load, names
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox


def refusal(sandbox: Sandbox, parameter: str) -> ConfigurationError:
    sandbox.write("config/workflows/w.yaml", f"parameters:\n  x:\n    {parameter}\nstages: {{a: {{}}}}\n")
    with pytest.raises(ConfigurationError) as refused:
        load(ProjectFolder(sandbox.root), "w")
    return refused.value


WRONG_DEFAULTS = [
    ("string", "5"),
    ("integer", "1.5"),
    ("integer", "true"),
    ("number", '"1"'),
    ("boolean", "1"),
    ("language", "[en]"),
    ("languages", "en"),
    ("languages", "[1]"),
    ("model", "{}"),
]
WRONG_PARAMETERS = [
    ("type: integer\n    choices: [1, two]", "4: parameters.x.choices.1:"),
    ("type: string\n    at_most: 2", "4: parameters.x.at_most:"),
    ("type: intger", "3: parameters.x.type:"),
]


@pytest.mark.parametrize(("kind", "default"), WRONG_DEFAULTS)
def test_a_default_of_another_type_is_refused_with_its_line(sandbox: Sandbox, kind: str, default: str) -> None:
    message = refusal(sandbox, f"type: {kind}\n    default: {default}").message
    assert message.startswith("config/workflows/w.yaml:4: parameters.x.default: ")
    assert message.endswith(KINDS_OF_VALUES[kind])


@pytest.mark.parametrize(("parameter", "where"), WRONG_PARAMETERS)
def test_a_parameter_that_makes_no_sense_is_refused_with_its_line(sandbox: Sandbox, parameter: str, where: str) -> None:
    assert refusal(sandbox, parameter).message.startswith(f"config/workflows/w.yaml:{where} ")


def test_norwegian_is_a_language_and_not_a_denial(sandbox: Sandbox) -> None:
    sandbox.write(
        "config/workflows/w.yaml", "parameters:\n  x: {type: language, default: no}\nstages: {a: {for_each: [no]}}\n"
    )
    workflow = load(ProjectFolder(sandbox.root), "w")
    assert workflow.parameters["x"].default == "no"
    assert workflow.stages["a"].for_each == ("no",)


def test_a_name_that_no_job_could_carry_is_refused(sandbox: Sandbox) -> None:
    sandbox.write("config/workflows/two-step.yaml", "stages: {a: {}}\n")
    with pytest.raises(ConfigurationError, match=r"^config/workflows/two-step\.yaml"):
        load(ProjectFolder(sandbox.root), "two-step")


def test_files_of_editors_and_file_managers_are_no_workflows(sandbox: Sandbox) -> None:
    sandbox.write("config/workflows/real.yaml", "stages: {a: {}}\n")
    sandbox.write("config/workflows/._real.yaml", "\x00")
    (sandbox.root / "config/workflows/.#real.yaml").symlink_to("nowhere")
    assert names(ProjectFolder(sandbox.root)) == ["real"]


@pytest.mark.parametrize("name", ["../environments/alpha", "nope", ""])
def test_a_workflow_that_is_not_there_is_told_with_what_is(sandbox: Sandbox, name: str) -> None:
    sandbox.write("config/workflows/real.yaml", "stages: {a: {}}\n")
    with pytest.raises(ConfigurationError, match="real") as refused:
        load(ProjectFolder(sandbox.root), name)
    assert refused.value.next_step == "pipeline workflow list"


@pytest.mark.parametrize("name", ["mA", "M", "a-b", "ä"])
@pytest.mark.parametrize("rest", ["  x: {uses: copy, inputs: {file: NAME.file}}", "deliver: [NAME.file]", ""])
def test_a_stage_whose_name_can_not_be_is_told_and_not_what_refers_to_it(
    sandbox: Sandbox, name: str, rest: str
) -> None:
    text = f"input: file\nstages:\n  NAME: {{uses: word}}\n{rest}\n".replace("NAME", name)
    sandbox.write("config/workflows/w.yaml", text)
    done = sandbox.give("pipeline", "workflow", "show", "w")
    assert (done.code, done.error.partition(": '")[0]) == (2, f"config/workflows/w.yaml:3: stages.{name}")
    assert "lower-case letters" in done.error
