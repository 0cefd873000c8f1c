"""Services that run now, for people: which there are, and asking one to end or to start again."""

import contextlib
import os
import select
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.executors.runtime_folder import Unavailable, ensure, locate
from pipeline.services.folder import ServiceFolder, all_in, sweep_all
from pipeline.services.status import ServiceState
from pipeline.services.wire import KILL, RESTART, STATUS, STOP, Ask, ServiceReport, ServiceRequest
from pipeline.values import ValidationError, decode, encode

CHUNK = 1 << 16
ANSWER_SECONDS = 5.0


class Conversation:
    """With a service's supervisor, until one of the two ends it. Raises ``OSError`` where there is none."""

    def __init__(self, folder: ServiceFolder, ask: Ask) -> None:
        self._connection = folder.connect()
        self._unread = b""
        try:
            self._connection.sendall(encode(ServiceRequest(ask)) + b"\n")
        except BaseException:
            self._connection.close()
            raise

    def reports(self, seconds: float) -> Iterator[ServiceReport]:
        """Each as it comes, until the supervisor has ended. Raises ``TimeoutError`` where that takes longer."""
        until = time.monotonic() + seconds
        while True:
            if not _readable(self._connection.fileno(), until):
                raise TimeoutError
            data = self._received()
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                yield decode(line, ServiceReport)
            if not data:
                return

    def close(self) -> None:
        self._connection.close()

    def _received(self) -> bytes:
        try:
            return self._connection.recv(CHUNK)
        except ConnectionError:
            return b""


def runtime_folder(variables: Mapping[str, str]) -> Path | None:
    """Where this user's services are; ``None`` where there is none yet. Raises ``Unavailable`` where it isn't safe."""
    folder = locate(variables) if hasattr(os, "fork") else None
    if folder is None or not folder.exists():
        return None
    ensure(folder)
    return folder


def all_reports(runtime: Path) -> list[tuple[ServiceFolder, ServiceReport]]:
    """``reports``, after what killed supervisors have left was removed."""
    sweep_all(runtime)
    return reports(runtime)


def reports(runtime: Path) -> list[tuple[ServiceFolder, ServiceReport]]:
    """Of every service of this user that answers, by name. Changes nothing."""
    found = [(folder, report) for folder in all_in(runtime) if (report := _report(folder)) is not None]
    return sorted(found, key=lambda each: (each[1].name, each[1].project, each[1].key))


def stop(folder: ServiceFolder, seconds: float) -> bool:
    """Whether it has ended in this time, with all that it started and with what its supervisor held."""
    until = time.monotonic() + seconds
    report = _report(folder)
    if report is None:
        return True  # it had ended before it was asked
    with _opened_process(report.supervisor) as process:
        try:
            with contextlib.closing(Conversation(folder, STOP)) as conversation:
                for _ in conversation.reports(seconds):
                    pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return process is None or bool(_readable(process, until))


def kill(folder: ServiceFolder) -> None:
    """Let it be ended at once, with all that it started. It may have ended before."""
    with contextlib.suppress(OSError), contextlib.closing(Conversation(folder, KILL)) as conversation:
        next(conversation.reports(ANSWER_SECONDS), None)


@contextlib.contextmanager
def _opened_process(pid: int) -> Iterator[int | None]:
    """A descriptor that becomes readable when the process has ended; ``None`` where there are none."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _readable(descriptor: int, until: float) -> list[tuple[int, int]]:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return poller.poll(max(0.0, until - time.monotonic()) * 1000)


def stop_unused(folder: ServiceFolder) -> bool:
    """End it, unless somebody uses it. Whether it has ended, with all that it started."""
    report = _report(folder)
    if report is None:
        return True
    return report.users == 0 and stop(folder, report.longest_end + ANSWER_SECONDS)


def restart(folder: ServiceFolder, seconds: float) -> ServiceReport:
    """Its last report: once a new program is ready, or the service is over, or after so many seconds.

    Raises ``OSError`` where there is no such service any more.
    """
    report = _report(folder)
    if report is None:
        raise ConnectionRefusedError
    before = report.program
    with contextlib.closing(Conversation(folder, RESTART)) as conversation, contextlib.suppress(TimeoutError):
        for report in conversation.reports(seconds):
            if report.status.state is ServiceState.READY and report.program != before:
                break
    return report


def _report(folder: ServiceFolder) -> ServiceReport | None:
    try:
        with contextlib.closing(Conversation(folder, STATUS)) as conversation:
            return next(conversation.reports(ANSWER_SECONDS), None)
    except (OSError, Unavailable, ValidationError):
        return None
