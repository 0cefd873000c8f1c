"""What uv writes while it works: reading along in its log, how far it is, and why it failed.

Everything but ``LogWatcher`` and ``output_since`` is a pure function of uv's output.
"""

import os
import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from pipeline.text import counted

PAUSE = 0.03  # seconds between two reads of the log; a read is two system calls
EXPLANATION_LINES = 30  # of an explanation; the log has the rest

DOWNLOADING = re.compile(r"^\s*Downloading (\S+) \(([^)]*)\)", re.MULTILINE)
DOWNLOADED = re.compile(r"^\s*Downloaded (\S+)", re.MULTILINE)
BUILDING = re.compile(r"^\s*Building (\S+)", re.MULTILINE)
BUILT = re.compile(r"^\s*Built (\S+)", re.MULTILINE)
RESOLVED = re.compile(r"^Resolved (\d+) package", re.MULTILINE)
NOISE = re.compile(
    r"^(Using Python |Resolved |Prepared |Installed |Downloading | Downloaded |   Building "
    r"|      Built|warning: | [+-] )"
)


class InstallFailure(Enum):
    """Why uv failed; the value stands in messages."""

    NETWORK = "the network"  # may be back in a moment
    LOCKED = "a file that is in use"  # may be free in a moment
    NOT_CACHED = "not in the cache"  # and the network is off
    NOT_FOUND = "not found"  # no such package, version, or wheel for this platform
    WRONG_HASH = "a wrong hash"
    NO_ROOM = "a full disk"
    NO_PERMISSION = "no permission"
    OTHER = "something else"

    @property
    def is_transient(self) -> bool:
        return self in {InstallFailure.NETWORK, InstallFailure.LOCKED}


# The first one that matches decides: the cause may stand below a headline that would match several.
PATTERNS = {
    InstallFailure.NO_ROOM: (
        r"No space left on device|os error (28|112|122)\b|Disk quota exceeded|not enough space on the disk"
    ),
    InstallFailure.WRONG_HASH: (
        r"Hash mismatch|must have a hash, but none were provided|must have their versions pinned"
    ),
    InstallFailure.LOCKED: r"os error (26|32|33)\b|Text file busy|being used by another process",
    InstallFailure.NO_PERMISSION: (
        r"Permission denied|os error (1|5|13|30)\b|Read-only file system|403 Forbidden|401 Unauthorized"
    ),
    InstallFailure.NOT_CACHED: r"found in the cache|Network connectivity is disabled",
    InstallFailure.NETWORK: (
        r"Connection (refused|reset|closed)|connection (closed|error)|timed out|dns error"
        r"|Temporary failure in name resolution|Name or service not known|Network is unreachable|No route to host"
        r"|HTTP status (server error|client error \((408|425|429))|tls handshake|broken pipe|unexpected end of file"
        r"|error decoding response body|IncompleteMessage|end of file before message length reached"
        r"|error sending request|Could not connect"
    ),
    InstallFailure.NOT_FOUND: (
        r"was not found in the (package registry|provided package locations)|there (is|are) no version"
        r"|no wheels? (with|are usable)|has no usable wheels|No solution found"
    ),
}
COMPILED = tuple((failure, re.compile(text, re.IGNORECASE | re.DOTALL)) for failure, text in PATTERNS.items())


class LogWatcher:
    """Calls ``on_output`` with what the log has got since ``start`` (in bytes), again and again, and once at the end.

    ``on_output`` runs in a thread of its own, which has ended when the block has.
    """

    def __init__(self, log: Path, start: int, on_output: Callable[[str], None]) -> None:
        self._log = log
        self._start = start
        self._on_output = on_output
        self._is_over = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_over.wait(PAUSE):
            self._on_output(output_since(self._log, self._start))
        self._on_output(output_since(self._log, self._start))


def output_since(log: Path, start: int) -> str:
    """What was written to a log after its first ``start`` bytes. Raises ``OSError``."""
    with open(log, "rb") as file:
        file.seek(start, os.SEEK_SET)
        return file.read().decode("utf-8", "replace")


def has_resolved(output: str) -> bool:
    """Whether uv knows which packages it has to install."""
    return RESOLVED.search(output) is not None


def step(output: str, installed: int) -> str:
    """What uv is doing now, for a person. ``installed``: the number of packages in the environment so far."""
    resolved = RESOLVED.search(output)
    total = counted(int(resolved.group(1)), "package") if resolved else "packages"
    return f"installing {installed} of {total}" if installed else _fetch_step(output, total)


def _fetch_step(output: str, total: str) -> str:
    sizes = dict(DOWNLOADING.findall(output))
    downloaded = set(DOWNLOADED.findall(output))
    if under_way := [f"{name} ({size})" for name, size in sizes.items() if name not in downloaded]:
        done = f", {len(downloaded)} of {len(sizes)} large ones are here" if downloaded else ""
        return f"downloading {', '.join(under_way)} of {total}{done}"
    built = set(BUILT.findall(output))
    if in_work := [name for name in BUILDING.findall(output) if name not in built]:
        return f"building {', '.join(in_work)} of {total}"
    return f"fetching {total}"


def failure_of(output: str) -> InstallFailure:
    """Why uv failed. ``output``: everything that this one run of uv wrote."""
    return next((failure for failure, pattern in COMPILED if pattern.search(output)), InstallFailure.OTHER)


def explanation(output: str) -> str:
    """uv's own explanation, without its progress; empty where it gave none."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip() and not NOISE.match(line)]
    return "\n".join(lines[:EXPLANATION_LINES])
