"""Everything that a run does to the outside, step by step, so that each step can be the one at which it ends.

A step is a call that is about to change a file, a folder or a process; Python tells of most of them (``sys.audit``),
and the two that it keeps to itself, ``os.fsync`` and ``os.write``, are wrapped. Only for a process that is to die.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pipeline

OURS = os.path.dirname(pipeline.__file__) + os.sep
TOLD = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.truncate", "os.chmod", "os.utime")
STARTS = ("os.posix_spawn", "subprocess.Popen")  # of stages, and of tools such as uv
TAKES_ROOM = ("open", "os.mkdir", "os.rename", "os.link", "fsync", "write", *STARTS)
DEPTH = 4  # calls of ours by which a step is told from another

TEARABLE = ("write", "order")

At = Callable[[str], bool]


def never(_: str) -> bool:
    return False


class First:
    """The first step whose label begins like this."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __call__(self, label: str) -> bool:
        return label.startswith(self._place)


class Nth:
    """The step with this number, counting only those that can be torn where that is asked for."""

    def __init__(self, number: int, tearable: bool = False) -> None:
        self._left = number
        self._tearable = tearable

    def __call__(self, label: str) -> bool:
        self._left -= not self._tearable or label.startswith(TEARABLE)
        return self._left == 0


@dataclass
class Steps:
    """Notes the steps under a folder, and ends the process, or takes all room from it, where ``at`` says so.

    ``at`` is asked with each step's label: what is called, and from where in our code.
    """

    root: Path
    at: At = never
    torn: bool = False  # a write that is to be the last leaves its first half
    full: bool = False  # instead of dying: the disk has no room
    lasts: bool = True  # nor has it from there on
    labels: list[str] = field(default_factory=list)
    trace: Path | None = None  # a file that gets what was written, flushed and renamed, as it happens
    _no_room: bool = False

    def watch(self) -> None:
        """From now on, for the rest of the process."""
        self._fsync, self._write = os.fsync, os.write
        os.fsync, os.write = self._on_fsync, self._on_write  # type: ignore[assignment]
        sys.addaudithook(self._on_audit)

    def _on_audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and self._is_ours(path):
                self._step(event, path)
        elif event in STARTS or (event in TOLD and (isinstance(arguments[0], int) or self._is_ours(arguments[0]))):
            self._step(event, arguments[0])
            if event == "os.rename":
                self._tell(moved=[os.fspath(path) for path in arguments[:2]])

    def _on_fsync(self, descriptor: int) -> None:
        self._step("fsync", descriptor)
        self._fsync(descriptor)
        path = Path(_path(descriptor))
        known = {"names": os.listdir(path)} if path.is_dir() else {"size": path.stat().st_size}
        self._tell(flushed=str(path), **known)

    def _on_write(self, descriptor: int, data: bytes) -> int:
        target = _path(descriptor)
        event = "write" if self._is_ours(target) else "order" if b"\0" in data else None
        if event:
            self._step(event, target, lambda: self._write(descriptor, data[: len(data) // 2]))
        written = self._write(descriptor, data)
        if event:
            self._tell(**{event: data.decode()})
        return written

    def _step(self, event: str, where: Any, half: Callable[[], object] | None = None) -> None:
        label = f"{event} in {_caller(sys._getframe(2))}"
        self.labels.append(label)
        if self._no_room or self.at(label):
            if not self.full:
                self._die(half)
            if event in TAKES_ROOM:
                self._no_room = self.lasts
                name = _path(where) if isinstance(where, int) else os.fspath(where)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)

    def _die(self, half: Callable[[], object] | None) -> None:
        if self.torn and half:
            half()
        os.kill(os.getpid(), signal.SIGKILL)

    def _tell(self, **fields: Any) -> None:
        if self.trace:
            opened = os.open(self.trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            self._write(opened, json.dumps(fields).encode() + b"\n")
            os.close(opened)

    def _is_ours(self, path: Any) -> bool:
        return os.fspath(path).startswith(str(self.root)) if isinstance(path, str | os.PathLike) else False


def _path(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _caller(frame: FrameType | None) -> str:
    """The innermost functions of ours on the stack."""
    names: list[str] = []
    while frame is not None and len(names) < DEPTH:
        if frame.f_code.co_filename.startswith(OURS):
            names.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(names)


def is_by_chance(place: str) -> bool:
    """Whether a run comes to a place only sometimes: an interpreter isn't always started ahead, and a result that
    nothing waits for is flushed after a time, unless something came to wait for it."""
    return "spawn" in place or "job_run.flush < run_jobs.settle" in place
