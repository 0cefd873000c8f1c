"""The examples that a project may begin with, each a folder as it will be."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.scaffold.new_files import NewFile
from pipeline.values import Struct

FOLDER = Path(__file__).parent / "examples"
LEFT_OUT = ("__pycache__",)


class Example(Struct, frozen=True):
    """What a new project begins with, and how it is tried out."""

    name: str
    about: str
    workflow: str = ""
    input: str = ""  # the file that the workflow is tried with
    needs_locks: bool = False  # whether its locks are still to be made, from a package index
    shared: tuple[str, ...] = ()  # files that it has from the default example
    has_packages: bool = False  # whether environments with locks have packages, which are fetched


COUNTING = (
    "config/environments/words.yaml",
    "requirements/words.lock",
    "requirements/words.txt",
    "stages/count_words.py",
)
EXAMPLES: Mapping[str, Example] = {
    each.name: each
    for each in (
        Example("words", "one stage that counts the words of a text", "words", "text.txt"),
        Example("fan-out", "a stage that runs once for each paragraph of a text", "paragraphs", "text.txt"),
        Example("arrays", "an array goes from numpy 1.26 to numpy 2", "arrays", "numbers.csv", True),
        Example("atoms", "forces on atoms, by calculators in environments that clash", "relax", "copper.xyz", True),
        Example(
            "media",
            "speech of a film, by what comes with pipeline",
            "keywords",
            "FILM",
            shared=COUNTING,
            has_packages=True,
        ),
    )
}
BARE = Example("bare", "settings alone")
DEFAULT = "words"


def files_of(example: Example) -> tuple[NewFile, ...]:
    """The example's files, in alphabetical order."""
    root = FOLDER / example.name
    paths = [path for path in root.rglob("*") if path.is_file() and not set(path.parts) & set(LEFT_OUT)]
    own = {path.relative_to(root).as_posix(): path for path in paths}
    shared = {path: FOLDER / DEFAULT / path for path in example.shared}
    return tuple(NewFile(name, path.read_bytes()) for name, path in sorted({**own, **shared}.items()))
