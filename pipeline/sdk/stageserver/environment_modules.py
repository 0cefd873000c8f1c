"""Which of the modules that a task has imported stay: those of the environment, which are the same for every stage.

Others are of a folder that a stage has added to its path, or made by it. A later stage must not find them.
"""

import sys
from _frozen_importlib_external import PathFinder  # importlib's own

from stagekit import shared_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# Our own that serve calls, which are the same for every caller.
SERVING_CALLS = ("callserver", "callprotocol", "callmemory", "callpacking", "callunpacking")
# Without a file, and a library's all the same: multiprocessing's second name for the main module, and what the
# compiled modules of Cython share.
OF_LIBRARIES = ("__mp_main__", "cython_runtime", "_cython_", *SERVING_CALLS)


class EnvironmentModules:
    """Made before the first stage is loaded: how modules are found then is how the environment has them."""

    def __init__(self) -> None:
        self._path = list(sys.path)
        self._finders = list(sys.meta_path)
        self._kept = dict(sys.modules)

    def others(self) -> "dict[str, Any]":
        """The modules that aren't the environment's, by name, without the stage and its shared modules."""
        tops = {}  # type: dict[str, bool]
        others = {}
        stages_own = {"stage", *shared_modules.loaded()}
        kept = self._kept
        fresh = [name for name, module in list(sys.modules.items()) if kept.get(name, self) is not module]
        for name in fresh:
            if name in stages_own or name.startswith(OF_LIBRARIES):
                continue
            module = sys.modules[name]
            top = name.partition(".")[0]
            if top not in tops:
                tops[top] = self._is_found(top)
            if tops[top] and name not in self._kept:
                self._kept[name] = module
            else:
                others[name] = module
        return others

    def restore(self) -> None:
        """Drop what isn't the environment's, and put back what was taken out or replaced."""
        for name in self.others():
            del sys.modules[name]
        for name, module in self._kept.items():
            sys.modules.setdefault(name, module)

    def _is_found(self, name: str) -> bool:
        """Whether the module that is loaded by this name is the environment's."""
        module = sys.modules.get(name)
        if module is None or module is self._kept.get(name):
            return name in self._kept
        try:
            spec = self._spec(name)
            return spec is not None and _place(spec) == _place(module.__spec__)
        except Exception:  # a module may be anything, such as an object that raises for every attribute
            return False

    def _spec(self, name: str) -> "Any":
        for finder in self._finders:
            find = getattr(finder, "find_spec", None)
            spec = find(name, self._path if finder is PathFinder else None) if find else None
            if spec is not None:
                return spec
        return None


def _place(spec: "Any") -> "Any":
    """What tells two modules of one name apart: the file, or the folders of a package that has none."""
    return spec.origin, sorted(spec.submodule_search_locations or ())
