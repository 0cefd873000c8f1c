"""Bytecode for a new build, made by its own interpreter, since nothing is written into an environment later.

The modules in folders named ``test`` or ``tests`` get none: no stage imports them, and in large packages they are most
of what there is to compile. Where one is imported all the same, Python compiles it each time.
"""

import os
import tempfile
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline import process
from pipeline.envs.builder.installer import Installer
from pipeline.envs.builder.marker import site_packages
from pipeline.envs.platform.layout import interpreter
from pipeline.errors import NotReady
from pipeline.permissions import mask_of
from pipeline.text import counted

PROGRAM = Path(__file__).parents[2] / "sdk" / "compile_sources.py"
NEVER_IMPORTED = {"test", "tests"}  # folders in a package
LEAST = 200  # sources for one process: fewer are not worth another start of the interpreter
LINES = 8  # the last ones of what the interpreter says, for a message


def make(installer: Installer, placed: Container[str] = ()) -> None:
    """Compile the sources of the build whose bytecode is missing or is of another source, but for those that were
    ``placed``.

    Raises ``NotReady`` where it can't be written, and where the build's time is over.
    """
    folder = site_packages(installer.prefix)
    sources = sorted(each for each in _sources(os.fspath(folder), "") if each not in placed)
    count = min(os.cpu_count() or 1, -(-len(sources) // LEAST))
    if not count:
        return
    installer.show(f"compiling {counted(len(sources), 'module')}")
    with ThreadPoolExecutor(count) as threads:
        parts = [sources[number::count] for number in range(count)]
        for _ in threads.map(lambda part: _compile(installer, part), parts):
            """An error of one is raised here."""


def _sources(folder: str, inside: str) -> Iterator[str]:
    """``inside``: the path of the folder in site-packages; a package of its own may be called ``tests``."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not (inside and entry.name in NEVER_IMPORTED):
                    yield from _sources(entry.path, f"{inside}/{entry.name}")
            elif entry.name.endswith(".py") and entry.is_file():
                yield entry.path


def _compile(installer: Installer, sources: Sequence[str]) -> None:
    with tempfile.TemporaryFile() as names:
        names.write(b"".join(os.fsencode(source) + b"\0" for source in sources))
        names.seek(0)
        try:
            done = process.run(
                [interpreter(installer.prefix), "-I", "-S", "-B", PROGRAM],
                installer.variables(offline=True),
                installer.deadline.left(),
                umask=mask_of(installer.prefix.parent),
                stdin=names,
            )
        except process.TimedOut as error:
            raise installer.too_late("") from error
    if done.returncode:
        said = "\n".join(done.error_text.splitlines()[-LINES:])
        raise NotReady(
            f"environment '{installer.definition.name}': its modules can't be compiled: {said}",
            f"bootstrap --env {installer.definition.name}",
        )
