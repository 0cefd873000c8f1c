"""What an interrupted build has left."""

import contextlib
from pathlib import Path

from pipeline.envs.platform.layout import executable, interpreter
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.registry import MARKER, RETIRED, name_of
from pipeline.errors import NotReady


def remove(builds: Path, name: str) -> None:
    """Remove it. The caller holds the name's lock, so nobody of ours is at work on it.

    On Linux an installer dies with whoever started it; elsewhere one may still be writing, and is ended first.
    """
    for prefix in found(builds, name):
        _end_installers(prefix)
        with contextlib.suppress(NotReady, OSError):  # it is in nobody's way
            remove_tree(prefix)


def found(builds: Path, name: str) -> list[Path]:
    """Folders of builds of this name that were never finished."""
    return sorted(
        prefix
        for prefix in builds.iterdir()
        if name_of(prefix.name) == name and not (prefix / MARKER).is_file() and not (prefix / RETIRED).is_file()
    )


def _end_installers(prefix: Path) -> None:
    import psutil

    own = {str(interpreter(prefix)), str(interpreter(prefix.resolve()))}
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        writes = process.info["name"] == executable("uv") and any(str(prefix) in word for word in words)
        if writes or (words and words[0] in own):
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(5)
