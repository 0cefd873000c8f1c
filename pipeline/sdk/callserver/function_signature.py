"""A function's parameters and what it returns.

Those of an ordinary function stand in its code. ``inspect`` finds them for all else that can be called; to import it
takes half as long as an interpreter's start, and most files have no need of it.
"""

from types import FunctionType, MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

NOTHING = object()  # where there is no default, and no annotation
BY_PLACE = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
HAS_REST, HAS_REST_BY_NAME = 4, 8  # flags of a code object: ``*args`` and ``**kwargs``


class FunctionParameter:
    def __init__(self, name: str, kind: str, default: "Any", annotation: "Any") -> None:
        self.name = name
        self.kind = kind  # as inspect names it
        self.default = default
        self.annotation = annotation


class FunctionSignature:
    def __init__(self, parameters: "List[FunctionParameter]", returns: "Any") -> None:
        self.parameters = parameters
        self.returns = returns


def signature(function: "Any") -> FunctionSignature:
    """Raises ``TypeError`` and ``ValueError`` where it doesn't tell: one of a compiled module may not."""
    if _is_ordinary(function):
        return _of_code(function)
    if type(function) is MethodType and _is_ordinary(function.__func__):
        found = _of_code(function.__func__)
        if found.parameters and found.parameters[0].kind in BY_PLACE:
            del found.parameters[0]  # the object
        return found
    return _of_inspect(function)


def _is_ordinary(function: "Any") -> bool:
    """No decorator says that it has the parameters of another one."""
    return type(function) is FunctionType and not {"__wrapped__", "__signature__"} & vars(function).keys()


def _of_code(function: "Any") -> FunctionSignature:
    code, annotations = function.__code__, _annotations(function)
    defaults = _defaults(function)
    count, only_by_place, by_name = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    names = list(code.co_varnames)
    kinds = ["POSITIONAL_ONLY"] * only_by_place + ["POSITIONAL_OR_KEYWORD"] * (count - only_by_place)
    if code.co_flags & HAS_REST:
        names.insert(count, names.pop(count + by_name))  # it stands behind those by name
        kinds.append("VAR_POSITIONAL")
    kinds += ["KEYWORD_ONLY"] * by_name
    if code.co_flags & HAS_REST_BY_NAME:
        kinds.append("VAR_KEYWORD")
    parameters = [
        FunctionParameter(name, kind, defaults.get(name, NOTHING), annotations.get(name, NOTHING))
        for name, kind in zip(names, kinds)  # noqa: B905  # Python before 3.10 has no ``strict``; variables follow
    ]
    return FunctionSignature(parameters, annotations.get("return", NOTHING))


def _defaults(function: "Any") -> "Dict[str, Any]":
    values = function.__defaults__ or ()
    count = function.__code__.co_argcount
    names = function.__code__.co_varnames[count - len(values) : count]
    return {**dict(zip(names, values)), **(function.__kwdefaults__ or {})}  # noqa: B905


def _annotations(function: "Any") -> "Dict[str, Any]":
    try:
        return function.__annotations__  # type: ignore[no-any-return]
    except Exception:  # Python 3.14 evaluates them now, and a name may be one that only a type checker imports
        from annotationlib import Format, get_annotations  # type: ignore[import-not-found]

        return get_annotations(function, format=Format.STRING)  # type: ignore[no-any-return]


def _of_inspect(function: "Any") -> FunctionSignature:
    import inspect

    try:
        found = inspect.signature(function)
    except NameError as error:  # as above, of a function that another one wraps
        raise ValueError(str(error)) from error

    def known(value: "Any") -> "Any":
        return NOTHING if value is inspect.Parameter.empty else value

    parameters = [
        FunctionParameter(each.name, each.kind.name, known(each.default), known(each.annotation))
        for each in found.parameters.values()
    ]
    return FunctionSignature(parameters, known(found.return_annotation))
