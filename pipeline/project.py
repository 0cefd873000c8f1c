"""Where a project's files are."""

import os
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.values import Struct

MARKER = Path("config", "pipeline.yaml")

# What is made and not written by people: ``paths`` in the settings may put it on another disk. A job's document says
# ``venv/NAME`` wherever that is, since it is a label there.
PLACES = {"environments": "venv", "cache": "cache", "jobs": "jobs", "models": "models", "logs": "logs"}


class ProjectFolder(Struct, frozen=True):
    """A folder with a configuration, and the places of all that belongs to it."""

    root: Path
    elsewhere: tuple[tuple[str, Path], ...] = ()  # folders that don't stand in the root, by the names that PLACES has
    shared: bool = False  # whether a group works on it; otherwise what it makes is for its user alone

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements"

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    @property
    def modules(self) -> Path:
        """What stages share. No stage itself: those are files right below ``stages/``."""
        return self.stages / "modules"

    @property
    def environments(self) -> Path:
        return self.place("environments")

    @property
    def models(self) -> Path:
        return self.place("models")

    @property
    def jobs(self) -> Path:
        return self.place("jobs")

    @property
    def cache(self) -> Path:
        return self.place("cache")

    @property
    def results(self) -> Path:
        return self.cache / "results"

    @property
    def logs(self) -> Path:
        return self.place("logs")

    @property
    def personal_folders(self) -> tuple[Path, ...]:
        """Those that hold what a person works on."""
        return self.jobs, self.cache, self.logs

    def place(self, name: str) -> Path:
        return dict(self.elsewhere).get(name) or self.root / PLACES[name]

    def stage_file(self, stage: str) -> Path:
        return self.stages / f"{stage}.py"


def find(start: Path, root: Path | None = None) -> ProjectFolder:
    """The project at ``root``, else the one that ``start`` lies in."""
    if root is not None:
        return _at(root.resolve())
    for folder in (start, *start.parents):
        if (folder / MARKER).is_file():
            return _at(folder)
    raise UsageError(
        f"no project here: neither {start} nor a folder above it has {MARKER}",
        "go into the project's folder, or name it with --root FOLDER or PIPELINE_ROOT",
    )


def _at(root: Path) -> ProjectFolder:
    if not (root / MARKER).is_file():
        raise UsageError(f"no project at {root}: it has no {MARKER}", "name the project's folder with --root")
    if "\n" in str(root):
        raise UsageError(f"the project's path {str(root)!r} holds a line break", "move it to a folder without one")
    if os.pathsep in str(root):
        raise UsageError(f"the project's path {root} can't stand on PATH, since it has a {os.pathsep!r}", "move it")
    return ProjectFolder(root)
