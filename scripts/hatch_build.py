"""Which files an sdist and a wheel hold, and where.

In a checkout those that git knows: what lies beside them (caches, a person's own stages, what was found out about the
machine) belongs to nobody else. An unpacked sdist holds nothing else. So equal commits give equal bytes.
"""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = "pipeline/shipped"  # in the wheel: what a project may use by name (pipeline/extensions.py)
FOLDERS = ("config", "requirements", "stages")
SOURCE = ("pipeline", "scripts/hatch_build.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
# Of the checkout as a project: its settings, and the locks of what it is built and tested with.
OWN = {
    "config/pipeline.yaml",
    *(f"requirements/{name}" for name in ("build.lock", "build.txt", "dev.lock", "orchestrator.lock")),
}


class FileSelection(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls it for each target."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if self.target_name == "sdist":
            build_data["force_include"] = {str(root / file): file for file in files(root, (*SOURCE, *FOLDERS))}
        elif version != "editable":
            build_data["force_include"] = {str(root / file): in_wheel(file) for file in shipped(root)}


def shipped(root: Path) -> list[str]:
    return [file for file in files(root, ("pipeline", *FOLDERS)) if file not in OWN]


def in_wheel(file: str) -> str:
    return file if file.startswith("pipeline/") else f"{SHIPPED}/{file}"


def files(root: Path, places: tuple[str, ...]) -> list[str]:
    """Below the places, from the root, in order."""
    known = tracked(root, places)
    found = known if known is not None else [each for place in places for each in unpacked(root, place)]
    return sorted(file for file in found if (root / file).is_file())


def tracked(root: Path, places: tuple[str, ...]) -> list[str] | None:
    """What git knows. ``None`` where the folder is no checkout, or git isn't there."""
    if not (root / ".git").exists():  # a checkout around an unpacked sdist is another project's
        return None
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "--", *places]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode().split("\0")[:-1]


def unpacked(root: Path, place: str) -> list[str]:
    found = [root / place] if (root / place).is_file() else (root / place).rglob("*")
    relative = [path.relative_to(root) for path in found if path.is_file()]
    return [str(path) for path in relative if not any(part == "__pycache__" or part[0] == "." for part in path.parts)]
