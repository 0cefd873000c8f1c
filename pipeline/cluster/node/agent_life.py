"""How the agent before this one ended, in the same folder: a note that only a good end removes."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.files import write_whole
from pipeline.run.failures import oom
from pipeline.values import Struct, decode, encode

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class AgentNote(Struct, frozen=True):
    """Of an agent that works, or that came to no good end."""

    pid: int
    host: str
    boot: str = ""  # which start of the machine; empty where the system doesn't say
    oom_kills: int | None = None  # by the kernel since that start


@contextlib.contextmanager
def noted(folder: NodeFolder) -> Iterator[str]:
    """Meanwhile a note says that an agent works here; yields how the one before ended, where that was no good end.

    The caller has the folder for itself. Raises ``OSError``.
    """
    before, now = _read(folder.note), _note()
    write_whole(folder.note, encode(now))
    try:
        yield _end_of(before, now) if before else ""
    finally:
        with contextlib.suppress(OSError):
            folder.note.unlink()


def _end_of(before: AgentNote, now: AgentNote) -> str:
    """In words, with the evidence that there is."""
    who = f"the agent before this one, process {before.pid} on {before.host},"
    if before.boot and now.boot and before.boot != now.boot:
        is_here = before.host == now.host
        return f"{who} ended with its machine" + (", which was started again since" if is_here else "")
    if oom.rose(before.oom_kills, now.oom_kills):
        return f"{who} was killed, or broke off; the kernel has killed processes for memory since it began"
    return f"{who} was killed, or broke off"


def _read(file: Path) -> AgentNote | None:
    try:
        return decode(file.read_bytes(), AgentNote)
    except (OSError, ValueError):
        return None


def _note() -> AgentNote:
    boot = ""
    with contextlib.suppress(OSError):
        boot = BOOT_ID.read_text().strip()
    return AgentNote(os.getpid(), socket.gethostname(), boot, oom.read().machine)
