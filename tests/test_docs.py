"""Documents name files and folders that exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DOCUMENTS = sorted([*(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "README.md"])
PATH = re.compile(r"`((?:[a-z_]+/)+|(?:[\w.-]+/)*[a-z_]+\.py)`")
OTHERS = {"stages/shout.py", "output/"}  # README's example, and a folder that each job has
FOLDERS = ("pipeline", "stages", "scripts", "tests")
ROOTS = {f"{path.name}/" for path in REPOSITORY.iterdir() if path.is_dir()} | {"pipeline/schemas/"}


def named(text: str) -> set[str]:
    """Python files and folders, between backquotes."""
    return set(PATH.findall(text))


@cache
def existing() -> set[str]:
    """Paths of all modules and of the folders around them, relative to the repository, and each of their ends."""
    modules = [path.relative_to(REPOSITORY) for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py")]
    folders = {f"{folder}/" for path in modules for folder in path.parents}
    return {end for path in {*map(str, modules), *folders, *ROOTS} for end in ends(path)}


def ends(path: str) -> Iterator[str]:
    """The path, and what is left of it after each slash in it."""
    while path:
        yield path
        path = path.partition("/")[2]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    assert named(document.read_text(encoding="utf-8")) - OTHERS - existing() == set()


def test_what_looks_like_a_path_is_found() -> None:
    text = "`jobs/job.py` and `run/`, `NAME.py`, `pipeline env gc`, `a.x | b.x`, `journal.py`"
    assert named(text) == {"jobs/job.py", "run/", "journal.py"}
