"""The source of a function, as it can be run by itself in another interpreter; refused where it can't be.

A stage runs in its own environment, hours later perhaps, so all that a function needs must stand in it. What is in its
module, in the functions around it or in this process isn't there.
"""

import ast
import builtins
import inspect
import json
import symtable
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pipeline.config.workflows import NAME
from pipeline.errors import UsageError
from pipeline.text import shortened

HEAD = '"""A function that was frozen with its job."""\n\nfrom __future__ import annotations\n\n\n'
IMPORT_IT = "import it inside the function, or give it as a parameter"
CHANGED = "import it again: its file has changed since"
# What every Python has, without what a module, a shell or site puts beside it.
BUILTINS = {
    name
    for name, value in vars(builtins).items()
    if (not name.startswith("__") or name in ("__import__", "__build_class__", "__debug__"))
    and name != "_"
    and getattr(value, "__module__", "builtins") in ("builtins", "io", "_io", None)
}


@dataclass(frozen=True)
class FunctionSource:
    """A function that may become a stage."""

    name: str
    text: str  # of the function alone, without its decorator, as it was written
    names: tuple[str, ...]  # of its parameters, in order
    defaults: Mapping[str, Any]  # as JSON has them
    place: str  # FILE:LINE, for people; no part of what is frozen


def read(function: Callable[..., Any]) -> FunctionSource:
    """Raises ``UsageError``, with file and line, where the function can't be run by itself."""
    if not isinstance(function, FunctionType):
        raise UsageError(f"a stage is made of a function, not of {type(function).__name__} {function!r}")
    code = function.__code__
    place = f"{code.co_filename}:{code.co_firstlineno}"
    if reason := _unfit(function):
        raise UsageError(f"{place}: {function.__name__} {reason}")
    lines, first = _lines(function, place)
    node, shift = _parsed(lines, first, place)
    if node.name != function.__name__:
        raise UsageError(f"{place}: {node.name} stands there now, and not {function.__name__}", CHANGED)
    _require_one_decorator(function, node, shift, code.co_filename)
    text = _text(node, lines)
    _Problems(function, node, shift, code.co_filename).require_none()
    _require_same_code(function, place)
    names = tuple(inspect.signature(function).parameters)
    return FunctionSource(node.name, text, names, _defaults(function, place), place)


WRAPPED = "a decorator or a wrapper stands between, of which nothing would be frozen"


def _unfit(function: FunctionType) -> str | None:
    """What keeps any function of its kind from being a stage."""
    kinds = {parameter.kind for parameter in inspect.signature(function, follow_wrapped=False).parameters.values()}
    cells = function.__code__.co_freevars
    reasons = {
        "is a lambda; write it with def, so that it has a name": function.__name__ == "<lambda>",
        "is async; a stage runs in a process of its own, and nothing waits beside it": (
            inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        ),
        "is a generator; write into an output instead of yielding": inspect.isgeneratorfunction(function),
        f"is wrapped: {WRAPPED}": hasattr(function, "__wrapped__"),
        f"needs '{', '.join(cells)}' of the function around it; give that as a parameter": bool(cells),
        "is a method; write it outside of the class": _is_method(function),
        "takes *args or **kwargs; each input, output and parameter has a name": bool(
            kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
        ),
        "has parameters that can't be given by name; leave the / out": inspect.Parameter.POSITIONAL_ONLY in kinds,
        "can't be the name of a stage: that has lower-case letters, digits and _, a letter first": (
            not NAME.fullmatch(function.__name__) or function.__name__ != function.__name__.lower()
        ),
        "can't be called run: that is the name under which a stage is called": function.__name__ == "run",
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _is_method(function: FunctionType) -> bool:
    around = function.__qualname__.rpartition(".")[0]
    return bool(around) and not around.endswith("<locals>")


def _lines(function: FunctionType, place: str) -> tuple[list[str], int]:
    try:
        return inspect.getsourcelines(function)
    except (OSError, TypeError, SyntaxError) as error:
        raise UsageError(
            f"{place}: {function.__name__} has no source that can be read: {error}",
            "write it into a file or a cell of a notebook",
        ) from error


def _parsed(lines: list[str], first: int, place: str) -> tuple[ast.FunctionDef, int]:
    """The function, and what has to be added to its lines to have those of the file.

    Indented code stays as it is, so that no text within it is changed.
    """
    is_indented = lines[0][:1].isspace()
    text = "".join(["if True:\n", *lines] if is_indented else lines)
    try:
        found = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef)]
    except SyntaxError as error:
        raise UsageError(f"{place}: its source can't be read by itself: {error.msg}", "write it as a def") from error
    if not found:
        raise UsageError(f"{place}: its source has no def")
    return found[0], first - 1 - (1 if is_indented else 0)


def _text(node: ast.FunctionDef, lines: list[str]) -> str:
    """The lines of the def alone. Indented ones stay so, below a line that allows it, since a text may lie in them."""
    begin = node.lineno - 1 - (1 if lines[0][:1].isspace() else 0)
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    own = lines[begin : begin + length]
    if node.col_offset == 0:
        return "".join(own)
    return "if True:\n" + "".join(own)


def _require_one_decorator(function: FunctionType, node: ast.FunctionDef, shift: int, file: str) -> None:
    for other in node.decorator_list:
        if not _is_ours(other, function.__globals__):
            raise UsageError(
                f"{file}:{other.lineno + shift}: {node.name} has another decorator, @{ast.unparse(other)}: {WRAPPED}",
                "let @stage be its only one",
            )


def _is_ours(decorator: ast.expr, module: Mapping[str, Any]) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr == "stage"
    found = module.get(called.id) if isinstance(called, ast.Name) else None
    if found is not None:
        return getattr(found, "__module__", "") == "pipeline.api.function_stage"
    return isinstance(called, ast.Name) and called.id == "stage"


class _Problems:
    """What a function needs that isn't in it."""

    def __init__(self, function: FunctionType, node: ast.FunctionDef, shift: int, file: str) -> None:
        self._function = function
        self._node = node
        self._shift = shift
        self._file = file

    def require_none(self) -> None:
        bare = ast.Module([_without_decorators(self._node)], [])
        table = symtable.symtable(ast.unparse(bare), "frozen", "exec")
        for name in sorted(set(_globals(table))):
            if name != self._node.name and (problem := self._problem(name)):
                raise UsageError(f"{self._file}:{self._line(name)}: {self._node.name} {problem}", IMPORT_IT)
        for each in ast.walk(self._node):
            if isinstance(each, ast.ImportFrom) and each.level:
                where = f"{self._file}:{each.lineno + self._shift}"
                raise UsageError(f"{where}: {self._node.name} imports from beside its own module, where it won't be")
            if isinstance(each, ast.Global):
                where = f"{self._file}:{each.lineno + self._shift}"
                raise UsageError(f"{where}: {self._node.name} writes the global '{each.names[0]}'", "use an output")

    def _problem(self, name: str) -> str | None:
        if name not in BUILTINS:
            return f"needs the global '{name}', which isn't there when it runs as a stage"
        own = self._function.__globals__.get(name, vars(builtins)[name])
        if own is not vars(builtins)[name]:
            return f"needs the global '{name}' of its module, which hides Python's own"
        return None

    def _line(self, name: str) -> int:
        uses = (each for each in ast.walk(self._node) if isinstance(each, ast.Name) and each.id == name)
        return next((each.lineno for each in uses), self._node.lineno) + self._shift


def _without_decorators(node: ast.FunctionDef) -> ast.FunctionDef:
    """Nor annotations, which are never evaluated in what is frozen."""
    copied = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copied, ast.FunctionDef)
    for each in ast.walk(copied):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            each.decorator_list = [] if each is copied else each.decorator_list
            each.returns = None
        if isinstance(each, ast.arg):
            each.annotation = None
        if isinstance(each, ast.AnnAssign):
            each.annotation = ast.Constant(None)
    return copied


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that are looked up in the module, by the function, what is in it, and the values of its defaults."""
    if table.get_type() == "module":
        yield from (each.get_name() for each in table.get_symbols() if each.is_referenced())
    else:
        yield from (each.get_name() for each in table.get_symbols() if each.is_global() and each.is_referenced())
    for child in table.get_children():
        yield from _globals(child)


def _require_same_code(function: FunctionType, place: str) -> None:
    """A file may have changed since it was imported; then its text isn't what the program has.

    The whole file is compiled: what a function is compiled to depends on the imports around it.
    """
    code = function.__code__
    flags = code.co_flags & FUTURES | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        whole = "".join(inspect.findsource(function)[0])
        module = compile(whole, code.co_filename, "exec", flags=flags, dont_inherit=True)
    except SyntaxError:  # a notebook's own commands
        return
    now = [
        each for each in _codes(module) if (each.co_name, each.co_firstlineno) == (code.co_name, code.co_firstlineno)
    ]
    if not any(_is_same(each, code) for each in now) and not _is_rewritten(code):
        raise UsageError(f"{place}: {function.__name__} isn't what stands in its file", CHANGED)


FUTURES = 0x1FF0000  # the bits of co_flags that stand for "from __future__ import"


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _is_same(one: CodeType, other: CodeType) -> bool:
    """Whether they do the same, wherever they stand."""
    own, its = one.co_consts, other.co_consts
    same = (one.co_code, one.co_names, one.co_varnames, len(own)) == (
        other.co_code,
        other.co_names,
        other.co_varnames,
        len(its),
    )
    return same and all(
        _is_same(mine, yours)
        if isinstance(mine, CodeType) and isinstance(yours, CodeType)
        else type(mine) is type(yours) and mine == yours
        for mine, yours in zip(own, its, strict=True)
    )


def _is_rewritten(code: CodeType) -> bool:
    """Whether a tool such as pytest has changed the code when it was imported: it uses names that no text can have."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    names = (*code.co_names, *code.co_varnames)
    return any(name.startswith("@") for name in names) or any(map(_is_rewritten, inner))


def _defaults(function: FunctionType, place: str) -> dict[str, Any]:
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            require_json(parameter.default, f"{place}: the default of '{name}'")
            found[name] = parameter.default
    return found


def require_json(value: Any, what: str) -> None:
    """Raises ``UsageError`` for a value that isn't the same once it was written as JSON."""
    try:
        same = _equal(json.loads(json.dumps(value, allow_nan=False)), value)
    except (TypeError, ValueError, RecursionError):
        same = False
    if not same:
        raise UsageError(
            f"{what} isn't a value that JSON has: {shortened(repr(value))}",
            "use texts, numbers, true and false, None, lists, and mappings by text",
        )


def _equal(one: Any, other: Any) -> bool:
    """Of the same types all the way down: a tuple would come back as a list."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(each, other[key]) for key, each in one.items())
    return bool(one == other)
