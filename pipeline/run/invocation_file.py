"""What a stage reads of its invocation: what its key is a digest of, and where things are."""

from typing import Any

from pipeline.values import Struct, field


class Arguments(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a stage is called with, and all that its result may depend on beside the content of its files.

    The stage's key is a digest of exactly these bytes, in this order.
    """

    name: str | None = None  # of the stage in the job; only for a stage that reads it
    inputs: dict[str, list[str]]  # the names of files by slot, in order
    parameters: dict[str, Any]
    models: dict[str, str]  # slot to the name of a folder
    outputs: dict[str, str]  # to a file name, or a pattern


class CommandInvocation(Struct, frozen=True):
    """What a command stage starts. Its placeholders are filled in by ``sdk/command_stage.py``."""

    words: list[str]  # empty where ``shell`` has a text
    shell: str
    files: dict[str, str]  # paths of its own files, by the names that the placeholders have
    variables: dict[str, str]
    stdin: str  # an input, or empty
    stdout: str  # an output, or empty


class InvocationFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt's ``invocation.json``. ``stagekit`` reads it.

    Everything but the arguments is a place, or the stage's share of the machine: it differs from one run to the next,
    and no result may depend on it.
    """

    schema: int
    arguments: Arguments
    stage_file: str
    modules: list[str]
    inputs: dict[str, list[str]]  # paths of the files that the arguments name
    models: dict[str, str]  # paths of the folders that the arguments name
    output_folder: str
    work: str
    cpus: int
    services: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # those that the stage uses: their URLs by the ports' names
    command: CommandInvocation | None = None  # of a command stage; the stage's source has a digest of it


SCHEMA = 2


def shown(arguments: Arguments) -> dict[str, Any]:
    """The arguments as parts of a key, under names that say that they are names."""
    parts = {
        "name": arguments.name,
        "parameters": arguments.parameters,
        "outputs": arguments.outputs,
        "input_names": arguments.inputs,
        "model_names": arguments.models,
    }
    return {part: value for part, value in parts.items() if value is not None}
