"""Programs that aren't Python packages, such as ffmpeg: on PATH, else from an environment that carries them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.definition import Definition


@dataclass(frozen=True)
class Tool:
    name: str
    path: Path | None  # where PATH has it
    provider: Definition | None  # the environment that carries it, used where PATH has none


def locate(name: str, provider: Definition | None, variables: Mapping[str, str]) -> Tool:
    found = shutil.which(name, path=variables.get("PATH", ""))
    return Tool(name, Path(found) if found else None, None if found else provider)
