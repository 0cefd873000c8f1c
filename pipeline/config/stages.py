"""What a stage declares: in the PEP 723 block at the top of its file, or in a file of its own where it is a command.

The block is read as text: the orchestrator never imports a stage, whose libraries it doesn't have.
https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import policy
from pipeline.config import command_stages, ensure, services, shared_modules
from pipeline.config.blocks import StageBlock, read
from pipeline.config.caller_variables import passed_names
from pipeline.config.command_stages import CommandSpec
from pipeline.config.source import ConfigurationSource, check, require_name
from pipeline.digests import canonical_json
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from pipeline.services.definition import ServiceDefinition


@dataclass(frozen=True)
class StageSpec:
    """The table ``[tool.pipeline.stage]``; the keys are described in ``pipeline/schemas/stage.json``."""

    name: str
    file: Path
    environment: str
    inputs: tuple[str, ...]
    models: tuple[str, ...]
    optional_models: tuple[str, ...]  # slots that may stay empty
    services: tuple[str, ...]  # names under which it uses them; which ones they are, a workflow says
    modules: tuple[str, ...]  # shared with other stages (pipeline/config/shared_modules.py)
    parameters: Mapping[str, Any]  # name to default
    outputs: Mapping[str, str]  # name to file name or pattern
    passed: tuple[str, ...]  # names of the caller's variables that it asks for
    ensure: Mapping[str, Any]  # promises by output (pipeline/config/ensure.py)
    policy: Mapping[str, Any]  # how it is run: resources, retries, timeout and so on (pipeline/policy.py)
    command: CommandSpec | None = None  # where it is one
    service: ServiceDefinition | None = None  # where it is one
    description: str = ""
    source: str | None = None  # of a function that is frozen with its job


def names(project: ProjectFolder) -> list[str]:
    """The project's stages and those that it extends, in alphabetical order."""
    return sorted({path.stem for suffix in ("py", "yaml") for path in project.files("stages", f"*.{suffix}")})


def load(project: ProjectFolder, name: str) -> StageSpec:
    """Raises ``ConfigurationError`` where there is no stage of this name, or two, and for a wrong declaration."""
    require_name("stage", name, names(project), f"write {project.shown(project.stage_file(name))}")
    file = project.stage_file(name)
    if file.suffix == ".py":
        if file.with_suffix(".yaml").is_file():
            both = f"stages/{name}.py and stages/{name}.yaml both define stage '{name}'"
            raise ConfigurationError(both, "rename one of them")
        return of_block(read(file, project.root), project, name)
    source = command_stages.read(file, project)
    return _spec(source, project, name, source.value["environment"], command_stages.command_of(source))


def of_block(block: StageBlock, project: ProjectFolder, name: str) -> StageSpec:
    """The stage that a block declares. ``name``: the stem of the stage's file, or of the file that it will become.

    Raises ``ConfigurationError``, with file, line and key, where the block is wrong.
    """
    source = block.table("tool", "pipeline", "stage")
    if source is None:
        raise ConfigurationError(f"{block.shown_as}:{block.line}: the script block has no [tool.pipeline.stage] table")
    check(source, "stage")
    return _spec(source, project, name, _environment(block, source, name))


def of_function(declared: ConfigurationSource, project: ProjectFolder, name: str, source: str) -> StageSpec:
    """The stage that a function is, with its frozen source. Raises ``ConfigurationError``, with its place."""
    check(declared, "stage")
    return replace(_spec(declared, project, name, declared.value["environment"]), source=source)


def _spec(
    source: ConfigurationSource,
    project: ProjectFolder,
    name: str,
    environment: str,
    command: CommandSpec | None = None,
) -> StageSpec:
    _check_defaults(source)
    owner = project.owner(source.path)
    _check_modules(source, owner)
    ensure.check(source, owner)
    table = source.value
    return StageSpec(
        name=name,
        file=source.path,
        environment=environment,
        inputs=tuple(table.get("inputs", ())),
        models=tuple(table.get("models", ())),
        optional_models=tuple(table.get("optional_models", ())),
        services=tuple(table.get("services", ())),
        modules=tuple(table.get("modules", ())),
        parameters=table.get("parameters", {}),
        outputs=table.get("outputs", {}),
        passed=passed_names(source),
        ensure=table.get("ensure", {}),
        policy=policy.declared(table),
        command=command,
        service=services.service_of(source),
        description=table.get("description", ""),
    )


def _environment(block: StageBlock, source: ConfigurationSource, name: str) -> str:
    """The environment that the stage names, or its own one, which has the stage's name."""
    named = source.value.get("environment")
    if named and block.brings_environment:
        message = "the block has dependencies as well, which are the stage's own environment; keep one of the two"
        raise source.error(("environment",), message)
    if not named and not block.brings_environment:
        raise source.error((), "'environment' is missing; name one, or write the stage's own dependencies")
    return str(named or name)


def _check_modules(source: ConfigurationSource, project: ProjectFolder) -> None:
    for index, name in enumerate(source.value.get("modules", ())):
        try:
            shared_modules.locate(project, name)
        except ConfigurationError as error:
            raise source.error(("modules", index), error.message, error.next_step) from error


def _check_defaults(source: ConfigurationSource) -> None:
    """TOML has dates and infinities; a plan, which is JSON, has none."""
    for name, value in source.value.get("parameters", {}).items():
        try:
            canonical_json(value)
        except (TypeError, ValueError) as error:
            raise source.error(("parameters", name), f"its default {value} isn't a value that JSON has") from error
