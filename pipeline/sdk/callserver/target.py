"""What of the caller's file can be called: its public functions, or the public methods of an object of it."""

import sys
from types import MethodType

from callserver.function_signature import NOTHING, FunctionParameter, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Tuple

    Arguments = Tuple[List[Any], Dict[str, Any]]

CALL = "call"  # the parameter by which a function gets its ``CurrentCall``


class Target:
    """Functions by name."""

    def __init__(self, owner: "Any", functions: "Dict[str, Callable[..., Any]]") -> None:
        self.owner = owner
        self.functions = functions
        self._places = {}  # type: Dict[str, Any]
        self._classes = {}  # type: Dict[str, Dict[str, type]]

    def described(self) -> "List[Dict[str, Any]]":
        """Each function with its parameters and its documentation."""
        return [described(name, function) for name, function in self.functions.items()]

    def function(self, name: str) -> "Callable[..., Any]":
        """Raises ``AttributeError``."""
        try:
            return self.functions[name]
        except KeyError:
            known = ", ".join(sorted(self.functions)) or "none"
            raise AttributeError("there is no function %r; there are: %s" % (name, known)) from None

    def wants_call(self, name: str) -> bool:
        """Whether a function has a parameter for the current call."""
        if name not in self._places:
            self._places[name] = place_of_call(self.functions[name])
        return self._places[name] is not None

    def give(self, name: str, call: "Any", positional: "List[Any]", named: "Dict[str, Any]") -> None:
        """Add the current call to a function's arguments, where it has a parameter for it."""
        if not self.wants_call(name):
            return
        place = self._places[name]
        if place < len(positional):
            positional.insert(place, call)
        else:
            named[CALL] = call

    def classes(self, name: str) -> "List[type]":
        """The dataclasses that a function's annotations name, which it gets as such."""
        if name not in self._classes:
            self._classes[name] = _dataclasses_of(self.functions[name])
        return list(self._classes[name].values())


def of_module(module: "Any") -> Target:
    """The functions that a file defines, or those that its ``__all__`` names."""
    named = getattr(module, "__all__", None)
    if named is None:
        named = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and callable(value)
            and not isinstance(value, type)
            and getattr(value, "__module__", module.__name__) == module.__name__
        ]
    return Target(module, {name: getattr(module, name) for name in named if callable(getattr(module, name, None))})


def of_object(made: "Any") -> Target:
    functions = {}
    for name in dir(type(made)):
        if not name.startswith("_") and callable(getattr(type(made), name, None)):
            functions[name] = getattr(made, name)
    return Target(made, functions)


def place_of_call(function: "Any") -> "Any":
    """How many parameters stand before the one that gets the current call; ``None`` where there is none."""
    try:
        parameters = signature(function).parameters
    except (TypeError, ValueError):
        return None
    for place, each in enumerate(parameters):
        if each.name == CALL:
            return place if each.kind == "POSITIONAL_OR_KEYWORD" else sys.maxsize
    return None


def described(name: str, function: "Any") -> "Dict[str, Any]":
    told = {"name": name, "doc": _documentation(function), "parameters": None, "returns": ""}  # type: Dict[str, Any]
    try:
        found = signature(function)
    except (TypeError, ValueError):
        return told
    told["parameters"] = [_parameter(each) for each in found.parameters if each.name != CALL]
    told["returns"] = _annotation(found.returns)
    return told


def _documentation(function: "Any") -> str:
    """As it stands in the file."""
    if function.__doc__ is None and isinstance(function, MethodType):
        import inspect  # which finds that of the method that this one overrides

        return inspect.getdoc(function) or ""
    return function.__doc__ if isinstance(function.__doc__, str) else ""


def _parameter(parameter: FunctionParameter) -> "Dict[str, Any]":
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "default": None if parameter.default is NOTHING else _shown(parameter.default),
        "annotation": _annotation(parameter.annotation),
    }


def _annotation(annotation: "Any") -> str:
    if annotation is NOTHING:
        return ""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):  # ``list[int]`` was a type up to 3.10
        name = annotation.__qualname__
        return name if annotation.__module__ == "builtins" else "%s.%s" % (annotation.__module__, name)
    text = _shown(annotation)
    return text.replace("typing.", "") if type(annotation).__module__ == "typing" else text


def _shown(value: "Any") -> str:
    try:
        text = repr(value)
    except Exception:
        return "..."
    return text if len(text) < 200 else "..."


def _dataclasses_of(function: "Any") -> "Dict[str, type]":
    """Those that its annotations name. Who has made one has imported ``dataclasses``."""
    if "dataclasses" not in sys.modules:
        return {}
    import typing

    target = getattr(function, "__init__") if isinstance(function, type) else function  # noqa: B009  # of a class
    found = {}  # type: Dict[str, type]
    try:
        hints = typing.get_type_hints(target)
    except Exception:  # an annotation may be any text
        return found
    for hint in hints.values():
        _collect(hint, found)
    return found


def _collect(hint: "Any", found: "Dict[str, type]") -> None:
    import dataclasses

    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint.__name__ in found:
            return
        found[hint.__name__] = hint
        module = sys.modules.get(hint.__module__)
        names = {} if module is None else vars(module)
        for each in dataclasses.fields(hint):
            _collect(names.get(each.type, each.type) if isinstance(each.type, str) else each.type, found)
    for argument in getattr(hint, "__args__", ()) or ():
        _collect(argument, found)
