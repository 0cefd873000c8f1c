"""Where a project's files are."""

import os
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.values import Struct

ROOT_VARIABLE = "PIPELINE_ROOT"  # names the project's folder
MARKER = Path("config", "pipeline.yaml")
CALCULATORS = "calculators"  # the folder of files that make a calculator for atoms
SCRIPT_FOLDERS = ("stages", CALCULATORS)  # of Python files whose block may bring an environment

# What is made and not written by people: ``paths`` in the settings may put it on another disk. A job's document says
# ``venv/NAME`` wherever that is, since it is a label there.
PLACES = {"environments": "venv", "cache": "cache", "jobs": "jobs", "models": "models", "logs": "logs"}


class ProjectFolder(Struct, frozen=True):
    """A folder with a configuration, and the places of all that belongs to it."""

    root: Path
    elsewhere: tuple[tuple[str, Path], ...] = ()  # folders that don't stand in the root, by the names that PLACES has
    shared: bool = False  # whether a group works on it; otherwise what it makes is for its user alone
    store: Path | None = None  # the user's folder of builds and models, which all of the user's projects share
    extended: Path | None = None  # the folder of a set that it uses by name, in which nothing is ever written

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
    def builds(self) -> Path:
        """Where the builds are that ``environments`` points to."""
        return self.store / "environments" if self.store else self.environments

    @property
    def model_store(self) -> Path:
        """Where verified models are; ``models`` has those that a person puts there."""
        return self.store / "models" if self.store else self.models

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
        return self.jobs, self.cache, self.logs, *([self.store] if self.store else [])

    def place(self, name: str) -> Path:
        return dict(self.elsewhere).get(name) or self.root / PLACES[name]

    def stage_file(self, stage: str) -> Path:
        """``NAME.py``; or ``NAME.yaml``, where that is there instead, since the stage is a command."""
        places = [layer.stages / f"{stage}.{suffix}" for layer in self.layers for suffix in ("py", "yaml")]
        return next((place for place in places if place.is_file()), places[0])

    @property
    def layers(self) -> tuple["ProjectFolder", ...]:
        """Where a name is looked up, in this order: the project itself, and what it extends."""
        return (self, ProjectFolder(self.extended)) if self.extended else (self,)

    def locate(self, *place: str) -> Path:
        """A file or a folder that people write, such as ``locate("requirements", "common.txt")``.

        The project's own, else that of what it extends; where neither has it, the place for it in the project.
        """
        own = self.root.joinpath(*place)
        return next((path for layer in self.layers if (path := layer.root.joinpath(*place)).exists()), own)

    def scripts(self, name: str) -> list[Path]:
        """Where a block of a Python file may define the environment of this name, without what the project extends."""
        return [self.root / folder / f"{name}.py" for folder in SCRIPT_FOLDERS]

    def files(self, place: str, pattern: str) -> list[Path]:
        """The files of a folder that people write, by name, without hidden files, which are those of editors. Of two
        with one name, the project's own.
        """
        layers = [(layer.root / place).glob(pattern) for layer in reversed(self.layers)]
        by_name = {path.name: path for layer in layers for path in layer if not path.name.startswith(".")}
        return sorted(by_name.values(), key=lambda path: path.stem)

    def owner(self, file: Path) -> "ProjectFolder":
        """What a file belongs to: the set that the project extends, which uses nothing but its own, or the project.

        The tool may be installed in the project's folder, and a project may lie in a checkout of the tool.
        """
        around = [layer for layer in self.layers if file.is_relative_to(layer.root)]
        return max(around, key=lambda layer: len(layer.root.parts), default=self)

    def is_extended(self, file: Path) -> bool:
        """Whether a file comes from the set that the project extends."""
        return self.owner(file) is not self

    def shown(self, file: Path) -> str:
        """A file as messages name it: from the project's folder, or where it is elsewhere."""
        return str(file.relative_to(self.root) if file.is_relative_to(self.root) else file)


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
        import shlex  # for a mistake alone

        step = f"name the folder of a project, or begin one there with\npipeline init {shlex.quote(str(root))}"
        raise UsageError(f"no project at {root}: it has no {MARKER}", step)
    if "\n" in str(root):
        raise UsageError(f"the project's path {str(root)!r} holds a line break", "move it to a folder without one")
    if os.pathsep in str(root):
        raise UsageError(f"the project's path {root} can't stand on PATH, since it has a {os.pathsep!r}", "move it")
    return ProjectFolder(root)
