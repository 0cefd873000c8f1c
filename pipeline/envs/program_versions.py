"""Asking a program for its version, which tells what it is where its file doesn't.

An environment's definition says how to ask (``tools: [{mytool: {version: [--version]}}]``); for some it is known.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import process
from pipeline.digests import sha256_of_bytes
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct

KNOWN: Mapping[str, tuple[str, ...]] = {
    "ffmpeg": ("-version",),
    "ffprobe": ("-version",),
    "espeak-ng": ("--version",),
    "exiftool": ("-ver",),
    "magick": ("-version",),
    "mediainfo": ("--Version",),
    "mkvextract": ("--version",),
    "mkvmerge": ("--version",),
    "mkvpropedit": ("--version",),
    "pandoc": ("--version",),
    "sox": ("--version",),
    "tesseract": ("--version",),
}
SECONDS = 20  # for an answer; a shim may have to start an interpreter
FIRST_LINE = 200  # characters
IN_FOLDER = ("/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh")
LIBRARIES = Path("/etc/ld.so.cache")  # is written whenever a package with a library is installed


class VersionAnswer(Struct, frozen=True):
    line: str  # the first one
    digest: str  # of the whole answer


def ask(program: str, arguments: Sequence[str], variables: Mapping[str, str], folder: Path) -> VersionAnswer | None:
    """``folder``: where it runs; some shims choose a version by it. ``None`` where it gives no answer in time."""
    try:
        done = process.run([*IN_FOLDER, folder, program, *arguments], variables, SECONDS)
    except (process.TimedOut, OSError):
        return None
    text = done.stdout + done.stderr
    lines = text.decode("utf-8", "replace").split("\n")
    return VersionAnswer(next(filter(None, map(str.strip, lines)), "")[:FIRST_LINE], sha256_of_bytes(text))


def libraries_signature() -> Signature | None:
    """Changes with the libraries that a compiled program may load; ``None`` where that isn't known."""
    try:
        found, at = signature_of(LIBRARIES), time.time_ns()
    except OSError:
        return None
    return found if found.is_settled(at) else None
