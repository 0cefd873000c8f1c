"""Definitions of environments, from ``config/environments/NAME.yaml`` or a block in ``stages/`` or ``calculators/``.

An environment with variants has a definition, and a lock, for each of them.
"""

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import blocks, inline_environments
from pipeline.config.caller_variables import passed_names
from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.config.tools import entries as tool_entries
from pipeline.envs import python_range
from pipeline.envs.definition import Definition
from pipeline.envs.python_range import InvalidRange
from pipeline.envs.variables import COMPUTED, PLACEHOLDERS, unknown_placeholder
from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.project import SCRIPT_FOLDERS, ProjectFolder
from pipeline.script import has_dependencies
from pipeline.values import Struct

LONGEST_NAME = 100  # characters; names of files are made of it
NAME = re.compile(rf"[a-z][a-z0-9_-]{{0,{LONGEST_NAME - 1}}}")
CUDA = re.compile(r"cu(\d+?)(\d)")  # cu128: version 12.8


class EnvironmentSpec(Struct, frozen=True):
    """An environment as a person wrote it."""

    source: ConfigurationSource
    definitions: tuple[Definition, ...]  # one for each variant; the only one has the variant ""

    def for_machine(self, accelerator: Callable[[], str]) -> Definition:
        """The definition for this machine; ``accelerator`` is called only where there are variants.

        Raises ``ConfigurationError`` where no variant suits the machine.
        """
        by_variant = {each.variant: each for each in self.definitions}
        if "" in by_variant:
            return by_variant[""]
        wanted = accelerator()
        if (variant := choose_variant(wanted, by_variant)) is None:
            raise self.source.error(
                ("variants",),
                f"none is for this machine, whose accelerator is {wanted}; there are: {', '.join(by_variant)}",
                f"add one for {wanted}, or one for cpu, which every machine can use",
            )
        return by_variant[variant]

    def require_lock(self, definition: Definition) -> Definition:
        """The definition itself. Raises ``ConfigurationError`` where its lock doesn't exist yet."""
        if definition.lock is not None and not definition.lock.is_file():
            raise ConfigurationError(
                f"{self.source.shown_as}: the lock requirements/{definition.lock.name} doesn't exist yet",
                f"pipeline env lock {definition.name}",
            )
        return definition


def choose_variant(accelerator: str, variants: Collection[str]) -> str | None:
    """The variant for a machine with this accelerator: ``cpu``, ``mps``, ``cu128`` for CUDA 12.8, and so on.

    The one of that name; else for CUDA the highest of a lower version, since a driver runs older ones, too; else
    ``cpu``. ``None`` where no variant suits the machine.
    """
    if accelerator in variants:
        return accelerator
    if version := _cuda_version(accelerator):
        older = [(each, name) for name in variants if (each := _cuda_version(name)) and each <= version]
        if older:
            return max(older)[1]
    return "cpu" if "cpu" in variants else None


def _cuda_version(variant: str) -> tuple[int, int] | None:
    match = CUDA.fullmatch(variant)
    return (int(match[1]), int(match[2])) if match else None


def names(project: ProjectFolder) -> list[str]:
    """Environments with a file of their own and those in blocks of Python files, in alphabetical order."""
    files = (path for folder in SCRIPT_FOLDERS for path in project.files(folder, "*.py"))
    inline = [path.stem for path in files if _brings_environment(path)]
    return sorted({*(path.stem for path in project.files("config/environments", "*.yaml")), *inline})


def load(project: ProjectFolder, name: str) -> EnvironmentSpec:
    """The environment of a name that is one of ``names``. Its locks may be missing.

    Raises ``ConfigurationError``, with file, line and key, where its file is wrong.
    """
    layer = layer_of(project, name)
    path, scripts = _file(layer, name), _scripts(layer, name)
    _require_one(layer, [*([path] if path.is_file() else []), *scripts], name)
    if not path.is_file():
        script = next(iter(scripts or layer.scripts(name)))
        return of_block(project, blocks.read(script, project.root), name)
    source = load_yaml(path, project.root, "environment")
    _check_name(source, path.stem)
    return EnvironmentSpec(source, _definitions(project, source, name))


def layer_of(project: ProjectFolder, name: str) -> ProjectFolder:
    """What defines the environment: the project, or what it extends."""
    layers = (each for each in project.layers if _file(each, name).is_file() or _scripts(each, name))
    return next(layers, project)


def _file(layer: ProjectFolder, name: str) -> Path:
    return layer.config / "environments" / f"{name}.yaml"


def _scripts(layer: ProjectFolder, name: str) -> list[Path]:
    """The Python files whose block defines it: one, where nothing is wrong."""
    return [path for path in layer.scripts(name) if _brings_environment(path)]


def _require_one(layer: ProjectFolder, files: Sequence[Path], name: str) -> None:
    if len(files) > 1:
        first, second = (str(file.relative_to(layer.root)) for file in files[:2])
        raise ConfigurationError(
            f"{first} and {second} both define environment '{name}'",
            f"rename one of them, or let {second} name its environment",
        )


def of_block(project: ProjectFolder, block: blocks.StageBlock, name: str) -> EnvironmentSpec:
    """The environment that a stage's block defines. ``name``: the stem of the stage's file, or what it will be.

    Raises ``ConfigurationError``, with file, line and key, where the block is wrong or the name is taken.
    """
    source = inline_environments.read_environment(block)
    _check_name(source, name)
    beside = project.owner(block.file).requirements / f"{name}.txt"
    if beside.exists():
        raise ConfigurationError(
            f"{source.shown_as}: its lock would be requirements/{name}.lock, which is that of requirements/{name}.txt",
            f"rename one of {source.shown_as} and requirements/{name}.txt",
        )
    definition = _definition(project, source, name, block.file)
    lock = project.locate("requirements", f"{name}.lock")
    own = project.requirements / f"{name}.lock"
    return EnvironmentSpec(source, (replace(definition, lock=lock if project.is_extended(block.file) else own),))


def _brings_environment(stage: Path) -> bool:
    try:
        return not stage.name.startswith(".") and has_dependencies(stage.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # whoever loads the stage gets the error
        return False


def _definitions(project: ProjectFolder, source: ConfigurationSource, name: str) -> tuple[Definition, ...]:
    value = source.value
    _check_one_way(source)
    if "interpreter" in value:
        return (_definition(project, source, name, None),)
    if "variants" not in value:
        requirements = project.locate("requirements", value.get("requirements", f"{name}.txt"))
        return (_definition(project, source, name, requirements),)
    return tuple(
        replace(
            _definition(project, source, name, project.locate("requirements", entry["requirements"])),
            variant=variant,
            index=entry.get("index", value.get("index", "")),
        )
        for variant, entry in value["variants"].items()
    )


def _definition(
    project: ProjectFolder, source: ConfigurationSource, name: str, requirements: Path | None
) -> Definition:
    value = source.value
    _check_python(source)
    _check_provides(source)
    tools = tool_entries(value.get("tools", ()))
    return Definition(
        name=name,
        python=value.get("python", ""),
        lock=_lock(project, requirements) if requirements else None,
        requirements=requirements,
        interpreter=_folder(project, value["interpreter"]) if "interpreter" in value else None,
        imports=tuple(value.get("imports", ())),
        smoke=_smoke(project, source),
        variables=_variables(source),
        passed=passed_names(source),
        tools=tuple(each.name for each in tools),
        tool_packages=tuple((each.name, each.command) for each in tools if each.command),
        tool_versions=tuple((each.name, each.version) for each in tools if each.version),
        models=tuple(value.get("models", ())),
        legacy=tuple(_folder(project, text) for text in value.get("legacy", ())),
        provides=tuple(sorted(value.get("provides", {}).items())),
        tool_variables=tuple(sorted(value.get("tool_variables", {}).items())),
        index=value.get("index", ""),
        build_after=_build_after(source),
        preferred=_preferred(value),
        description=value.get("description", ""),
    )


def _lock(project: ProjectFolder, requirements: Path) -> Path:
    """Beside the requirements; for those of what the project extends, a lock in the project comes first."""
    beside = requirements.with_suffix(".lock")
    return project.locate("requirements", beside.name) if project.is_extended(requirements) else beside


def _preferred(value: Mapping[str, Any]) -> tuple[str, ...]:
    preferred = value.get("overlaps", {}).get("prefer", ())
    if not preferred:
        return ()
    from packaging.utils import canonicalize_name

    return tuple(dict.fromkeys(canonicalize_name(name) for name in preferred))


def _build_after(source: ConfigurationSource) -> tuple[tuple[str, tuple[str, ...]], ...]:
    wanted = source.value.get("build_after", {})
    if not wanted:
        return ()
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    for package, texts in wanted.items():
        for text in texts:
            try:
                Requirement(text)
            except InvalidRequirement as error:
                raise source.error(("build_after", package), f"{text!r} isn't a requirement such as torch") from error
    return tuple(sorted((canonicalize_name(package), tuple(texts)) for package, texts in wanted.items()))


def _folder(project: ProjectFolder, text: str) -> Path:
    return Path(os.path.normpath(project.root / os.path.expanduser(text)))  # noqa: PTH111  # there may be no home


def _smoke(project: ProjectFolder, source: ConfigurationSource) -> Path | None:
    if "smoke" not in source.value:
        return None
    text = source.value["smoke"]
    root = project.owner(source.path).root
    script = Path(os.path.normpath(root / text))
    if not script.is_relative_to(root):
        raise source.error(("smoke",), f"{text!r} lies outside the project")
    if not script.is_file():
        raise source.error(("smoke",), f"there is no file {text}")
    return script


def _variables(source: ConfigurationSource) -> tuple[tuple[str, str], ...]:
    variables = source.value.get("variables", {})
    for name, template in variables.items():
        keys = ("variables", name)
        if name in COMPUTED:
            raise source.error(keys, "it is computed for each environment and can't be set")
        if (unknown := unknown_placeholder(template)) is not None:
            known = did_you_mean(unknown, list(PLACEHOLDERS))
            raise source.error(keys, f"unknown placeholder {{{unknown}}}{known}")
        if "\0" in template:
            raise source.error(keys, "it contains a NUL character")
    return tuple(sorted(variables.items()))


def _check_name(source: ConfigurationSource, name: str) -> None:
    if not NAME.fullmatch(name):
        form = f"lower-case letters, digits, - and _, a letter first, and at most {LONGEST_NAME} characters"
        raise source.error((), f"an environment's name is {form}")


def _check_one_way(source: ConfigurationSource) -> None:
    """An environment has requirements, or variants, or another one's interpreter."""
    ways = [way for way in ("requirements", "variants", "interpreter") if way in source.value]
    if len(ways) > 1:
        raise source.error((ways[1],), f"there is '{ways[0]}' as well; an environment has one of the two")


def _check_provides(source: ConfigurationSource) -> None:
    """A program's name must be a file's name, since a link of that name is made."""
    for tool in source.value.get("provides", {}):
        if tool in ("", ".", "..") or "/" in tool or "\\" in tool:
            raise source.error(("provides", tool), f"{tool!r} isn't a program's name")


def _check_python(source: ConfigurationSource) -> None:
    if "python" not in source.value and "interpreter" not in source.value:
        raise source.error((), "'python' is missing")
    text = source.value.get("python", "")
    try:
        python_range.check(text)
    except InvalidRange as error:
        raise source.error(("python",), f"{text!r} isn't a range of versions such as >=3.10,<3.13") from error
