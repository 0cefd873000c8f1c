"""The Python that an environment is built on."""

import json
import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.variables import without_python
from pipeline.errors import NotReady

# Read while this module is imported, by one thread: sysconfig may give another thread None while it is being filled.
OWN_ABI = sysconfig.get_config_var("SOABI") or ""
ASK_SECONDS = 120
QUERY = """
import json, platform, sysconfig
print(json.dumps([platform.python_version(), sysconfig.get_config_var("SOABI") or ""]))
"""


@dataclass(frozen=True)
class BaseInterpreter:
    executable: Path
    version: str  # exact, such as 3.11.7
    abi: str


def find(definition: Definition, installer: Path) -> BaseInterpreter:
    """Our own interpreter where it fits the definition's range, else the one that uv finds on the machine.

    ``installer`` is uv. Raises ``NotReady`` where no interpreter fits, or the one that fits doesn't run.
    """
    own = _own()
    if _fits(definition.python, own.version):
        return own
    question: list[str | Path] = [installer, "python", "find", "--no-project", "--system", definition.python]
    answer = _ask(question, uv.variables(os.environ))
    if answer.returncode:
        raise NotReady(
            f"environment '{definition.name}' needs Python {definition.python}, and there is none here",
            f"{installer} python install '{definition.python}'"
            f"   or widen the range in config/environments/{definition.name}.yaml",
        )
    return _query(Path(os.fsdecode(answer.stdout.strip())))


def own_fits(definition: Definition) -> bool:
    """Whether the environment is built on our own interpreter, so that none has to be looked for."""
    return _fits(definition.python, platform.python_version())


def _own() -> BaseInterpreter:
    executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    return BaseInterpreter(executable, platform.python_version(), OWN_ABI)


def _query(executable: Path) -> BaseInterpreter:
    """Ask an interpreter, which also proves that it runs."""
    answer = _ask([executable, "-I", "-c", QUERY], without_python(os.environ))
    if answer.returncode:
        raise NotReady(f"the interpreter {executable} doesn't run: {answer.error_text}")
    version, abi = json.loads(answer.stdout)
    return BaseInterpreter(executable.resolve(), version, abi)


def _ask(question: list[str | Path], variables: dict[str, str]) -> process.CompletedProcess:
    try:
        return process.run(question, variables, ASK_SECONDS)
    except process.TimedOut as error:
        raise NotReady(f"no interpreter could be chosen: {error}") from error


def _fits(specifier: str, version: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return version in SpecifierSet(specifier)
