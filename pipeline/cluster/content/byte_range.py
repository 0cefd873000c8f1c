"""Which bytes a request is about. Pure."""

import re

_WANTED = re.compile(r"bytes=(\d+)-(\d*)")
_ANNOUNCED = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def wanted(header: str | None, size: int) -> tuple[int, int]:
    """The first byte and the one after the last, of a ``Range`` with one range. Raises ``ValueError``."""
    if header is None:
        return 0, size
    match = _WANTED.fullmatch(header.strip())
    if match is None:
        raise ValueError(f"the range {header!r} isn't one of the form bytes=A-B")
    first = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if first > end:
        raise ValueError(f"the range {header!r} is beyond the {size} bytes of the content")
    return first, end


def announced(header: str | None, length: int) -> tuple[int, int, int]:
    """The first byte, the one after the last, and the size of the whole, of a ``Content-Range``.

    Without one, the ``length`` bytes of the body are the whole. Raises ``ValueError``.
    """
    if header is None:
        return 0, length, length
    match = _ANNOUNCED.fullmatch(header.strip())
    if match is None:
        raise ValueError(f"the range {header!r} isn't one of the form bytes A-B/SIZE")
    first, end, size = int(match[1]), int(match[2]) + 1, int(match[3])
    if end - first != length or end > size:
        raise ValueError(f"the range {header!r} isn't that of a body of {length} bytes")
    return first, end, size
