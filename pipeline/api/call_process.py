"""The process that does the work of a call, and what it replies.

It is a child with a session of its own. On Linux the kernel kills it when this process dies, however it dies, and its
guardian ends the stages; what is finished stays finished.
"""

import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO

from pipeline import child_process, process
from pipeline.api.descriptors import are_readable
from pipeline.api.wire import Call, CallDone, CallFailed, CallProgress, Reply
from pipeline.errors import NotReady, PipelineError, UsageError
from pipeline.process_tree import KILL, signal_group
from pipeline.values import decode, encode

PACKAGES = Path(__file__).parents[2]  # where ours lies
# Isolated, so that no file of the caller's folder hides a library; what the caller can import comes last.
PROGRAM = (
    "import json, sys; sys.path += [each for each in json.loads(sys.argv.pop(1)) if each not in sys.path];"
    "from pipeline.cli.api_process import main; main(sys.argv[1:])"
)
LARGEST = 64 << 10  # bytes of a call on the command line; a system takes twice as much in one word
BEYOND_GRACE = 20.0  # seconds that a run gets to end beyond the grace of its stages
CHUNK = 1 << 16

_LIVE: "set[CallProcess]" = set()  # a forked child must not keep the ties of its parent
_LOG = logging.getLogger("pipeline")


def words_of(call: Call) -> tuple[list[str], bytes]:
    """The command that carries a call out, and its standard input."""
    if not sys.executable:
        raise UsageError("sys.executable is empty, so no process can be started", "use the command prepare-job instead")
    data = encode(call)
    places = json.dumps([str(PACKAGES), *(each for each in sys.path if each)])
    command = [sys.executable, "-I", "-B", "-c", PROGRAM, places]
    if len(data) > LARGEST or not data.isascii():
        return [*command, "-"], data
    return [*command, data.decode()], b""


class CallProcess:
    """Begins a call. Raises ``OSError`` where the system refuses one more process."""

    def __init__(self, call: Call) -> None:
        words, given = words_of(call)
        self._replies, writing = os.pipe()
        self._left = b""
        self._tie = child_process.Tie()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the rest
        self.last: Reply | None = None
        try:
            with tempfile.TemporaryFile() as stdin:
                stdin.write(given)
                stdin.seek(0)
                streams = (stdin.fileno(), writing, self._said.fileno())
                self._child = process.spawn_apart(words, dict(os.environ), streams, self._tie)
        except BaseException:
            self._release()
            raise
        finally:
            os.close(writing)
        _LIVE.add(self)

    def fileno(self) -> int:
        """Readable when there is a reply, and when the process has ended."""
        return self._replies

    def read(self) -> bool:
        """Take the replies that are there, of which there must be one; False once the process has ended."""
        data = os.read(self._replies, CHUNK)
        *lines, self._left = (self._left + data).split(b"\n")
        for line in lines:
            self.last = decode(line, Reply)  # type: ignore[arg-type]  # msgspec takes a union for a type
            if isinstance(self.last, CallProgress):
                _LOG.info("%s", self.last.text)
        return bool(data)

    def ends_within(self, seconds: float | None) -> bool:
        """Wait for the process's end. ``None``: however long it takes."""
        import time

        end = None if seconds is None else time.monotonic() + seconds
        while True:
            if os.name != "nt":  # where only sockets can be waited for
                left = None if end is None else max(0.0, end - time.monotonic())
                if not are_readable([self._replies], left):
                    return False
            if not self.read():
                return True

    def interrupt(self) -> None:
        """Ask it to stop, as Ctrl-C would. Asked twice, it doesn't wait for its stages."""
        if self._child.poll() is None:
            os.kill(self._child.pid, signal.SIGINT)

    def stop(self, grace: float) -> None:
        """Ask it to stop, and end it where it takes longer than ``grace`` and a little."""
        self.interrupt()
        try:
            ended = self.ends_within(grace + BEYOND_GRACE)
        except KeyboardInterrupt:  # asked again
            self.interrupt()
            ended = self.ends_within(BEYOND_GRACE)
        if not ended:
            self.kill()

    async def ended(self) -> None:
        """Wait for its end without blocking the event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        if os.name == "nt":
            await asyncio.to_thread(self.ends_within, None)
            return
        readable = asyncio.Event()
        loop.add_reader(self._replies, readable.set)
        try:
            while True:
                await readable.wait()
                readable.clear()
                if self.ends_within(0):
                    return
        finally:
            loop.remove_reader(self._replies)

    async def stopped(self, grace: float) -> None:
        """As ``stop``, without blocking the event loop. Cancelled meanwhile, it ends the process at once."""
        import asyncio

        self.interrupt()
        try:
            await asyncio.wait_for(self.ended(), grace + BEYOND_GRACE)
        except (TimeoutError, asyncio.CancelledError):
            self.kill()

    def kill(self) -> None:
        """End it at once; its guardian ends its stages."""
        if self._child.poll() is None:
            signal_group(self._child.pid, KILL)

    def close(self) -> None:
        """Collect it. Its end is awaited, which ``kill`` or ``stop`` sees to where it wasn't there yet."""
        _LIVE.discard(self)
        self._child.wait()
        self._release()

    def result(self) -> str:
        """The job's id. Raises the call's error; of a process that ended without a reply, ``NotReady``."""
        match self.last:
            case CallDone():
                return self.last.job
            case CallFailed():
                raise error_of(self.last)
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip().splitlines()
        why = f": {said[-1]}" if said else ""
        raise NotReady(f"the process that did the work ended with {self._child.wait()}{why}", "pipeline doctor")

    def abandon(self) -> None:
        """In a forked child: let go of what is the parent's."""
        self._release()

    def _release(self) -> None:
        os.close(self._replies)
        self._tie.close()
        self._said.close()


def error_of(failed: CallFailed) -> PipelineError:
    """The error as the class that the command line has for it."""
    kind: type[PipelineError] = PipelineError
    if failed.place.startswith("pipeline."):
        found = getattr(import_module(failed.place), failed.name, None)
        if isinstance(found, type) and issubclass(found, PipelineError):
            kind = found
    error = kind.__new__(kind)
    PipelineError.__init__(error, failed.message, failed.next_step, failed.exit_code)
    return error


def replies_in(data: bytes) -> Iterator[Reply]:
    """The replies among lines that may hold anything."""
    for line in data.splitlines():
        if line.startswith(b"{"):
            try:
                yield decode(line, Reply)  # type: ignore[arg-type]  # msgspec takes a union for a type
            except ValueError:
                continue


def start_detached(call: Call, output: int, variables: Mapping[str, str]) -> None:
    """Carry a call out in a process that is nobody's child, so that it outlives this one and leaves nothing to collect.

    ``output``: an open file for its replies, and for what it says.
    """
    words, given = words_of(call)
    if given:
        raise AssertionError("a shell's background job has no standard input")
    shell = Path("/bin/sh")
    command: list[str | Path] = [shell, "-c", '"$@" &', "sh", *words] if shell.exists() else [*words]
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        child = process.spawn_apart(command, variables, (nowhere, output, output))
    finally:
        os.close(nowhere)
    if shell.exists():
        child.wait()


def _forget_the_parent_s() -> None:
    for call in _LIVE:
        call.abandon()
    _LIVE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_the_parent_s)
