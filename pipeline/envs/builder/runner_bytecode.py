"""Bytecode of our own runner, for the Python that a build is made of."""

import contextlib
import os
from pathlib import Path

from pipeline import process
from pipeline.envs.variables import without_python

STAGEKIT = Path(__file__).parents[2] / "sdk" / "stagekit"
SECONDS = 60
HEADER = 16  # bytes of a .pyc before its code: a magic number, flags, the source's time and size


def compile_for(python: Path, version: str, log: Path, folder: Path = STAGEKIT) -> None:
    """Beside the source, where that can be written. A stage starts without it as well, a little later."""
    tag = f"cpython-{''.join(version.split('.')[:2])}"
    if all(_is_fresh(source, tag) for source in folder.glob("*.py")):
        return
    # -f, since it would take a change within a second for none.
    argv: list[str | Path] = [python, "-I", "-m", "compileall", "-q", "-f", folder]
    with contextlib.suppress(process.TimedOut), log.open("ab") as file:
        process.run(argv, without_python(os.environ), SECONDS, file)


def _is_fresh(source: Path, tag: str) -> bool:
    try:
        with open(source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc", "rb") as file:
            header = file.read(HEADER)
    except OSError:
        return False
    status = os.stat(source)
    expected = b"".join(
        int(value & 0xFFFFFFFF).to_bytes(4, "little") for value in (int(status.st_mtime), status.st_size)
    )
    return header[8:] == expected
