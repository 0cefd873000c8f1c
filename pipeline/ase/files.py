"""The files of a project that make calculators: ``calculators/NAME.py``."""

from pathlib import Path

from pipeline.errors import UsageError, did_you_mean
from pipeline.project import CALCULATORS, ProjectFolder


def names(project: ProjectFolder) -> list[str]:
    """In alphabetical order."""
    return [path.stem for path in project.files(CALCULATORS, "*.py")]


def calculator_file(project: ProjectFolder, name: str) -> Path:
    """Raises ``UsageError`` where there is none of this name."""
    for layer in project.layers:
        file = Path(layer.root, CALCULATORS, f"{name}.py")
        if file.is_file():
            return file
    raise UsageError(
        f"there is no file {CALCULATORS}/{name}.py in {project.root}{did_you_mean(name, names(project))}",
        "pipeline init FOLDER --example atoms   writes some into a new folder",
    )
