"""The project's own source as syntax trees, each made once: for tests of what it may say and do."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TypeVar, cast

Node = TypeVar("Node", bound=ast.AST)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file."""
    return tuple(ast.walk(tree(path)))


@cache
def nodes_by_class(path: Path) -> Mapping[type[ast.AST], Sequence[ast.AST]]:
    """The same, for those who look for a few: nine of ten nodes are names, constants and contexts."""
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for node in nodes(path):
        found.setdefault(type(node), []).append(node)
    return found


def nodes_of(path: Path, *classes: type[Node]) -> Iterator[Node]:
    """The nodes of a file that are of these classes."""
    found = nodes_by_class(path)
    return cast("Iterator[Node]", chain.from_iterable(found.get(each, ()) for each in classes))
