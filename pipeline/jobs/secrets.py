"""Where a secret parameter's value comes from, as a job says it: never the value itself.

``env:NAME`` is a variable of whoever runs the job, ``file:PATH`` a file, and ``prompt`` asks on the terminal.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import NotReady
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.jobs.job import PlannedJob

WAYS = "env:VARIABLE, file:PATH or prompt"
SOURCE = r"env:(?P<variable>[A-Za-z_][A-Za-z0-9_]*)|file:(?P<file>.+)|prompt"
SHORTEST = 4  # characters; what is shorter can't be masked in a log


class SecretSource(Struct, frozen=True):
    """``text``: as it is written in ``job.json``."""

    text: str

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> SecretSource | None:
    """``None`` where the text is no source, but perhaps a secret. A file's path becomes absolute."""
    found = re.fullmatch(SOURCE, text)
    if not found:
        return None
    if found["file"]:
        return SecretSource(f"file:{os.path.abspath(os.path.expanduser(found['file']))}")  # noqa: PTH111  # no home
    return SecretSource(text)


def has_secret(value: Any) -> bool:
    """Whether a source stands anywhere in lists and mappings."""
    if isinstance(value, dict):
        return any(map(has_secret, value.values()))
    return any(map(has_secret, value)) if isinstance(value, list) else isinstance(value, SecretSource)


class Secrets:
    """The values, each read once in a run."""

    def __init__(self, caller: Mapping[str, str]) -> None:
        self._caller = caller
        self._values: dict[str, str] = {}

    def value(self, source: str, parameter: str) -> str:
        """Raises ``NotReady`` where it can't be had; ``parameter`` is for the message."""
        if source not in self._values:
            value = self._read(source, parameter)
            if len(value) < SHORTEST:
                raise NotReady(
                    f"the secret '{parameter}' ({source}) has fewer than {SHORTEST} characters, so it can't be masked",
                    "use a longer one",
                )
            self._values[source] = value
        return self._values[source]

    def require(self, jobs: Iterable["PlannedJob"]) -> None:
        """Read all that these jobs need, before anything is started. Raises ``NotReady``."""
        for job in jobs:
            for stage in job.plan.programs:
                for name, source in stage.secrets.items():
                    self.value(source, name)

    def _read(self, source: str, parameter: str) -> str:
        found = re.fullmatch(SOURCE, source)
        assert found, parameter
        if name := found["variable"]:
            if name not in self._caller:
                raise NotReady(
                    f"the secret '{parameter}' comes from {name}, which isn't set", f"read -rs {name}; export {name}"
                )
            return self._caller[name]
        if file := found["file"]:
            return _content(Path(file), parameter)
        return _asked(parameter)


def _content(file: Path, parameter: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise NotReady(f"the secret '{parameter}': {file} can't be read: {reason}", f"ls -l {file}") from error


def _asked(parameter: str) -> str:
    import getpass
    import sys

    if not sys.stdin.isatty():
        raise NotReady(
            f"the secret '{parameter}' is asked for on a terminal, and there is none",
            f"prepare the job again with --param {parameter}=env:VARIABLE",
        )
    return getpass.getpass(f"{parameter}: ")
