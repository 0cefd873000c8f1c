"""An external environment: made by another tool or person. It is read and used; nothing is ever written into it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.envs.platform.layout import interpreter


class Unusable(Exception):
    """No stage can run in a folder; the message says why, without naming the folder."""


@dataclass(frozen=True)
class ExternalEnvironment:
    """A folder that is an environment, as far as this shows without starting its interpreter."""

    prefix: Path  # the real path: when a link is turned to another folder, it is another environment
    kind: Literal["venv", "conda"]

    @property
    def is_conda(self) -> bool:
        return self.kind == "conda"

    @property
    def python(self) -> Path:
        return interpreter(self.prefix, self.is_conda)


def recognise(folder: Path) -> ExternalEnvironment:
    """Raises ``Unusable`` with the reason where the folder isn't an environment or its interpreter can't be run."""
    try:
        prefix = Path(os.path.realpath(folder))
        environment = ExternalEnvironment(prefix, _kind(prefix))
    except (OSError, ValueError) as error:  # we may not look into it, or no folder can have such a name
        raise Unusable(f"it can't be read: {getattr(error, 'strerror', None) or error}") from error
    if not os.access(environment.python, os.X_OK):
        problem = "can't be executed" if environment.python.exists() else "is gone"
        raise Unusable(f"its interpreter {environment.python} {problem}")
    return environment


def _kind(prefix: Path) -> Literal["venv", "conda"]:
    if not prefix.exists():
        raise Unusable("it isn't there")
    if not prefix.is_dir():
        raise Unusable("it is a file; name the environment's folder")
    if (prefix / "pyvenv.cfg").is_file():
        return "venv"
    if (prefix / "conda-meta").is_dir():
        return "conda"
    raise Unusable("it isn't an environment: it has neither pyvenv.cfg nor conda-meta")
