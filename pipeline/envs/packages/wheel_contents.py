"""What a wheel would install, and for which Pythons it is, without downloading it: its table of contents is at its end.

Servers that send parts of a file are asked for these alone; from others, only small wheels are read.
"""

import configparser
import http.client
import io
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pipeline.envs.credentials import Credentials
from pipeline.envs.packages.download import request
from pipeline.envs.verification.required_python import range_in

PART = 1 << 16  # bytes that are asked for at once
SMALL = 1 << 22  # bytes of a wheel that is read as a whole
SECONDS = 20  # for a server to answer
OUTSIDE = "../../.."  # the environment's folder, from site-packages, as RECORD has it
METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
FAILURES = (OSError, urllib.error.URLError, http.client.HTTPException, zipfile.BadZipFile, ValueError, KeyError)


@dataclass(frozen=True)
class WheelContents:
    files: dict[str, str]  # as RECORD has them once it is installed, and what stands for their content
    requires_python: str  # a range; empty for any


def contents(url: str, known: Credentials) -> WheelContents | None:
    """``None`` where the wheel can't be read so, for whatever reason: installing it will tell. Raises nothing."""
    try:
        with _opened(url, known) as file, zipfile.ZipFile(file) as wheel:
            return _of(wheel)
    except FAILURES:
        return None


def _of(wheel: zipfile.ZipFile) -> WheelContents:
    names = wheel.namelist()
    (info,) = (name.partition("/")[0] for name in names if METADATA.fullmatch(name))
    metadata = wheel.read(f"{info}/METADATA").decode("utf-8", "replace")
    files = {
        place: f"{member.CRC:08x} {member.file_size}"
        for member in wheel.infolist()
        if not member.is_dir() and (place := _installed_as(member.filename))
    }
    entry_points = f"{info}/entry_points.txt"
    text = wheel.read(entry_points).decode("utf-8", "replace") if entry_points in names else ""
    return WheelContents({**files, **dict(_programs(text))}, range_in(metadata))


def _installed_as(name: str) -> str | None:
    """Where a wheel's file is installed, from site-packages; ``None`` for its metadata.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-data-directory
    """
    first, _, rest = name.partition("/")
    if first.endswith(".dist-info"):
        return None
    if not first.endswith(".data"):
        return name
    scheme, _, inside = rest.partition("/")
    folders = {"purelib": "", "platlib": "", "scripts": f"{OUTSIDE}/bin/", "data": f"{OUTSIDE}/"}
    return folders[scheme] + inside if scheme in folders else None


def _programs(entry_points: str) -> Iterator[tuple[str, str]]:
    """The programs that an installer makes, by their place; what stands for their content is what they call."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(entry_points)
    except configparser.Error:
        return
    for section in ("console_scripts", "gui_scripts"):
        for name, called in parser.items(section) if parser.has_section(section) else ():
            yield f"{OUTSIDE}/bin/{PurePosixPath(name).name}", f"calls {called}"


def _opened(url: str, known: Credentials) -> io.BufferedIOBase:
    if url.startswith("file:"):
        return Path(urllib.request.url2pathname(urlsplit(url).path)).open("rb")
    first = request(url, known)
    first.add_header("Range", f"bytes=-{PART}")
    with urllib.request.urlopen(first, timeout=SECONDS) as answer:  # noqa: S310  # the installer's own address
        if answer.status == http.client.PARTIAL_CONTENT:
            length = int(answer.headers["Content-Range"].rpartition("/")[2])
            return io.BufferedReader(_Remote(url, known, length, answer.read()), PART)
        if int(answer.headers["Content-Length"] or SMALL) >= SMALL:
            raise OSError(f"{url} would have to be read as a whole")
        return io.BytesIO(answer.read())


class _Remote(io.RawIOBase):
    """A file on a server, whose end is here already."""

    def __init__(self, url: str, known: Credentials, length: int, end: bytes) -> None:
        self._url = url
        self._known = known
        self._length = length
        self._end = end
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        return self._place

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # io's own type is wider
        data = self._part(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def _part(self, size: int) -> bytes:
        begin = self._place - (self._length - len(self._end))
        if begin >= 0:
            return self._end[begin : begin + size]
        last = min(self._place + size, self._length) - 1
        if last < self._place:
            return b""
        asked = request(self._url, self._known)
        asked.add_header("Range", f"bytes={self._place}-{last}")
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310  # the installer's own address
            if answer.status != http.client.PARTIAL_CONTENT:
                raise OSError(f"{self._url} can't be read in parts any more")
            return bytes(answer.read())
