"""The stages that a worker has loaded, each once for its source."""

import os
import sys

from stagekit import sharing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


class _StageSource:
    """One stage file, and the modules that it shares, as they were when their digest was taken.

    Each has its own: what is loaded, and what its stages keep (``stage.memo``).
    """

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.module = None  # type: Any
        self.shared = {}  # type: dict[str, Any]
        self.memos = {}  # type: dict[Any, Any]


class StageModules:
    """Stage modules, each loaded once per source."""

    def __init__(self, runner: "Any") -> None:
        self._runner = runner
        self._sources = {}  # type: dict[str, _StageSource]
        self._current = None  # type: _StageSource | None
        self.variables = {}  # type: dict[str, str]  # that were set while stages were loaded

    def module(self, path: str, digest: str, modules: "list[str]") -> "Any":
        source = self._source(path, digest)
        self._set_aside()
        if source.module is None:
            source.module = self._load(path, modules)
        elif modules:
            sharing.restore(modules, self._runner.SourceHashLoader, source.shared)
        self._current = source
        sys.modules["stage"] = source.module  # for pickle, which looks a class up by its module's name
        return source.module

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
            self._current.shared = sharing.loaded()
            self._current = None
        sharing.withdraw()

    def has_thread(self) -> bool:
        """Whether a stage's own code still runs in a thread. Those of libraries (progress bars, pools) may stay."""
        threading = sys.modules.get("threading")
        if threading is None:
            return False
        frames = sys._current_frames()  # noqa: SLF001  # documented; there is no other way to see what a thread does
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        own = {*self._sources, *(str(module.__file__) for module in sharing.loaded().values())}
        return any(self._is_at_work(frames.get(thread.ident), own) for thread in others)

    def _is_at_work(self, frame: "FrameType | None", own: "set[str]") -> bool:
        while frame is not None:
            if frame.f_code.co_filename in own:
                return True
            frame = frame.f_back
        return False

    def memos(self, path: str, digest: str) -> "dict[Any, Any]":
        return self._source(path, digest).memos

    def _source(self, path: str, digest: str) -> _StageSource:
        known = self._sources.get(path)
        if known is None or known.digest != digest:
            known = self._sources[path] = _StageSource(digest)
        return known
