"""Processes that joblib starts, by loky: they load the runner as their main module, as other spawned ones do.

By themselves they don't, and then they find neither the stage nor its modules. The runner loads this by its path, as
``stageloky``, when a stage imports loky.

Standard library only, Python 3.8 and later.
"""

from _frozen_importlib_external import PathFinder  # importlib's own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def spec_of_context(name: str, path: "Any") -> "Any":
    """The specification of loky's module that decides how its processes start, changed."""
    spec = PathFinder.find_spec(name, path)
    loader = spec and spec.loader  # type: Any
    if loader:
        execute = loader.exec_module

        def exec_module(module: "Any") -> None:
            execute(module)
            if "loky_init_main" in getattr(module, "START_METHODS", ()):
                module._DEFAULT_START_METHOD = "loky_init_main"  # noqa: SLF001  # nothing else says it for joblib

        loader.exec_module = exec_module
    return spec
