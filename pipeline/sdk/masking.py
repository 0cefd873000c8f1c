"""Secrets in what a stage writes: they are replaced before they reach a log.

The orchestrator imports it as ``pipeline.sdk.masking``, the runner loads it by its path as ``stagemasking``. A stage
that has secrets writes into a pipe; a process of its own reads that and writes the log. A thread would not do: a
library that fills the pipe while it holds Python's lock would wait for it forever.

Standard library only, Python 3.8 and later.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Pattern

MASK = b"***"
SHORTEST = 4  # bytes: what is shorter stands in every other word
PATIENCE = 2.0  # seconds for the last lines, where the stage left a process behind that could still write


def forms(secrets: "Iterable[str]") -> "List[bytes]":
    """How the secrets may be written, the longest first: as they are, line by line, quoted, in URLs and in Base64."""
    found = set()  # type: set[bytes]
    for secret in secrets:
        for text in (secret, *secret.splitlines()):
            found.update(each.encode("utf-8", "surrogateescape") for each in _quoted(text))
        found.update(_in_base64(secret.encode("utf-8", "surrogateescape")))
    return sorted((form for form in found if len(form) >= SHORTEST), key=lambda form: (-len(form), form))


def _quoted(text: str) -> "Iterable[str]":
    """As Python, JSON, HTML, a shell and URLs write it, without the quotes around it."""
    import html
    import json
    from urllib.parse import quote, quote_plus

    raw = text.encode("utf-8", "surrogateescape")
    yield text
    yield from (repr(text)[1:-1], ascii(text)[1:-1], repr(raw)[2:-1])
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield from (html.escape(text), html.escape(text, quote=False), text.replace("'", "'\"'\"'"))
    for url in (quote(raw, safe=""), quote(raw), quote_plus(raw), quote_plus(raw, safe="/")):
        yield from (url, "%".join(part[:2].lower() + part[2:] if n else part for n, part in enumerate(url.split("%"))))


def _in_base64(raw: bytes) -> "Iterable[bytes]":
    """What is the same wherever it stands in what is encoded, as behind ``user:``."""
    import base64

    for before, cut in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) * 8 // 6  # signs that nothing behind it changes
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"-" * before + raw)[cut:whole]
    yield base64.b64encode(raw).rstrip(b"=")


def masked(data: bytes, patterns: "List[bytes]") -> bytes:
    """``patterns`` are the ``forms`` of the secrets."""
    return _search(patterns).sub(MASK, data) if patterns else data


def _search(patterns: "List[bytes]") -> "Pattern[bytes]":
    import re

    return re.compile(b"|".join(map(re.escape, patterns)))


def start(secrets: "Iterable[str]", log: str) -> int:
    """Let descriptors 1 and 2 write to the log without these secrets. Returns a descriptor, for ``finish``.

    The process that does it is no child of this one: a stage that waits for all of its children would wait for it
    forever, since it ends after the stage. It has a session of its own, so that it has the last word even where the
    stage's process group is killed.
    """
    patterns = forms(secrets)
    reading, writing = os.pipe()
    ended, end = os.pipe()  # closes when all is written
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                os.dup2(reading, 0)
                os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666), 1)
                os.dup2(1, 2)
                os.dup2(end, 3)
                os.closerange(4, 4096)  # the stage's pipes must close when the stage ends
                _copy(patterns)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    for descriptor in (reading, writing, end):
        os.close(descriptor)
    return ended


def finish(ended: int) -> None:
    """Wait until all that was written is in the log."""
    import contextlib
    import select
    import sys

    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with contextlib.suppress(OSError, ValueError):  # the stage has closed it
        select.select([ended], [], [], PATIENCE)


def _copy(patterns: "List[bytes]") -> None:
    """From descriptor 0 to descriptor 1. What may be the beginning of a secret waits for the rest, not masked yet."""
    held = b""
    while True:
        chunk = os.read(0, 65536)
        text = held + chunk
        end = _safe_end(text, patterns) if chunk else len(text)
        _write(masked(text[:end], patterns))
        held = text[end:]
        if not chunk:
            return


def _safe_end(text: bytes, patterns: "List[bytes]") -> int:
    """Up to where it can be masked now: no secret begins before it and may go on behind it."""
    end = len(text) - _begun(text, patterns)
    for found in _search(patterns).finditer(text) if patterns else ():
        if found.start() < end < found.end():
            return found.start()
    return end


def _begun(text: bytes, patterns: "List[bytes]") -> int:
    """How many bytes at the end may be the beginning of a secret."""
    longest = len(patterns[0]) if patterns else 1
    for length in range(min(longest - 1, len(text)), 0, -1):
        end = text[len(text) - length :]
        if any(form.startswith(end) for form in patterns):
            return length
    return 0


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
