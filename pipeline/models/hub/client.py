"""Asks ``transfer``, which runs in the environment ``model-hub``, and shows how far a download is."""

import base64
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.config import model_locks
from pipeline.config.model_locks import LockedFile, ModelLock
from pipeline.config.models import HubSource, UrlSource
from pipeline.envs import hub_variables
from pipeline.envs.variables import without_python
from pipeline.errors import NotReady
from pipeline.files import dump_json
from pipeline.progress import Progress
from pipeline.sizes import show_size
from pipeline.values import Struct, ValidationError, from_plain

TRANSFER = Path(__file__).with_name("transfer")
LOOK_SECONDS = 300
FETCH_SECONDS = 24 * 3600
METER_SECONDS = 0.5
QUIET_SECONDS = 5  # without a byte, from which on it is told
PAGE = "https://huggingface.co"


class HubRefusal(Exception):
    """The hub, or the way to it, refused. ``kind`` is one of ``KINDS`` in ``transfer/hub_answers.py``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class FileRequest(Struct, frozen=True):
    """A file to fetch; without ``url`` it is one of the repository's."""

    name: str
    sha256: str | None  # None where nobody knows it before it comes
    size: int | None  # bytes; None where nobody knows it before it comes
    url: str = ""


class RepositoryContent(Struct, frozen=True):
    """What a repository has."""

    lock: ModelLock
    beginnings: Mapping[str, bytes]  # of its files, by name; of a small one, all of it


class HubClient:
    """``python`` gives the interpreter of the environment ``model-hub``, which it makes ready where it isn't."""

    def __init__(self, python: Callable[[Progress], Path]) -> None:
        self._python = python

    def look(self, source: HubSource, patterns: Sequence[str], progress: Progress) -> RepositoryContent:
        """What the repository has now. Raises ``HubRefusal``."""
        progress(f"asking for the files of {source.repository}")
        found = self._ask(
            {"do": "look", "repository": source.repository, "revision": source.revision, "patterns": list(patterns)},
            LOOK_SECONDS,
            progress,
        )
        try:
            lock = from_plain(_as_lock(source, found), ModelLock)
            beginnings = {each["name"]: base64.b64decode(each["beginning"]) for each in found["files"]}
        except (ValidationError, LookupError, TypeError, ValueError) as error:
            raise HubRefusal("refused", f"its answer isn't that of a model hub: {error}") from error
        if reason := model_locks.unsound(lock):
            raise HubRefusal("refused", reason)
        if not lock.files:
            raise HubRefusal("no-file", f"it has no file that fits {' '.join(patterns) or 'a model'}")
        return RepositoryContent(lock, beginnings)

    def fetch(
        self, source: HubSource | UrlSource, files: Sequence[FileRequest], into: Path, progress: Progress
    ) -> dict[str, LockedFile]:
        """Each file, whole and with its digest, or as much of it as came in ``NAME.partial``. Raises ``HubRefusal``.

        Returns what came, by name.
        """
        place = {"repository": source.repository, "revision": source.revision} if isinstance(source, HubSource) else {}
        request = {
            "do": "fetch",
            "folder": str(into),
            "files": [
                {"name": file.name, "sha256": file.sha256, "size": file.size, "url": file.url or None} for file in files
            ],
            **place,
        }
        with _meter(into, files, progress):
            came = self._ask(request, FETCH_SECONDS, progress)["files"]
        return {name: LockedFile(**each) for name, each in came.items()}

    def _ask(self, request: Mapping[str, Any], seconds: float, progress: Progress) -> dict[str, Any]:
        _require_readable(os.environ)
        python = self._python(progress)
        variables = hub_variables.readable(without_python(os.environ))
        variables |= {"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder, "request.json")
            written.write_bytes(dump_json(request))
            try:
                done = process.run([python, "-I", TRANSFER, written], variables, seconds)
            except process.TimedOut as error:
                raise HubRefusal("unreachable", str(error)) from error
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            words = " ".join(done.error_text.splitlines()[-1:])
            raise HubRefusal("refused", words or f"the client ended with exit code {done.returncode}") from None
        if "error" in answer:
            raise HubRefusal(answer["error"], answer["message"])
        return dict(answer["result"])


def _require_readable(variables: Mapping[str, str]) -> None:
    """Raises ``NotReady`` for a variable that the hub's client can't read: no other source or attempt mends it."""
    wrong = hub_variables.unreadable(variables) | hub_variables.unusable_proxies(variables)
    for name, what in wrong.items():
        raise NotReady(f"{what}, so the model hub can't be asked", f"unset {name}")


def _as_lock(source: HubSource, found: Mapping[str, Any]) -> dict[str, Any]:
    files = {each["name"]: {"sha256": each["sha256"], "size": each["size"]} for each in found["files"]}
    stated = {key: found[key] for key in ("revision", "license", "gated")}
    return {**stated, "repository": source.repository, "files": files}


def page(repository: str) -> str:
    """Where a person can read about a repository, and agree to its terms."""
    return f"{PAGE}/{repository}"


@contextmanager
def _meter(into: Path, files: Sequence[FileRequest], progress: Progress) -> Iterator[None]:
    """Shows bytes, speed and the time that is left while the files grow."""
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(into, files, progress, ended), daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(into: Path, files: Sequence[FileRequest], progress: Progress, ended: threading.Event) -> None:
    total = sum(file.size or 0 for file in files)
    begin, start = _present(into, files), time.monotonic()
    before, since = begin, start
    while not ended.wait(METER_SECONDS):
        present, now = _present(into, files), time.monotonic()
        if present != before:
            before, since = present, now
        shown = show_transfer(present, total, begin, now - start)
        progress(f"{shown}; nothing comes for {round(now - since)} s" if now - since >= QUIET_SECONDS else shown)


def _present(into: Path, files: Sequence[FileRequest]) -> int:
    return sum(max(_size(into / file.name), _size(into / f"{file.name}.partial")) for file in files)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def show_transfer(present: int, total: int, begin: int, seconds: float) -> str:
    """Such as ``1.2 GiB of 2.9 GiB, 30 MiB a second, 58 s left``; ``begin``: bytes there before these ``seconds``."""
    shown = f"{show_size(present)} of {show_size(total)}" if total else show_size(present)
    speed = (present - begin) / seconds if seconds else 0
    if speed <= 0 or not total:
        return shown
    return f"{shown}, {show_size(int(speed))} a second, {_time((total - present) / speed)} left"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
