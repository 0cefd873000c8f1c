"""What comes with the tool and may be used by name: ``extends: media`` in a project's settings.

The stages, environments, workflows and models for media stand in the wheel as ``pipeline/shipped`` (a folder of data,
put there by ``scripts/hatch_build.py``). A checkout has them where people write them.
"""

from pathlib import Path

from pipeline.project import ProjectFolder

PACKAGE = Path(__file__).parent
_WHEEL, _CHECKOUT = PACKAGE / "shipped", PACKAGE.parent
FOLDER = _WHEEL if _WHEEL.is_dir() else _CHECKOUT
MEDIA = "media"
CARRIED = "package"  # what a carried package has brought, in a folder of its own project
EXTENDED = "extended"  # that folder
NAMES = (MEDIA, CARRIED)


def folder_of(name: str, root: Path) -> Path | None:
    """The folder of a set with one of ``NAMES``; ``None`` for the project that it is itself, which is at ``root``."""
    if name == CARRIED:
        return root / EXTENDED
    return None if name not in NAMES or root == FOLDER else FOLDER


def origin(project: ProjectFolder, layer: ProjectFolder) -> str:
    """Where a definition comes from, as lists say it."""
    return "project" if layer is project else MEDIA
