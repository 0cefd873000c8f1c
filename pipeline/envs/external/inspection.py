"""Asking an environment what it is, in a process of its own interpreter."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.envs.external.environment import Foreign, Unusable
from pipeline.envs.variables import stage_variables

ASK_SECONDS = 120  # for a start of the interpreter, from a slow disk at worst

# Runs under any Python 3, since an old one has to be able to say how old it is.
QUESTION = """
import json, platform, sys, sysconfig
standard = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
print("\\n\\n" + json.dumps({  # set apart from what a package prints as the interpreter starts
    "version": platform.python_version(),
    "abi": sysconfig.get_config_var("SOABI") or "",
    "platform": sysconfig.get_platform(),
    "prefix": sys.prefix,
    "path": [each for each in sys.path if each],
    "standard": [each for each in standard if each],
}))
"""


@dataclass(frozen=True)
class Facts:
    version: str  # exact, such as 3.11.7
    abi: str
    platform: str
    folders: tuple[str, ...]  # where its packages lie: its own, and those that it takes over from another Python
    sources: tuple[str, ...]  # further folders on its path, whose modules no package manager has recorded


def inspect(foreign: Foreign) -> Facts:
    """Raises ``Unusable`` where its interpreter doesn't run, or is another environment's."""
    said = _ask(foreign)
    if os.path.realpath(said["prefix"]) != str(foreign.prefix):
        raise Unusable(f"its interpreter belongs to {said['prefix']}")
    return _facts(said)


def as_json(facts: Facts) -> dict[str, Any]:
    return asdict(facts)


def from_json(value: Mapping[str, Any]) -> Facts:
    """Raises ``TypeError`` or ``KeyError`` for what ``as_json`` doesn't make."""
    words = {name: str(value[name]) for name in ("version", "abi", "platform")}
    return Facts(**words, folders=tuple(map(str, value["folders"])), sources=tuple(map(str, value["sources"])))


def _ask(foreign: Foreign) -> dict[str, Any]:
    variables = stage_variables(foreign.prefix, os.environ, conda=foreign.kind == "conda")
    try:
        done = process.run([foreign.python, "-I", "-B", "-c", QUESTION], variables, ASK_SECONDS)
        if done.returncode == 0:
            return dict(json.loads(done.stdout.rpartition(b"\n\n")[2]))
    except process.TimedOut as error:
        raise Unusable(f"its interpreter doesn't answer: {error}") from error
    except (OSError, ValueError) as error:
        raise Unusable(f"its interpreter doesn't run: {error}") from error
    last = done.error_text.splitlines()[-1:] or [f"exit code {done.returncode}"]
    raise Unusable(f"its interpreter doesn't run: {last[0]}")


def _facts(said: Mapping[str, Any]) -> Facts:
    standard = set(map(_real, said["standard"]))
    beside = [each for each in said["path"] if not _is_standard(each, standard)]
    folders = tuple(each for each in beside if Path(each).name in ("site-packages", "dist-packages"))
    sources = tuple(each for each in beside if each not in folders)
    return Facts(said["version"], said["abi"], said["platform"], folders, sources)


def _is_standard(entry: str, standard: set[str]) -> bool:
    """The standard library's folder, its archive, and the folder of its compiled modules."""
    folder, name = os.path.split(entry)
    is_compiled = name in ("lib-dynload", "DLLs") and not standard.isdisjoint((_real(folder), _real(f"{folder}/Lib")))
    return is_compiled or _real(entry) in standard or name.endswith(".zip")


def _real(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))
