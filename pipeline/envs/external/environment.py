"""An environment that somebody else has made. It is looked at and used; nothing is ever written into it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.envs.platform.layout import interpreter

Kind = Literal["venv", "conda"]


class Unusable(Exception):
    """A folder that no stage can run in; the message says why, without naming the folder."""


@dataclass(frozen=True)
class Foreign:
    """What makes a folder an environment, as far as that shows without starting anything."""

    prefix: Path  # the real one, so that a link which is turned elsewhere leads to another environment
    kind: Kind

    @property
    def python(self) -> Path:
        return interpreter(self.prefix, self.kind == "conda")


def recognise(folder: Path) -> Foreign:
    """Raises ``Unusable`` with what is missing."""
    try:
        prefix = Path(os.path.realpath(folder))
        found = Foreign(prefix, _kind(prefix))
    except (OSError, ValueError) as error:  # we may not look into it, or no folder can have such a name
        raise Unusable(f"it can't be read: {getattr(error, 'strerror', None) or error}") from error
    if not os.access(found.python, os.X_OK):
        gone = "can't be executed" if found.python.exists() else "is gone"
        raise Unusable(f"its interpreter {found.python} {gone}")
    return found


def _kind(prefix: Path) -> Kind:
    if not prefix.exists():
        raise Unusable("it isn't there")
    if not prefix.is_dir():
        raise Unusable("it is a file; name the environment's folder")
    if (prefix / "pyvenv.cfg").is_file():
        return "venv"
    if (prefix / "conda-meta").is_dir():
        return "conda"
    raise Unusable("it isn't an environment: it has neither pyvenv.cfg nor conda-meta")
