"""``config/environments/NAME.yaml``, or the block of ``stages/NAME.py``: what the environment rooms work with.

An environment with variants has a definition, and a lock, for each of them.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config import blocks, inline_environments, variants
from pipeline.config.source import Source, load_yaml, names_in
from pipeline.envs.definition import Definition
from pipeline.envs.variables import COMPUTED, PLACEHOLDERS, unknown_placeholder
from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.project import Project
from pipeline.script import has_dependencies

NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True)
class EnvironmentSpec:
    """An environment as it is written: its definition for each accelerator, one of which is used."""

    source: Source
    definitions: tuple[Definition, ...]

    def chosen(self, accelerator: Callable[[], str]) -> Definition:
        """The definition for this machine, which is asked only where there is a choice.

        Raises ``ConfigurationError`` where no variant suits the machine.
        """
        by_variant = {each.variant: each for each in self.definitions}
        if "" in by_variant:
            return by_variant[""]
        wanted = accelerator()
        if (variant := variants.choose(wanted, by_variant)) is None:
            raise self.source.error(
                ("variants",),
                f"there is none for this machine, whose accelerator is {wanted}; there are: {', '.join(by_variant)}",
                f"add one for {wanted}, or one for cpu, which every machine can use",
            )
        return by_variant[variant]

    def require_lock(self, definition: Definition) -> Definition:
        """Raises ``ConfigurationError`` where the lock wasn't made yet."""
        if definition.lock is not None and not definition.lock.is_file():
            raise ConfigurationError(
                f"{self.source.shown_as}: the lock requirements/{definition.lock.name} isn't there",
                f"pipeline env lock {definition.name}",
            )
        return definition


def names(project: Project) -> list[str]:
    """Those with a file of their own, and those that stages bring."""
    inline_ones = [path.stem for path in project.stages.glob("*.py") if _brings_environment(path)]
    return sorted({*names_in(project.config / "environments"), *inline_ones})


def load(project: Project, name: str) -> EnvironmentSpec:
    """Raises ``ConfigurationError``, with file, line and key. The name is one of ``names``; its lock may be missing."""
    path = project.config / "environments" / f"{name}.yaml"
    stage = project.stage_file(name)
    if not path.is_file():
        return of_block(project, blocks.read(stage, project.root), name)
    if stage.is_file() and _brings_environment(stage):
        raise ConfigurationError(
            f"config/environments/{name}.yaml and stages/{name}.py both define environment '{name}'",
            f"rename one of them, or let stages/{name}.py name its environment",
        )
    source = load_yaml(path, project.root, "environment")
    _check_name(source, path.stem)
    return EnvironmentSpec(source, _definitions(project, source, name))


def of_block(project: Project, block: blocks.StageBlock, name: str) -> EnvironmentSpec:
    """The environment that a stage's own block defines, under the name that the stage has or will get."""
    source = inline_environments.environment(block)
    _check_name(source, name)
    beside = project.requirements / f"{name}.txt"
    if beside.exists():
        raise ConfigurationError(
            f"{source.shown_as}: its lock would be requirements/{name}.lock, which is that of requirements/{name}.txt",
            f"rename one of {source.shown_as} and requirements/{name}.txt",
        )
    definition = _definition(project, source, name, block.file)
    return EnvironmentSpec(source, (replace(definition, lock=project.requirements / f"{name}.lock"),))


def _brings_environment(stage: Path) -> bool:
    try:
        return not stage.name.startswith(".") and has_dependencies(stage.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # it is told where the stage is asked for
        return False


def _definitions(project: Project, source: Source, name: str) -> tuple[Definition, ...]:
    value = source.value
    _check_one_way(source)
    if "interpreter" in value:
        return (_definition(project, source, name, None),)
    if "variants" not in value:
        return (_definition(project, source, name, project.requirements / value.get("requirements", f"{name}.txt")),)
    return tuple(
        replace(
            _definition(project, source, name, project.requirements / entry["requirements"]),
            variant=variant,
            index=entry.get("index", ""),
        )
        for variant, entry in value["variants"].items()
    )


def _definition(project: Project, source: Source, name: str, requirements: Path | None) -> Definition:
    value = source.value
    _check_python(source)
    _check_provides(source)
    tools = [_tool(entry) for entry in value.get("tools", ())]
    return Definition(
        name=name,
        python=value.get("python", ""),
        lock=requirements.with_suffix(".lock") if requirements else None,
        requirements=requirements,
        interpreter=_folder(project, value["interpreter"]) if "interpreter" in value else None,
        imports=tuple(value.get("imports", ())),
        smoke=_smoke(project, source),
        variables=_variables(source),
        tools=tuple(tool for tool, _ in tools),
        tool_packages=tuple((tool, command) for tool, command in tools if command),
        models=tuple(value.get("models", ())),
        legacy=tuple(_folder(project, text) for text in value.get("legacy", ())),
        provides=tuple(sorted(value.get("provides", {}).items())),
        tool_variables=tuple(sorted(value.get("tool_variables", {}).items())),
        description=value.get("description", ""),
    )


def _tool(entry: Any) -> tuple[str, str]:
    """A program and the command that installs it, where one is given."""
    if isinstance(entry, str):
        return entry, ""
    ((tool, command),) = entry.items()
    return tool, command


def _folder(project: Project, text: str) -> Path:
    return Path(os.path.normpath(project.root / os.path.expanduser(text)))  # noqa: PTH111  # there may be no home


def _smoke(project: Project, source: Source) -> Path | None:
    if "smoke" not in source.value:
        return None
    text = source.value["smoke"]
    script = Path(os.path.normpath(project.root / text))
    if not script.is_relative_to(project.root):
        raise source.error(("smoke",), f"{text!r} lies outside the project")
    if not script.is_file():
        raise source.error(("smoke",), f"there is no file {text}")
    return script


def _variables(source: Source) -> tuple[tuple[str, str], ...]:
    variables = source.value.get("variables", {})
    for name, template in variables.items():
        keys = ("variables", name)
        if name in COMPUTED:
            raise source.error(keys, "this one is computed for each environment; it can't be set")
        if (unknown := unknown_placeholder(template)) is not None:
            known = did_you_mean(unknown, list(PLACEHOLDERS))
            raise source.error(keys, f"{{{unknown}}} stands for nothing{known}")
        if "\0" in template:
            raise source.error(keys, "it holds a NUL character")
    return tuple(sorted(variables.items()))


def _check_name(source: Source, name: str) -> None:
    if not NAME.fullmatch(name):
        raise source.error((), "an environment's name is lower-case letters, digits, - and _, a letter first")


def _check_one_way(source: Source) -> None:
    """What is in an environment is said in one way."""
    ways = [way for way in ("requirements", "variants", "interpreter") if way in source.value]
    if len(ways) > 1:
        raise source.error((ways[1],), f"there is {ways[0]} as well; an environment has one of the two")


def _check_provides(source: Source) -> None:
    """A program's name is a name, since a link of that name is made."""
    for tool in source.value.get("provides", {}):
        if tool in ("", ".", "..") or "/" in tool or "\\" in tool:
            raise source.error(("provides", tool), f"{tool!r} isn't a program's name")


def _check_python(source: Source) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if "python" not in source.value and "interpreter" not in source.value:
        raise source.error((), "'python' is missing")
    text = source.value.get("python", "")
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise source.error(("python",), f"{text!r} isn't a range of versions such as >=3.10,<3.13") from error
