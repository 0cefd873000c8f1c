"""Fetches files, each hashed while it comes, and going on from its last byte when it is fetched again."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hub_answers import CHUNK, TIMEOUTS, Refusal, is_unreachable, pause_for, refusal_of, require_good
from huggingface_hub import hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session
from requests import ConnectionError as NoConnection
from requests import RequestException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AHEAD = 16 << 20  # bytes of a file that have come before they begin to be written to the disk
AT_ONCE = 4  # files


def fetch(request: "dict[str, Any]") -> "dict[str, Any]":
    """Returns the SHA-256 and the size of each file."""
    transfers = [_Transfer(request, each) for each in request["files"]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(each.work) for each in sorted(transfers, key=lambda each: -(each.size or 0))]
        try:
            for done in running:
                done.result()
        except BaseException:
            for each in transfers:
                each.is_stopped = True
            for waiting in running:
                waiting.cancel()
            raise
    return {"files": {each.name: {"sha256": each.digest, "size": each.size} for each in transfers}}


class _Transfer:
    """One file on its way."""

    def __init__(self, request: "dict[str, Any]", file: "dict[str, Any]") -> None:
        self.name, self.size, self._sha256 = file["name"], file["size"], file["sha256"]
        self._target = Path(request["folder"], self.name)
        self._part = Path(f"{self._target}.partial")
        self._url = file.get("url") or hf_hub_url(request["repository"], self.name, revision=request["revision"])
        # The hub's token is for the hub alone.
        self._headers = {} if file.get("url") else build_hf_headers()
        self.came = self.resumed = 0
        self.is_stopped = False

    def work(self) -> None:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._attempt()
        if self.digest != self._sha256 and self.resumed:  # what was there from before was damaged
            self._part.unlink()
            self._attempt()
        if self._sha256 is not None and self.digest != self._sha256:
            self._part.unlink()
            raise Refusal("other-content", f"{self.name} has SHA-256 {self.digest}, not {self._sha256}")
        self._part.replace(self._target)

    @property
    def digest(self) -> str:
        return str(self._digest.hexdigest())

    def _attempt(self) -> None:
        """Fetch what is missing, again and again as long as there is hope."""
        self._digest = hashlib.sha256()
        self.resumed = self._hash_part()
        failures, before = 0, self.came
        while not self._is_complete():
            try:
                self._stream()
            except (RequestException, OSError) as error:
                failures = 0 if self.came > before else failures
                before = self.came
                self._pause(error, failures)
                failures += 1

    def _hash_part(self) -> int:
        """The number of bytes that are there already; they are hashed."""
        if not self._part.exists():
            return 0
        if self.size is None or self._part.stat().st_size > self.size:
            self._part.unlink()
            return 0
        with self._part.open("rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                self._digest.update(chunk)
            return file.tell()

    def _is_complete(self) -> bool:
        return self.size is not None and self._part.exists() and bool(self._part.stat().st_size >= self.size)

    def _stream(self) -> None:
        begin = self._part.stat().st_size if self._part.exists() else 0
        headers = dict(self._headers, **({"Range": f"bytes={begin}-"} if begin else {}))
        # Compressed on the way, it would be hashed as something else.
        headers["Accept-Encoding"] = "identity"
        with get_session().get(self._url, headers=headers, stream=True, timeout=TIMEOUTS) as answer:
            if answer.status_code == 416:  # no byte comes after those that are there
                raise Refusal("other-content", f"{self.name} ends after {begin} bytes, not {self.size}")
            require_good(answer)
            if begin and answer.status_code != 206:  # a server that always sends all of it
                self._part.unlink()
                self._digest, self.came, self.resumed, begin = hashlib.sha256(), 0, 0, 0
            self._require_length(answer, begin)
            with self._part.open("ab") as file:
                self._take(answer, file, begin)

    def _require_length(self, answer: "Any", begin: int) -> None:
        length = answer.headers.get("Content-Length", "")
        if self.size is None and length.isdecimal():
            self.size = int(length)
        if self.size is None:
            raise Refusal("refused", "the server doesn't say how long the file is")
        if length.isdecimal() and begin + int(length) != self.size:
            raise Refusal("other-content", f"{self.name} has {begin + int(length)} bytes, not {self.size}")

    def _take(self, answer: "Any", file: "Any", begin: int) -> None:
        count = written = begin
        for chunk in answer.iter_content(CHUNK):
            if self.is_stopped:
                raise Refusal("unreachable", "another file can't be had")
            count += len(chunk)
            if count > self.size:
                file.close()
                self._part.unlink()
                raise Refusal("other-content", f"{self.name} is longer than its {self.size} bytes")
            file.write(chunk)
            self._digest.update(chunk)
            self.came += len(chunk)
            if count - written >= AHEAD:
                _begin_writing(file, written, count)
                written = count
        if count < self.size:
            raise NoConnection(f"the connection ended after {count} of {self.size} bytes of {self.name}")

    def _pause(self, error: Exception, failures: int) -> None:
        """Raises ``Refusal`` where there is no hope, or none any more."""
        seconds = pause_for(error, failures)
        if self.is_stopped or seconds is None or (failures == 0 and is_unreachable(error) and not self.came):
            raise refusal_of(error) from error
        time.sleep(seconds)


def _begin_writing(file: "Any", begin: int, end: int) -> None:
    """The system begins to write what has come to the disk, so that the flush at the end has little left to do.

    That this is what the advice does for pages that aren't written yet: Linux, mm/fadvise.c.
    """
    if hasattr(os, "posix_fadvise"):
        file.flush()
        with suppress(OSError):  # a file system that takes no advice
            os.posix_fadvise(file.fileno(), begin, end - begin, os.POSIX_FADV_DONTNEED)
