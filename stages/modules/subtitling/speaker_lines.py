"""Which lines of a cue belong together, and which are those of several speakers, of a sound or of a song."""

import re

from subtitling import markup
from subtitling.cues import Cue
from subtitling.typography import ends_sentence, width

DASHES = ("-", "–", "—", "‐", "‑", "‒", "―", "−", "－", "⁃")
# What a line may begin with that says: somebody else, or something else, is heard now.
_LEAD = r"[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*"
_SOUND = r"[\[(（［【]"
_SONG = r"(?:[♪♫]|#\s)"
_CALL = r"(?:>>|››)"
_WORD = r"[^\s:：.,!?¿¡]*\.?"
_END = r"\s?[:：](?=\s|$|[^\x00-\x7f])"
SHOUTED_LABEL = rf"(?:[^\W\d_a-zß-ÿ][^\Wa-zß-ÿ]*\.?(?:[ '’-][^\Wa-zß-ÿ]+\.?){{0,3}}{_END})"
NEW_TURN = re.compile(rf"{_LEAD}(?:[{''.join(map(re.escape, DASHES))}]|{_SOUND}|{_SONG}|{_CALL}|{SHOUTED_LABEL})")
LABEL = re.compile(rf"{_LEAD}[^\W\d_a-zß-ÿ]{_WORD}(?:\s+[^\W\d_]{_WORD}){{0,2}}{_END}")  # a name and a colon
WHOLE_SOUND = re.compile(rf"\s*(?:{_SOUND}.*[\])）］】]|.*[♪♫])\s*")


def with_turns(cue: Cue) -> Cue:
    """The cue with its text in one line for each turn: lines that only follow one another are joined."""
    turns: list[str] = []
    for line in cue.lines:
        if turns and not is_new_turn(turns[-1], line):
            turns[-1] += _space(turns[-1], line) + line
        else:
            turns.append(line)
    return cue._replace(text="\n".join(turns))


def _space(before: str, line: str) -> str:
    """Nothing between full-width characters, whose scripts have no spaces; Korean's have."""
    edges = markup.plain(before)[-1:], markup.plain(line)[:1]
    return "" if all(width(edge) > 1 and not "가" <= edge <= "힣" for edge in edges) else " "


def is_new_turn(before: str, line: str) -> bool:
    """Whether a line is heard from another source than the line before it, and isn't the rest of it."""
    before, line = markup.plain(before), markup.plain(line)
    if NEW_TURN.match(line) or WHOLE_SOUND.fullmatch(before):
        return True
    return ends_sentence(before) and bool(LABEL.match(line))
