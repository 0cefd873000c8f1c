"""``config/environments/NAME.yaml`` and its lock, as the definition that the environment rooms work with."""

import re
from pathlib import Path

from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from pipeline.spec.source import Source, load_yaml

NAME = re.compile(r"[a-z][a-z0-9_-]*")


def load(project: Project, path: Path) -> Definition:
    source = load_yaml(path, project.root, "environment")
    _check_name(source)
    value = source.value
    requirements = project.requirements / value.get("requirements", f"{path.stem}.txt")
    _check_python(source, value["python"])
    _check_provides(source)
    return Definition(
        name=path.stem,
        python=value["python"],
        lock=None if "interpreter" in value else _lock(project, source, requirements),
        interpreter=project.root / Path(value["interpreter"]).expanduser() if "interpreter" in value else None,
        legacy=tuple(project.root / Path(each).expanduser() for each in value.get("legacy", ())),
        imports=tuple(value.get("imports", ())),
        tools=tuple(value.get("tools", ())),
        models=tuple(value.get("models", ())),
        provides=tuple(sorted(value.get("provides", {}).items())),
        tool_variables=tuple(sorted(value.get("tool_variables", {}).items())),
        description=value.get("description", ""),
    )


def _check_name(source: Source) -> None:
    if not NAME.fullmatch(source.path.stem):
        raise source.error((), "an environment's name is lower-case letters, digits, - and _, a letter first")


def _check_provides(source: Source) -> None:
    """A program's name is a name, since a link of that name is made."""
    for tool in source.value.get("provides", {}):
        if tool in ("", ".", "..") or "/" in tool or "\\" in tool:
            raise source.error(("provides", tool), f"{tool!r} isn't a program's name")


def _check_python(source: Source, text: str) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise source.error(("python",), f"{text!r} isn't a range of versions such as >=3.10,<3.13") from error


def _lock(project: Project, source: Source, requirements: Path) -> Path:
    lock = requirements.with_suffix(".lock")
    if not lock.is_file():
        wanted, asked = lock.relative_to(project.root), requirements.relative_to(project.root)
        raise ConfigurationError(
            f"{source.shown_as}: the lock {wanted} isn't there",
            uv.lock_command(asked, wanted),
        )
    return lock
