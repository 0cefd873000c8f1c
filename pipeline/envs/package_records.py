"""A package's ``RECORD``: the list of its files, in its folder of metadata.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

ALGORITHMS = {name for name in hashlib.algorithms_guaranteed if not name.startswith("shake")}  # of a fixed length
CODE = {".py", ".so", ".pyd", ".dll", ".dylib"}
# Many packages leave these beside their modules by mistake, and nobody imports them.
STRAY = {"benchmarks", "conftest", "doc", "docs", "example", "examples", "scripts", "setup", "test", "tests", "tools"}
UNREADABLE = (OSError, ValueError, csv.Error)  # what reading a RECORD may raise


def rows(record: Path) -> Iterator[tuple[str, str, str]]:
    """File, digest and size of each line. Raises one of ``UNREADABLE``."""
    with open(record, encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if len(row) == 3:
                yield row[0], row[1], row[2]


def files(record: Path) -> list[str]:
    """The files that a ``RECORD`` names; none where it can't be read."""
    try:
        return [file for file, _, _ in rows(record)]
    except UNREADABLE:
        return []


def package_of(dist_info: str) -> str:
    """A package's name, from the name of its folder of metadata."""
    return dist_info.split("-", 1)[0].lower().replace("_", "-")


def from_prefix(site_packages: str, file: str) -> str:
    """A file's path from the environment's folder; ``file`` is its path in a ``RECORD``.

    The path begins with ``..`` where the file lies outside of the environment.
    """
    return os.path.normpath(f"{site_packages}/{file}") if ".." in file else f"{site_packages}/{file}"


def is_digest(text: str) -> bool:
    """Whether a text is a digest that we can compute: ALGORITHM=URL-safe base64 without padding."""
    return text.partition("=")[0] in ALGORITHMS
