"""The stages that a worker has loaded, each once for its source."""

import os
import sys

from stagekit import shared_modules
from stageserver.environment_modules import EnvironmentModules
from stageserver.interpreter_limits import InterpreterLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


class _StageSource:
    """One stage file, and the modules that it shares, as they were when their digest was taken.

    Each has its own: what is loaded, what that set for the whole process, and what its stages keep (``stage.memo``).
    """

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.module = None  # type: Any
        self.shared = {}  # type: dict[str, Any]
        self.others = {}  # type: dict[str, Any]  # modules of neither the environment nor the project
        self.path = []  # type: list[str]
        self.limits = None  # type: Any
        self.memos = {}  # type: dict[Any, Any]


class StageModules:
    """Stage modules, each loaded once per source."""

    def __init__(self, runner: "Any") -> None:
        self._runner = runner
        self._sources = {}  # type: dict[str, _StageSource]
        self._current = None  # type: _StageSource | None
        self._imports = EnvironmentModules()
        self.variables = {}  # type: dict[str, str]  # that were set while stages were loaded

    def module(self, path: str, digest: str, modules: "list[str]") -> "Any":
        source = self._source(path, digest)
        self._set_aside()
        if source.module is None:
            source.module = self._load(path, modules)
            source.others, source.path = self._imports.others(), list(sys.path)
            source.limits = InterpreterLimits()
        else:
            self._bring_back(source, modules)
        self._current = source
        sys.modules["stage"] = source.module  # for pickle, which looks a class up by its module's name
        return source.module

    def withdraw(self) -> None:
        """The next stage finds the environment's modules, and none that this one has added or replaced."""
        self._imports.restore()

    def _bring_back(self, source: _StageSource, modules: "list[str]") -> None:
        """As it was when the stage had been loaded."""
        if modules:
            shared_modules.restore(modules, self._runner.SourceHashLoader, source.shared)
        sys.modules.update(source.others)
        sys.path[:] = source.path
        source.limits.restore()

    def _load(self, path: str, modules: "list[str]") -> "Any":
        """Libraries set variables when they are imported and read them later; nothing is imported a second time."""
        before = dict(os.environ)
        try:
            return self._runner.load_stage(path, modules)
        finally:
            self.variables.update((name, value) for name, value in os.environ.items() if before.get(name) != value)

    def _set_aside(self) -> None:
        """The shared modules of the stage before, with those that it imported only while it ran."""
        if self._current is not None:
            self._current.shared = shared_modules.loaded()
            self._current = None
        shared_modules.withdraw()

    def has_thread(self) -> bool:
        """Whether a stage's own code still runs in a thread. Those of libraries (progress bars, pools) may stay."""
        threading = sys.modules.get("threading")
        if threading is None:
            return False
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        if not others:
            return False
        frames = sys._current_frames()  # noqa: SLF001  # documented; there is no other way to see what a thread does
        own = {*self._sources, *(str(module.__file__) for module in shared_modules.loaded().values())}
        return any(self._is_at_work(frames.get(thread.ident), own) for thread in others)

    def _is_at_work(self, frame: "FrameType | None", own: "set[str]") -> bool:
        while frame is not None:
            if frame.f_code.co_filename in own:
                return True
            frame = frame.f_back
        return False

    def is_loaded(self, path: str) -> bool:
        """Whether it is, from whatever source."""
        return path in self._sources

    def forget(self, path: str) -> None:
        """It is loaded again when it is wanted next."""
        self._sources.pop(path, None)

    def memos(self, path: str, digest: str) -> "dict[Any, Any]":
        return self._source(path, digest).memos

    def _source(self, path: str, digest: str) -> _StageSource:
        known = self._sources.get(path)
        if known is None or known.digest != digest:
            known = self._sources[path] = _StageSource(digest)
        return known
