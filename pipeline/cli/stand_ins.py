"""Small modules that stand in for large ones which a run never uses, while the libraries that name them are imported.

msgspec can also read UUIDs and decimals, tell about types and make schemas, and pathlib can make URLs. No run does any
of that, and what they import for it takes an eighth of a small job's whole time.

Only for a process that is a command of ours from its beginning to its end: its msgspec knows no UUID and no Decimal,
and refuses them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

SCHEMAS = "msgspec._json_schema"
URLS = "urllib.parse"


class StandIn(ModuleType):
    """Has a few names of a module. For any other, the module itself is imported."""

    def __init__(self, name: str, **attributes: object) -> None:
        super().__init__(name)
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # by which an import asks what kind of module it has
            raise AttributeError(name)
        return getattr(_imported(self.__name__), name)


class UnusedType:
    """In place of a type of which a run has no instance."""

    unknown = None  # taken from ``uuid.SafeUUID``


@contextmanager
def present() -> Iterator[None]:
    """What is imported inside gets stand-ins. Afterwards every import gets the module itself, as ever."""
    new = {name: module for name, module in _stand_ins().items() if name not in sys.modules}
    sys.modules.update(new)
    try:
        yield
    finally:
        for name, module in new.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _stand_ins() -> dict[str, ModuleType]:
    modules: list[ModuleType] = [
        StandIn("uuid", UUID=UnusedType, SafeUUID=UnusedType),
        StandIn("decimal", Decimal=UnusedType),
        StandIn(URLS, quote_from_bytes=_late(URLS, "quote_from_bytes")),
        StandIn(SCHEMAS, schema=_late(SCHEMAS, "schema"), schema_components=_late(SCHEMAS, "schema_components")),
        *(StandIn(f"msgspec.{name}") for name in ("inspect", "msgpack", "toml", "yaml")),
    ]
    found = {module.__name__: module for module in modules}
    try:
        import _datetime  # type: ignore[import-not-found]  # typeshed doesn't have it
    except ImportError:
        return found
    # It has all that ``datetime`` has, which before Python 3.12 defines everything in Python first.
    return {**found, "datetime": _datetime}


def _late(module: str, name: str) -> Callable[..., Any]:
    """A function that imports the one that it stands for when it is called."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(_imported(module), name)(*arguments, **named)

    return call


def _imported(name: str) -> ModuleType:
    from importlib import import_module

    if isinstance(sys.modules.get(name), StandIn):
        del sys.modules[name]
    return import_module(name)
