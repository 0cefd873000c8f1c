"""A file over HTTP: as a whole or one range of it, piece by piece, in constant memory.

One range at a time is all that a player needs. Requests for several cost a server more than they give, so they are
refused before anything of the file is read.
"""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from pipeline.ui.messages import Denial, Request, Response, byte_range

PIECE = 1 << 16  # bytes of a file that are sent at once


def file_answer(request: Request, path: Path, kind: str, tag: str = "") -> Response:
    """``tag``: what tells this content from any other, such as its digest.

    A range that is to be of another content (``If-Range``) gets the whole file. Raises ``Denial``.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Denial(HTTPStatus.NOT_FOUND, "The file isn't there any more.") from error
    headers = [("Accept-Ranges", "bytes"), *([("ETag", f'"{tag}"')] if tag else [])]
    part = None
    if _is_of_this(request.header("if-range"), tag):
        part = byte_range(request.header("range"), size)
    if part is None:
        return Response(kind=kind, headers=tuple(headers), pieces=pieces(path, 0, size), length=size)
    return Response(
        HTTPStatus.PARTIAL_CONTENT,
        kind,
        headers=(*headers, ("Content-Range", part.header)),
        pieces=pieces(path, part.begin, part.size),
        length=part.size,
    )


def _is_of_this(condition: str, tag: str) -> bool:
    """Whether a range is wanted. A date is none of ours, so the whole answers it."""
    return not condition or bool(tag and condition.strip() == f'"{tag}"')


def pieces(path: Path, begin: int, size: int) -> Iterator[bytes]:
    """Exactly so many bytes. Raises ``OSError`` where the file became shorter, which ends the connection."""
    with path.open("rb") as file:
        file.seek(begin)
        while size:
            piece = file.read(min(PIECE, size))
            if not piece:
                raise BrokenPipeError(f"{path} became shorter while it was read")
            size -= len(piece)
            yield piece
