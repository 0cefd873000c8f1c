"""Search in texts by words or regular expressions, within a time that a person waits for."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import process
from pipeline.subtitles.draft_cues import EditRejected
from pipeline.values import Struct, fields_of, from_plain

PROGRAM = Path(__file__).with_name("expression_search.py")
SECONDS = 5.0


class TextPattern(Struct, frozen=True, forbid_unknown_fields=True):
    """What is searched for, and what takes its place."""

    pattern: str
    is_expression: bool = False
    is_case_sensitive: bool = False
    replacement: str | None = None  # with ``\\1`` and ``\\g<name>`` for groups, where the pattern is an expression


class TextsFound(Struct, frozen=True):
    """By name: the places as pairs of numbers of characters, and the texts that a replacement changes."""

    found: Mapping[str, Sequence[tuple[int, int]]]
    texts: Mapping[str, str]


def search(wish: TextPattern, texts: Mapping[str, str]) -> TextsFound:
    """Raises ``EditRejected`` for what is no expression, and for one that takes too long."""
    if not wish.pattern:
        return TextsFound({}, {})
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps({**fields_of(wish), "texts": dict(texts)}).encode())
        file.seek(0)
        try:
            done = process.run([sys.executable, "-I", "-S", PROGRAM], {}, SECONDS, stdin=file)
        except process.TimedOut as error:
            raise EditRejected(f"The search takes longer than {SECONDS:g} s. Is there a simpler expression?") from error
    said = json.loads(done.stdout) if not done.returncode else {"problem": done.error_text}
    if "problem" in said:
        raise EditRejected(f"This expression can't be used: {said['problem']}.")
    return from_plain(said, TextsFound)
