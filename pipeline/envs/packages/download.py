"""One file from the network or the disk, verified by its SHA-256, there whole or not at all.

The standard library does it: it reads ``file:`` addresses, which local indexes have, and ``.netrc``. urllib3 does
neither, and its retries are the smaller part of this.
"""

import base64
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from pipeline.envs.credentials import Credentials, for_address
from pipeline.files import replaced

ATTEMPTS = 4
FIRST_WAIT = 0.5  # seconds, then twice as long each time
SILENCE_SECONDS = 60  # a server that sends nothing for so long is given up
CHUNK = 1 << 20
WORTH_ANOTHER = {408, 425, 429, 500, 502, 503, 504}


class DownloadFailed(Exception):
    """The message says why, without the credentials in the file's address."""


def download(
    url: str, target: Path, hashes: Collection[str] | None, seconds: float, known: Credentials | None = None
) -> None:
    """Download a file to ``target``, within so many seconds. ``hashes`` are the SHA-256 that it may have, as digits;
    ``None``: any, since nobody knows it yet.

    ``known``: names and passwords by server, where the address itself has none.

    Raises ``DownloadFailed``, and ``OSError`` where the file can't be written.
    """
    until = time.monotonic() + seconds
    for attempt in range(ATTEMPTS):
        try:
            _attempt(request(url, known or {}), target, hashes, until)
            return
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it holds the connection
            wait = FIRST_WAIT * 2**attempt
            if not _is_temporary(error) or attempt == ATTEMPTS - 1 or time.monotonic() + wait > until:
                raise DownloadFailed(
                    f"{target.name} can't be downloaded from {_place(url)}: {_reason(error)}"
                ) from error
            time.sleep(wait)


def _attempt(request: urllib.request.Request, target: Path, hashes: Collection[str] | None, until: float) -> None:
    with replaced(target) as part:
        digest = _receive(request, part, until)
        if hashes is not None and digest not in hashes:
            raise DownloadFailed(
                f"{target.name} from {_place(request.full_url)} has SHA-256 {digest}, which isn't in the lock; it was"
                " refused"
            )


def _receive(request: urllib.request.Request, part: Path, until: float) -> str:
    """Write the file to ``part``; returns its SHA-256."""
    hashing = hashlib.sha256()
    with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as answer, part.open("xb") as file:  # noqa: S310  # the installer's own address
        length = answer.headers.get("Content-Length")
        while chunk := answer.read(CHUNK):
            if time.monotonic() > until:
                raise DownloadFailed(f"{_place(request.full_url)} took too long")
            hashing.update(chunk)
            file.write(chunk)
        if length is not None and length.isdecimal() and file.tell() != int(length):
            raise http.client.IncompleteRead(b"", int(length) - file.tell())
    return hashing.hexdigest()


def request(url: str, known: Credentials) -> urllib.request.Request:
    """With name and password in a header, as a browser sends them, and not in the address."""
    parts = urlsplit(url)
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))  # noqa: S310
    name, password = for_address(known, url) or _of_netrc(parts.hostname or "")
    if name or password:
        both = base64.b64encode(f"{name}:{password}".encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {both}")
    return request


def _of_netrc(host: str) -> tuple[str, str]:
    """Name and password in the user's .netrc for a host; empty where there are none."""
    import netrc

    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        found = None
    return (found[0], found[2]) if found and host else ("", "")


def _is_temporary(error: Exception) -> bool:
    """Whether another attempt may succeed."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in WORTH_ANOTHER
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return not isinstance(reason, FileNotFoundError | PermissionError | IsADirectoryError)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return (parts.hostname or "") if parts.scheme != "file" else os.path.dirname(unquote(parts.path))


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    return str(error.reason if isinstance(error, urllib.error.URLError) else error) or type(error).__name__
