"""Asking an external environment for its facts, in a process of its own interpreter.

Whether it fits what is wanted is decided in ``candidates.py``.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.envs.external.environment import ExternalEnvironment, Unusable
from pipeline.envs.inheritance import visible
from pipeline.envs.variables import stage_variables

ASK_SECONDS = 120  # for a start of the interpreter, from a slow disk at worst

# Runs under any Python 3: also an old one must be able to give its version.
QUESTION = """
import json, platform, sys, sysconfig
standard = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
print("\\n\\n" + json.dumps({  # apart from the output of packages that print as the interpreter starts
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
    folders: tuple[str, ...]  # where its packages lie: its own folders, and those that it shares with another Python
    sources: tuple[str, ...]  # further folders on its path, whose modules no package manager has recorded


def ask_interpreter(environment: ExternalEnvironment) -> Facts:
    """Start the interpreter, once. Raises ``Unusable`` where it doesn't run, or belongs to another environment."""
    answer = _answer(environment)
    if os.path.realpath(answer["prefix"]) != str(environment.prefix):
        raise Unusable(f"its interpreter belongs to {answer['prefix']}")
    return _facts(answer)


def as_json(facts: Facts) -> dict[str, Any]:
    return asdict(facts)


def from_json(value: Mapping[str, Any]) -> Facts:
    """Raises ``TypeError`` or ``KeyError`` for a value that ``as_json`` doesn't make."""
    words = {name: str(value[name]) for name in ("version", "abi", "platform")}
    return Facts(**words, folders=tuple(map(str, value["folders"])), sources=tuple(map(str, value["sources"])))


def _answer(environment: ExternalEnvironment) -> dict[str, Any]:
    variables = stage_variables(environment.prefix, visible(os.environ), conda=environment.is_conda)
    try:
        done = process.run([environment.python, "-I", "-B", "-c", QUESTION], variables, ASK_SECONDS)
        if done.returncode == 0:
            return dict(json.loads(done.stdout.rpartition(b"\n\n")[2]))
    except process.TimedOut as error:
        raise Unusable(f"its interpreter doesn't answer: {error}") from error
    except (OSError, ValueError) as error:
        raise Unusable(f"its interpreter doesn't run: {error}") from error
    last = done.error_text.splitlines()[-1:] or [f"exit code {done.returncode}"]
    raise Unusable(f"its interpreter doesn't run: {last[0]}")


def _facts(answer: Mapping[str, Any]) -> Facts:
    standard = set(map(_real, answer["standard"]))
    path = [each for each in answer["path"] if not _is_standard(each, standard)]
    folders = tuple(each for each in path if Path(each).name in ("site-packages", "dist-packages"))
    sources = tuple(each for each in path if each not in folders)
    return Facts(answer["version"], answer["abi"], answer["platform"], folders, sources)


def _is_standard(entry: str, standard: set[str]) -> bool:
    """The standard library's folder, its archive, and the folder of its compiled modules."""
    folder, name = os.path.split(entry)
    is_compiled = name in ("lib-dynload", "DLLs") and not standard.isdisjoint((_real(folder), _real(f"{folder}/Lib")))
    return is_compiled or _real(entry) in standard or name.endswith(".zip")


def _real(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))
