"""Text for formats with few characters: what they lack becomes the nearest that they have."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence

from subtitling.cues import Cue
from subtitling.exports.written_file import Unwritable, clock

NEAREST = {
    **dict.fromkeys("\u201e\u201c\u201d\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u00b4`", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u202f\u2009\u3000", " "),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    # Marks of direction: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
    **dict.fromkeys("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
    "\u2026": "...",
    "\u266b": "\u266a",
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u0153": "oe",
    "\u0152": "OE",
    "\u00f8": "o",
    "\u00d8": "O",
    "\u0142": "l",
    "\u0141": "L",
    "\u0111": "d",
    "\u0110": "D",
    "\u0131": "i",
    "\u00fe": "th",
    "\u00f0": "d",
}
UNKNOWN = "?"
SHOWN = 10  # characters that a note names


def fitted(cues: Iterable[Cue], has: Callable[[str], bool]) -> tuple[list[Cue], list[str]]:
    """The cues in the characters that a format ``has``, and a note on those that it lacks.

    Raises ``Unwritable`` for letters that are like none that it has, as those of another script.
    """
    fitting, changed = list[Cue](), dict[str, str]()
    for cue in cues:
        text = unicodedata.normalize("NFC", cue.text)
        for character in dict.fromkeys(text):
            if character != "\n" and not has(character) and character not in changed:
                changed[character] = _nearest(character, has, cue)
        fitting.append(cue._replace(text="".join(changed.get(character, character) for character in text)))
    return fitting, _notes([each for each in changed if each.isprintable() and not each.isspace()])


def _nearest(character: str, has: Callable[[str], bool], cue: Cue) -> str:
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    for text in (NEAREST.get(character), bare, "".join(NEAREST.get(each, each) for each in bare)):
        if text is not None and all(map(has, text)) and (text or character in NEAREST):
            return text
    if unicodedata.category(character).startswith(("L", "M")):
        raise Unwritable(f"it has no letter {character!r} (in the cue at {clock(cue.start)})")
    return UNKNOWN


def _notes(changed: Sequence[str]) -> list[str]:
    if not changed:
        return []
    shown = " ".join(changed[:SHOWN]) + (f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
    return [f"it has no {shown}; the nearest characters stand for them"]
