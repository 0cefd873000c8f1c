"""One file from the network or the disk, with the content that was promised, there whole or not at all."""

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

from pipeline.files import replaced

ATTEMPTS = 4
FIRST_WAIT = 0.5  # seconds, then twice as long each time
SILENCE_SECONDS = 60  # a server that sends nothing for so long is given up
CHUNK = 1 << 20
WORTH_ANOTHER = {408, 425, 429, 500, 502, 503, 504}


class NotGot(Exception):
    """The file couldn't be had; the message says why, without what stands before an @ in its address."""


def download(url: str, target: Path, hashes: Collection[str], seconds: float) -> None:
    """Put a file with one of these SHA-256 at ``target``, within so many seconds. Raises ``NotGot``, and ``OSError``
    where it can't be written."""
    until = time.monotonic() + seconds
    for attempt in range(ATTEMPTS):
        try:
            _attempt(url, target, hashes, until)
            return
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()  # it holds the connection
            wait = FIRST_WAIT * 2**attempt
            if not _may_pass(error) or attempt == ATTEMPTS - 1 or time.monotonic() + wait > until:
                raise NotGot(f"{target.name} can't be had from {_place(url)}: {_reason(error)}") from error
            time.sleep(wait)


def _attempt(url: str, target: Path, hashes: Collection[str], until: float) -> None:
    with replaced(target) as part:
        digest = _receive(url, part, until)
        if digest not in hashes:
            raise NotGot(
                f"{target.name} from {_place(url)} has SHA-256 {digest}, which isn't in the lock; it was refused"
            )


def _receive(url: str, part: Path, until: float) -> str:
    """Returns the SHA-256 of what came."""
    hashing = hashlib.sha256()
    with urllib.request.urlopen(_request(url), timeout=SILENCE_SECONDS) as answer, part.open("xb") as file:  # noqa: S310  # the installer's own address
        promised = answer.headers.get("Content-Length")
        while chunk := answer.read(CHUNK):
            if time.monotonic() > until:
                raise NotGot(f"{_place(url)} took too long")
            hashing.update(chunk)
            file.write(chunk)
        if promised is not None and promised.isdecimal() and file.tell() != int(promised):
            raise http.client.IncompleteRead(b"", int(promised) - file.tell())
    return hashing.hexdigest()


def _request(url: str) -> urllib.request.Request:
    """Name and password leave the address for a header, as a browser sends them."""
    parts = urlsplit(url)
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))  # noqa: S310
    name, password = _credentials(parts.hostname or "", parts.username, parts.password)
    if name:
        both = base64.b64encode(f"{name}:{password}".encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {both}")
    return request


def _credentials(host: str, name: str | None, password: str | None) -> tuple[str, str]:
    """Those of the address, else those that the person's .netrc has for its host."""
    import netrc

    if name is not None:
        return unquote(name), unquote(password or "")
    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        found = None
    return (found[0], found[2]) if found and host else ("", "")


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may find it otherwise."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in WORTH_ANOTHER
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return not isinstance(reason, FileNotFoundError | PermissionError | IsADirectoryError)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return (parts.hostname or "") if parts.scheme != "file" else os.path.dirname(unquote(parts.path))


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server said {error.code} {error.reason}"
    return str(error.reason if isinstance(error, urllib.error.URLError) else error) or type(error).__name__
