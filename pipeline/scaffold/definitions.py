"""The smallest valid file for a stage, an environment and a workflow, where a project has none of the name."""

import re
from collections.abc import Sequence

from pipeline.config import environments, workflows
from pipeline.config.stages import StageSpec
from pipeline.errors import UsageError
from pipeline.references import JOB_INPUT
from pipeline.scaffold.editor_schemas import LINE
from pipeline.scaffold.new_files import LOCKING, NewFile
from pipeline.scaffold.portable_names import problem
from pipeline.text import printable, shortened

ANY_PYTHON = ">=3.10"
COMMAND_STAGE = f"""\
{LINE}../config/.schemas/command-stage.json
environment: {{environment}}
inputs: [text]
outputs: {{{{result: result.txt}}}}
command: [cp, "{{{{input.text}}}}", "{{{{output.result}}}}"]
"""
LONGEST = 100  # characters; names of files are made of a name
FORMS = {
    "stage": (re.compile(r"[a-z][a-z0-9_]*"), "lower-case letters, digits and _, a letter first"),
    "environment": (environments.NAME, "lower-case letters, digits, - and _, a letter first"),
    "workflow": (workflows.NAME, "letters, digits and _"),
}
STAGE = '''\
# /// script
{own}# [tool.pipeline.stage]
{named}# inputs = ["text"]
# [tool.pipeline.stage.outputs]
# result = "result.txt"
# ///
"""{title}."""


def run(stage):
    text = stage.input("text").read_text(encoding="utf-8")
    stage.output("result").write_text(text, encoding="utf-8")
'''


def command_stage(name: str, environment: str) -> tuple[NewFile, ...]:
    """A command that copies a text, to be changed. Raises ``UsageError`` for a name that no stage can have."""
    require_possible("stage", name)
    return (NewFile(f"stages/{name}.yaml", COMMAND_STAGE.format(environment=environment).encode()),)


def stage(name: str, environment: str | None) -> tuple[NewFile, ...]:
    """A stage that copies a text, to be changed. ``None``: it brings an environment of its own, without packages.

    Raises ``UsageError`` for a name that no stage can have.
    """
    require_possible("stage", name)
    own = "" if environment else f'# requires-python = "{ANY_PYTHON}"\n# dependencies = []\n'
    named = f'# environment = "{environment}"\n' if environment else ""
    title = f"{name.replace('_', ' ').capitalize()}: copies a text so far"
    return (NewFile(f"stages/{name}.py", STAGE.format(own=own, named=named, title=title).encode()),)


def environment(name: str, python: str, requirements: Sequence[str]) -> tuple[NewFile, ...]:
    """An environment and its requirements. Raises ``UsageError`` for what can't be one."""
    require_possible("environment", name)
    _check_python(python)
    for each in requirements:
        _check_requirement(each)
    definition = f'{LINE}../.schemas/environment.json\npython: "{python}"\n'
    lines = requirements or [f"# One requirement per line, such as numpy>=2; {LOCKING} {name} then makes the lock"]
    return (
        NewFile(f"requirements/{name}.txt", "".join(f"{line}\n" for line in lines).encode()),
        NewFile(f"config/environments/{name}.yaml", definition.encode()),
    )


def workflow(name: str, stages: Sequence[StageSpec]) -> tuple[NewFile, ...]:
    """A workflow in which each stage reads what the one before it made.

    Raises ``UsageError`` for a name that no workflow can have.
    """
    require_possible("workflow", name)
    lines = [f"{LINE}../.schemas/workflow.json", "input: file", "stages:"]
    outputs = [JOB_INPUT]
    for each in stages:
        lines += _entry(each, outputs)
        outputs = [f"{each.name}.{output}" for output in each.outputs] or outputs
    if outputs != [JOB_INPUT]:
        lines.append(f"deliver: [{', '.join(outputs)}]")
    return (NewFile(f"config/workflows/{name}.yaml", "".join(f"{line}\n" for line in lines).encode()),)


def _entry(stage: StageSpec, outputs: Sequence[str]) -> list[str]:
    """Its inputs in their order, from the outputs in theirs; the last one for what is left."""
    if not stage.inputs:
        return [f"  {stage.name}: {{}}"]
    taken = [outputs[min(place, len(outputs) - 1)] for place in range(len(stage.inputs))]
    pairs = ", ".join(f"{name}: {output}" for name, output in zip(stage.inputs, taken, strict=True))
    return [f"  {stage.name}:", f"    inputs: {{{pairs}}}"]


def require_possible(kind: str, name: str) -> None:
    """Raises ``UsageError`` for a name that nothing of this kind can have."""
    form, words = FORMS[kind]
    reason = problem(name)
    if len(name) > LONGEST:
        reason = f"its name has at most {LONGEST} characters"
    elif not form.fullmatch(name):
        reason = f"its name is {words}"
    elif name == JOB_INPUT.partition(".")[0]:
        reason = f"{JOB_INPUT} is the job's input in every workflow"
    if reason:
        article = "an" if kind.startswith("e") else "a"
        raise UsageError(
            f"{article} {kind} can't be called {shortened(printable(name))!r}: {reason}", "choose another name"
        )


def _check_python(text: str) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        example = f"=={text}.*" if re.fullmatch(r"[0-9]+\.[0-9]+", text) else ">=3.10,<3.14"
        message = f"{printable(text)!r} isn't a range of Python versions, such as {example}"
        raise UsageError(message, "pipeline env new --help") from error


def _check_requirement(text: str) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        message = f"{printable(text)!r} isn't a requirement such as 'numpy>=2': {reason}"
        raise UsageError(message, "pipeline env new --help") from error
