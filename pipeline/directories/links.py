"""Links in a directory: those that lead to something in it are kept, wherever the directory is put."""

import os
from pathlib import Path


def leads_inside(directory: Path, link: str, target: str) -> bool:
    """Whether a link at the path ``link`` below the directory leads to something below it, from any place.

    By its text, which mustn't name where the directory is, and by where it really leads, by way of other links.
    """
    if os.path.isabs(target):
        return False
    at = os.path.join(os.path.dirname(link), target)
    named = os.path.normpath(at).split(os.sep)[0] != os.pardir
    return named and _is_below(os.path.realpath(directory / at), os.path.realpath(directory))


def relative_target(directory: Path, link: str, target: str) -> str | None:
    """What an absolute link should say instead, where it leads into the directory; ``None`` where it doesn't."""
    top = os.path.abspath(directory)
    if not os.path.isabs(target) or not _is_below(os.path.normpath(target), top):
        return None
    return os.path.relpath(target, os.path.dirname(os.path.join(top, link)))


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(top + os.sep)
