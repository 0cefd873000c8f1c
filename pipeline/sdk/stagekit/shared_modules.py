"""The modules that a stage shares with others, found by their paths: exactly those that it names, and nothing beside.

Standard library only, Python 3.8 and later.
"""

import os
import sys

from stagekit import StageFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


class _Finder:
    """Knows one stage's modules, and finds what is in those that are packages."""

    def __init__(self, paths: "dict[str, str]", loader: "Callable[[str, str], Any]") -> None:
        self._paths = paths  # by name
        self.loader = loader

    @property
    def names(self) -> "list[str]":
        return list(self._paths)

    def find_spec(self, name: str, path: "Any" = None, _target: object = None) -> "Any":
        top, _, inner = name.partition(".")
        if top not in self._paths:
            return None
        if not inner:
            return self._spec(name, self._paths[name])
        last = name.rpartition(".")[2]
        places = [os.path.join(folder, last) for folder in path or ()]
        found = [each for place in places for each in (place, place + ".py") if _is_module(each)]
        return self._spec(name, found[0]) if found else None  # a library in C is left to the usual finders

    def _spec(self, name: str, path: str) -> "Any":
        from _frozen_importlib_external import spec_from_file_location  # importlib.util's, without importing that

        file = path if path.endswith(".py") else os.path.join(path, "__init__.py")
        folders = None if path.endswith(".py") else [path]
        loader = self.loader(name, file)
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=folders)


def share(paths: "list[str]", loader: "Callable[[str, str], Any]") -> None:
    """Load these modules. From now on they are what their names stand for, and those of an earlier call are not.

    ``loader`` makes a loader of a module's name and file. Raises ``stagekit.StageFailed`` where the environment has a
    module of such a name: one would hide the other.
    """
    withdraw()
    finder = _Finder(_by_name(paths), loader)
    for name, path in zip(finder.names, paths):  # noqa: B905  # Python 3.8 has no strict
        _require_free(name, path)
    sys.meta_path.insert(0, finder)
    for name in finder.names:
        __import__(name)


def loaded() -> "dict[str, ModuleType]":
    """The shared modules that are loaded, with their submodules, by name."""
    shared = {name for finder in _finders() for name in finder.names}
    if not shared:  # as for most stages; a worker asks three times per task
        return {}
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in shared}


def withdraw() -> None:
    """No stage's modules are shared any more."""
    for name in loaded():
        del sys.modules[name]
    for finder in _finders():
        sys.meta_path.remove(finder)


def restore(
    paths: "list[str]", loader: "Callable[[str, str], Any]", modules: "dict[str, ModuleType]", stage_file: str = ""
) -> None:
    """As it was when ``loaded`` gave these. With ``stage_file``, the stage itself can be imported, too."""
    withdraw()
    files = dict(_by_name(paths), **({"stage": stage_file} if stage_file else {}))
    sys.meta_path.insert(0, _Finder(files, loader))
    sys.modules.update(modules)


def let_go() -> None:
    """Drop what the modules hold, so that a file which one left open is written."""
    modules = loaded()
    withdraw()
    for module in modules.values():
        module.__dict__.clear()
    if modules:
        import gc

        gc.collect()


def _finders() -> "list[_Finder]":
    return [finder for finder in sys.meta_path if isinstance(finder, _Finder)]


def _is_module(path: str) -> bool:
    return os.path.isfile(path if path.endswith(".py") else os.path.join(path, "__init__.py"))


def _by_name(paths: "list[str]") -> "dict[str, str]":
    return {_name(path): path for path in paths}


def _name(path: str) -> str:
    name = os.path.basename(path)
    return name[:-3] if name.endswith(".py") else name


def _require_free(name: str, path: str) -> None:
    other = sys.modules.get(name) or _spec(name)
    if other is None:
        return
    where = getattr(other, "origin", None) or getattr(other, "__file__", None) or "built in"
    raise StageFailed(
        "the shared module %s has a name that the environment has, too (%s), so one would hide the other. "
        "Rename the shared module, and what imports it" % (path, where)
    )


def _spec(name: str) -> "Any":
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None
