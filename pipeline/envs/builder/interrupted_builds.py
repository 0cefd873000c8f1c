"""Folders that interrupted builds left."""

import contextlib
from collections.abc import Collection
from pathlib import Path

from pipeline.envs import folder_names
from pipeline.envs.platform.layout import executable, interpreter
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.registry import MARKER, RETIRED, Registry
from pipeline.errors import NotReady
from pipeline.locks import Held, exclusive


def half_built(builds: Path) -> list[Path]:
    """Folders of builds that were never finished, or are being built right now."""
    return sorted(
        prefix
        for prefix in builds.iterdir()
        if folder_names.parsed(prefix.name) and not (prefix / MARKER).is_file() and not (prefix / RETIRED).is_file()
    )


def remove_half_built(registry: Registry, held: Collection[Path]) -> None:
    """Remove the folders that interrupted builds left, of any key that nobody is building.

    ``held``: the lock files that the caller holds.

    On Linux an installer dies with the process that started it; elsewhere one may still be writing, and is ended
    first. A folder that can't be removed stays for the next build.
    """
    for prefix in half_built(registry.builds):
        with contextlib.suppress(NotReady, OSError, Held), contextlib.ExitStack() as locks:
            for lock in registry.folder_locks(prefix):
                if lock not in held:
                    locks.enter_context(exclusive(lock))
            _remove(prefix)


def _remove(prefix: Path) -> None:
    if (prefix / MARKER).is_file():  # it was finished just now
        return
    _end_installers(prefix)
    remove_tree(prefix)


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
