"""The cues of a draft, and what they must never be (pure). All times are whole milliseconds."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pipeline.errors import UsageError
from pipeline.values import Struct

BOTTOM_CENTRE = 2
LONGEST_TEXT = 2000  # characters of one cue
SPEAKERS = " / "  # between the names of several who speak in one cue
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


class DraftCue(Struct, frozen=True, omit_defaults=True):
    """A cue with a name of its own, which it keeps for as long as it is one cue."""

    id: str
    start: int
    end: int
    text: str
    speaker: str = ""
    alignment: int = BOTTOM_CENTRE  # as on a keypad of numbers
    language: str = ""

    @property
    def row(self) -> int:
        """0 at the bottom of the picture, 1 in its middle, 2 at its top."""
        return (self.alignment - 1) // 3

    @property
    def told(self) -> dict[str, Any]:
        """As the stages have it, with seconds."""
        more = {"speaker": self.speaker, "language": self.language, "alignment": self.alignment}
        shown = {name: value for name, value in more.items() if value and value != BOTTOM_CENTRE}
        return {"start": self.start / 1000, "end": self.end / 1000, "text": self.text, **shown}


class EditRejected(UsageError):
    """An operation that would make cues which can't be shown. The message is for the person who edits."""


def of_told(id: str, told: Mapping[str, Any]) -> DraftCue:
    """A cue as the stages tell it, with seconds."""
    start, end = (round(told[name] * 1000) for name in ("start", "end"))
    optional = {name: told[name] for name in ("speaker", "alignment", "language") if told.get(name)}
    return DraftCue(id, start, end, str(told["text"]), **optional)


def in_order(cues: Iterable[DraftCue]) -> list[DraftCue]:
    """As they are shown, those that begin first before others."""
    return sorted(cues, key=lambda cue: (cue.start, cue.end, cue.id))


def tidy(text: str) -> str:
    """A person's text without empty lines, spaces at the ends of lines, and characters that can't be seen.

    Raises ``EditRejected`` for a text that is empty or too long.
    """
    lines = (" ".join(UNSEEN.sub("", line).split()) for line in re.split(r"\r\n|\r|\n", text))
    tidied = "\n".join(line for line in lines if line)
    if not re.sub(r"</?[biu]>", "", tidied).strip():
        raise EditRejected("A cue needs some text. Delete the cue if nothing is to be shown.")
    if len(tidied) > LONGEST_TEXT:
        raise EditRejected(f"This text has {len(tidied)} characters; a cue may have {LONGEST_TEXT}.")
    return tidied


def require_sound(
    changed: Collection[DraftCue], cues: Mapping[str, DraftCue], before: Mapping[str, DraftCue], film_end: int | None
) -> None:
    """``changed`` are those of ``cues`` that an operation has made, from ``before``. Raises ``EditRejected``.

    What was so before, such as two cues of an old file that are shown at once, may stay so and not become worse.
    """
    last = max([film_end, *(cue.end for cue in before.values())]) if film_end else None
    for cue in changed:
        known = before.get(cue.id)
        if known and (known.start, known.end, known.row) == (cue.start, cue.end, cue.row):
            continue  # another text covers nothing
        if cue.end <= cue.start:
            raise EditRejected(f"The cue at {clock(cue.start)} would end before it begins.")
        if cue.start < 0 or (last is not None and cue.end > last):
            raise EditRejected(
                f"The cue at {clock(cue.start)} would not be within the film, which ends at {clock(last)}."
            )
        for other in cues.values():
            if other.id == cue.id or other.row != cue.row:
                continue
            shared = _shared(cue, other)
            if shared > 0 and shared > _shared(before.get(cue.id), before.get(other.id)):
                first, second = in_order((cue, other))
                raise EditRejected(
                    f"The cues at {clock(first.start)} and {clock(second.start)} would be shown at the same time."
                )


def clock(milliseconds: int | None) -> str:
    """``1:02:03.450``."""
    whole, rest = divmod(milliseconds or 0, 1000)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}.{rest:03}"


def _shared(cue: DraftCue | None, other: DraftCue | None) -> int:
    """For how long both are shown."""
    if cue is None or other is None:
        return 0
    return min(cue.end, other.end) - max(cue.start, other.start)
