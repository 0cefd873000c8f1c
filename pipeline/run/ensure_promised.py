"""What a stage promises of its outputs, held against what it has left."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.ensure import parsed
from pipeline.errors import NotReady
from pipeline.media.probe import PROBER, look
from pipeline.project import Project
from pipeline.run.ensure import unmet
from pipeline.run.runtime import Runtime


def broken(
    promised: Mapping[str, Any],
    outputs: Mapping[str, Path],
    inputs: Mapping[str, Sequence[str]],
    project: Project,
    runtime: Runtime,
) -> list[str]:
    """The promises that aren't kept, in words."""

    def seconds(file: Path) -> float | None:
        return look(file, _prober(runtime)).duration_s

    files = {slot: list(map(Path, paths)) for slot, paths in inputs.items()}
    return unmet(parsed(promised), outputs, files, project.root, seconds)


def _prober(runtime: Runtime) -> Path:
    """As it was found when the job was prepared: on PATH, or in the environment that provides it."""
    if found := shutil.which(PROBER, path=os.environ.get("PATH")):
        return Path(found)
    provided = [build.provided_tools / PROBER for build in runtime.builds.values()]
    for tool in provided:
        if tool.exists():
            return tool
    raise NotReady(f"{PROBER}, which measures durations, isn't there any more", "./bootstrap.sh")
