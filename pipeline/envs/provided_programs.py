"""Programs that aren't Python packages, such as ffmpeg: from PATH, else from an environment that provides them.

An environment has the programs that it provides in a folder of their own. Only that folder is put onto a stage's
``PATH``, so that nothing else of the environment is.
"""

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.platform.layout import WINDOWS
from pipeline.envs.variables import which
from pipeline.errors import NotReady
from pipeline.files import replaced


@dataclass(frozen=True)
class Tool:
    name: str
    path: Path | None  # where PATH has it
    provider: Definition | None  # the environment that provides it, used where PATH doesn't have it


def locate(name: str, provider: Definition | None, variables: Mapping[str, str]) -> Tool:
    """Look for a program where a stage with these variables finds it. ``provider``: who has it otherwise, if any."""
    path = which(name, {**variables, "PATH": variables.get("PATH", "")})
    return Tool(name, Path(path) if path else None, None if path else provider)


def place(definition: Definition, prefix: Path, site_packages: Path) -> None:
    """Make the folder of the programs that a new build provides.

    Raises ``NotReady`` where the packages don't have a program on this platform.
    """
    folder = _folder(definition, prefix)
    for tool, relative in definition.provides:
        program = site_packages / relative
        if not program.is_file():
            raise NotReady(
                f"environment '{definition.name}' provides {tool}, but its package has no {relative} on this platform",
                f"install {tool} so that it is on PATH",
            )
        _make_executable(program)
        folder.mkdir(exist_ok=True)
        if definition.tool_variables and not WINDOWS:
            _write_launcher(folder / tool, program, dict(definition.tool_variables))
        else:
            (folder / tool).symlink_to(program)


def files(definition: Definition, prefix: Path, site_packages: Path) -> list[Path]:
    """The files that must be there for the programs to run."""
    names = [(_folder(definition, prefix) / tool, site_packages / relative) for tool, relative in definition.provides]
    return [path for pair in names for path in pair]


def _folder(definition: Definition, prefix: Path) -> Path:
    return Build(definition.name, prefix, "", None).provided_tools


def _make_executable(program: Path) -> None:
    """Give a program the permission to be executed, which a wheel may have lost.

    It is replaced by a copy, since the file can be a link into uv's cache. The copy gets the old time, so that a
    digest that was taken before still counts.
    """
    if not os.access(program, os.X_OK):
        status = os.stat(program)
        with replaced(program, flush=False) as copy:
            shutil.copyfile(program, copy)
            copy.chmod(0o755)
            os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))


def _write_launcher(launcher: Path, program: Path, variables: dict[str, str]) -> None:
    """A script, so that the variables reach this program and nothing else of a stage."""
    assignments = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    launcher.write_text(f'#!/bin/sh\n{assignments} exec {shlex.quote(str(program))} "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
