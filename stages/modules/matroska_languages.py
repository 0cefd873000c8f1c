"""Languages with a region or script in Matroska, which has an element for each form: ``por``, and ``pt-BR`` (IETF's).

ffmpeg writes the first element only. So it is given a text that is as long as both elements together; then both are
written in its place, and no other byte of the file moves.
https://www.rfc-editor.org/rfc/rfc9559 (LanguageBCP47)
"""

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

SEGMENT, TRACKS, CLUSTER = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75"
LANGUAGE, LANGUAGE_IETF = b"\x22\xb5\x9c", b"\x22\xb5\x9d"
CHECKSUM = b"\xbf\x84"  # with its size; the four bytes behind it are for the rest of the element
LARGEST = 64 << 20  # bytes of the list of tracks; fonts and covers aren't in it


class MatroskaElement(NamedTuple):
    """An element's name, where its content begins, and the content's size in bytes."""

    name: bytes
    start: int
    size: int


def stand_in(code: str, tag: str) -> str:
    """The text that ffmpeg is to write for both: ``code`` has three letters, ``tag`` more than those of a language."""
    return f"{code}====" + tag


def settle(movie: Path, languages: Iterable[tuple[str, str]]) -> bool:
    """Write both elements for each pair of a code and a tag; whether all of their texts were found.

    Raises ``OSError``.
    """
    with movie.open("r+b") as file:
        tracks = _tracks(file)
        if tracks is None:
            return False
        file.seek(tracks.start)
        content = file.read(tracks.size)
        for code, tag in set(languages):
            before = _element(LANGUAGE, stand_in(code, tag))
            if before not in content:
                return False
            content = content.replace(before, _element(LANGUAGE, code) + _element(LANGUAGE_IETF, tag))
        file.seek(tracks.start)
        file.write(_with_checksum(content))
    return True


def _element(name: bytes, text: str) -> bytes:
    return name + bytes([0x80 | len(text)]) + text.encode("ascii")


def _with_checksum(content: bytes) -> bytes:
    if not content.startswith(CHECKSUM):
        return content
    rest = content[len(CHECKSUM) + 4 :]
    return CHECKSUM + zlib.crc32(rest).to_bytes(4, "little") + rest


def _tracks(file: BinaryIO) -> MatroskaElement | None:
    """The list of tracks, which stands before the first cluster; ``None`` where there is none."""
    place = 0
    while (element := _read_element(file, place)) and element.name != CLUSTER:
        if element.name == TRACKS:
            return element if element.size <= LARGEST else None
        place = element.start if element.name == SEGMENT else element.start + element.size
    return None


def _read_element(file: BinaryIO, place: int) -> MatroskaElement | None:
    file.seek(place)
    head = file.read(12)
    if not head or not head[0]:
        return None
    name = head[: 9 - head[0].bit_length()]
    rest = head[len(name) :]
    if len(name) > 4 or not rest or not rest[0]:
        return None
    length = 9 - rest[0].bit_length()
    size = int.from_bytes(rest[:length], "big") & ((1 << 7 * length) - 1)
    return MatroskaElement(name, place + len(name) + length, size)
