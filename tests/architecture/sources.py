"""The modules of the package, and what each of them imports."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.source_trees import nodes_of

Nodes = Iterable[ast.AST]

PACKAGE = REPOSITORY / "pipeline"
EXAMPLES = PACKAGE / "scaffold" / "examples"  # files of projects, which are copied and never imported
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(EXAMPLES))
STAGES = sorted((REPOSITORY / "stages").glob("*.py"))


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    """Dotted names of what a file imports, wherever in it, with their lines."""
    return tuple(found_imports(path))


def found_imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in nodes_of(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def module(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


@cache
def part(path: Path) -> str:
    """The folder of the package that a file lies in, or the module itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def shown(path: Path, line: int) -> str:
    return f"{path.relative_to(REPOSITORY)}:{line}"


def of_package(path: Path) -> Iterator[tuple[str, int]]:
    return ((imported, line) for imported, line in imports(path) if imported.startswith("pipeline."))
