"""Looks at a repository of a model hub, and fetches files, each hashed while it comes. Runs in the environment
``model-hub``, which has the hub's own client; nothing of ours is installed there.

``python transfer.py REQUEST.json`` prints one JSON object: ``{"result": …}``, or ``{"error": KIND, "message": …}`` with
one of ``KINDS``. A request is ``{"do": "look", "repository", "revision", "patterns"}``, or ``{"do": "fetch", "folder",
"files": [{"name", "size", "sha256", "url"}], "repository", "revision"}``, where files without a ``url`` are those of
the repository, and those without a ``size`` or ``sha256`` are what the server sends.

A file that is being fetched is called ``NAME.partial`` and goes on from its last byte when it is fetched again.
"""

import base64
import fnmatch
import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session
from requests import ConnectionError as NoConnection
from requests import RequestException, Timeout, exceptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KINDS = (
    "gated",
    "no-repository",
    "no-revision",
    "no-file",
    "unreachable",
    "refused",
    "other-content",
    "disk",
    "offline",
)
CHUNK = 1 << 18  # bytes; as many may have to come again where an answer breaks off
AHEAD = 16 << 20  # bytes of a file that have come before they begin to be written to the disk
AT_ONCE = 4  # files
PAUSES = (1, 2, 4, 8, 16)  # seconds, after answers that another moment may mend, as long as no byte comes
LONGEST_PAUSE = 60.0  # seconds; a hub that asks for more is left alone
TIMEOUTS = (10, 30)  # seconds to connect, and between two pieces
BUSY = (408, 429, 500, 502, 503, 504)
NO_ADDRESS = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema)  # a proxy's too
NO_HUB = "what answers is no model hub, perhaps a page to log in to a network"
SMALL = 32 << 20  # bytes of a file that a hub knows no SHA-256 of, so that it is read to know it
BEGINNING = 4096  # bytes that show what a file is
LARGEST_JSON = 1 << 20  # bytes


class Refusal(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def main() -> int:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer: dict[str, Any]
    try:
        answer = {"result": look(request) if request["do"] == "look" else fetch(request)}
    except Refusal as refusal:
        answer = {"error": refusal.kind, "message": str(refusal)}
    print(json.dumps(answer))
    return 0


def look(request: "dict[str, Any]") -> "dict[str, Any]":
    """The commit, the license, whether it is gated, and each file with its size and SHA-256."""
    repository = request["repository"]
    try:
        info = _asked(
            lambda: HfApi().model_info(repository, revision=request["revision"], files_metadata=True, timeout=30)
        )
    except (TypeError, LookupError, AttributeError, ValueError) as error:
        raise Refusal("refused", NO_HUB) from error
    chosen = [each for each in info.siblings or [] if _is_wanted(each.rfilename, request["patterns"])]
    card = info.card_data.to_dict() if info.card_data else {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        files = list(pool.map(lambda each: _described(repository, info.sha, each), chosen))
    return {
        "revision": info.sha,
        "license": card.get("license_name") or card.get("license") or "",
        "gated": bool(info.gated),
        "files": sorted(files, key=lambda each: each["name"]),
    }


def _is_wanted(name: str, patterns: "list[str]") -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and (not patterns or any(fnmatch.fnmatchcase(name, each) for each in patterns))


def _described(repository: str, revision: str, sibling: "Any") -> "dict[str, Any]":
    """The hub knows the SHA-256 of large files alone; a small one is read."""
    name = sibling.rfilename
    try:
        described, begin = _read_beginning(sibling, hf_hub_url(repository, name, revision=revision))
    except Refusal as refusal:
        raise Refusal(refusal.kind, f"{name}: {refusal}") from refusal
    return {"name": name, **described, "beginning": base64.b64encode(begin).decode("ascii")}


def _read_beginning(sibling: "Any", url: str) -> "tuple[dict[str, Any], bytes]":
    """Size and SHA-256 of a file, and its first bytes."""
    name, size = sibling.rfilename, sibling.size
    if sibling.lfs:
        begin = _asked(lambda: _read(url, BEGINNING)) if sibling.lfs["size"] else b""
        return {"size": sibling.lfs["size"], "sha256": sibling.lfs["sha256"]}, begin
    if size is None or size > SMALL:
        raise Refusal("refused", "the hub tells no SHA-256 of it")
    content = _asked(lambda: _read(url, SMALL))
    if len(content) != size:
        raise Refusal("refused", f"it has {len(content)} bytes, and the hub says that it has {size}")
    described = {"size": size, "sha256": hashlib.sha256(content).hexdigest()}
    return described, content[: LARGEST_JSON if name.endswith(".json") else BEGINNING]


def _read(url: str, count: int) -> bytes:
    """The first ``count`` bytes of a file, or all where it has no more. The rest isn't waited for."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity", "Range": f"bytes=0-{count - 1}"}
    with get_session().get(url, headers=headers, stream=True, timeout=TIMEOUTS) as answer:
        if answer.status_code == 416:  # an empty file
            return b""
        _require_good(answer)
        content = bytearray()
        for chunk in answer.iter_content(min(count, CHUNK)):
            content += chunk
            if len(content) >= count:
                break
        return bytes(content[:count])


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
            _require_good(answer)
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
        seconds = _pause_for(error, failures)
        if self.is_stopped or seconds is None or (failures == 0 and _is_unreachable(error) and not self.came):
            raise _refusal(error) from error
        time.sleep(seconds)


def _begin_writing(file: "Any", begin: int, end: int) -> None:
    """The system begins to write what has come to the disk, so that the flush at the end has little left to do.

    That this is what the advice does for pages that aren't written yet: Linux, mm/fadvise.c.
    """
    if hasattr(os, "posix_fadvise"):
        file.flush()
        with suppress(OSError):  # a file system that takes no advice
            os.posix_fadvise(file.fileno(), begin, end - begin, os.POSIX_FADV_DONTNEED)


def _asked(ask: "Callable[[], Any]") -> "Any":
    """The answer to a question; asked again where the hub is busy."""
    for failures in range(len(PAUSES) + 1):
        try:
            return ask()
        except exceptions.InvalidJSONError as error:
            raise Refusal("refused", NO_HUB) from error
        except (RequestException, HFValidationError, OSError) as error:
            seconds = None if _is_unreachable(error) else _pause_for(error, failures)
            if seconds is None:
                raise _refusal(error) from error
            time.sleep(seconds)
    raise AssertionError


def _pause_for(error: Exception, failures: int) -> "float | None":
    """How long to wait before it is tried again; ``None``: it is no use."""
    if failures >= len(PAUSES) or isinstance(error, NO_ADDRESS):
        return None
    answer = getattr(error, "response", None)
    if answer is None:
        return float(PAUSES[failures]) if isinstance(error, RequestException) else None
    if answer.status_code not in BUSY:
        return None
    wanted = _retry_after(answer)
    return None if wanted > LONGEST_PAUSE else max(wanted, float(PAUSES[failures]))


def _retry_after(answer: "Any") -> float:
    """The seconds for which a server asks to be left alone: a number, or a time of day."""
    wanted = answer.headers.get("Retry-After", "")
    if wanted.isdecimal():
        return float(wanted)
    try:
        return max(0.0, parsedate_to_datetime(wanted).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _is_unreachable(error: Exception) -> bool:
    """Whether nobody answered at all."""
    return isinstance(error, (NoConnection, Timeout)) and getattr(error, "response", None) is None


def _require_good(answer: "Any") -> None:
    from huggingface_hub.utils import hf_raise_for_status

    hf_raise_for_status(answer)


REFUSALS = (
    ("offline", OfflineModeIsEnabled, "HF_HUB_OFFLINE is set, so nobody is asked"),
    ("refused", NO_ADDRESS, "what HF_ENDPOINT or a proxy's variable says is no address"),
    ("gated", GatedRepoError, ""),
    ("no-revision", RevisionNotFoundError, ""),
    ("no-repository", (RepositoryNotFoundError, HFValidationError), ""),
)
STATUSES = {401: "gated", 403: "gated", 404: "no-file"}


def _refusal(error: Exception) -> Exception:
    """What to raise instead of an error that no further attempt mends."""
    answer = getattr(error, "response", None)
    for kind, exception, words in REFUSALS:
        if isinstance(error, exception):
            return Refusal(kind, words or _words(error))
    if answer is not None:
        return Refusal(STATUSES.get(answer.status_code, "refused"), _words(error))
    if isinstance(error, RequestException):
        return Refusal("unreachable", f"nobody answers ({type(error).__name__})")
    if isinstance(error, OSError):
        return Refusal("disk", f"{error.filename or 'the disk'}: {error.strerror}")
    return error


def _words(error: Exception) -> str:
    """The first line that says something, without addresses, which may hold a person's password."""
    answer = getattr(error, "response", None)
    if answer is not None:
        wanted = _retry_after(answer)
        later = f"; it asks to be left alone for {round(wanted / 60)} min" if wanted > LONGEST_PAUSE else ""
        return f"the answer was {answer.status_code} {answer.reason or ''}".strip() + later
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
