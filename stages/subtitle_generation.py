# /// script
# [tool.pipeline.stage]
# environment = "common"
# inputs = ["transcript"]
# [tool.pipeline.stage.outputs]
# srt = "*.srt"
# vtt = "*.vtt"
# ///
"""Turn a transcript into subtitles, SubRip and WebVTT, named by the transcript's language (``en.srt``).

Cues are cut where sentences, clauses and pauses end, as far as the limits below allow. All times in
here are whole milliseconds, all widths are columns (a full-width character takes two).
"""

import html
import json
import math
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pysubs2
import stagekit

LINE_WIDTH = 42
SHORTEST, LONGEST = 834, 7000
GAP = 84  # two frames at 24 per second
READING_SPEED = 17  # columns per second
PAUSE = 500  # a silence that a viewer notices

SENTENCE_ENDS = tuple(".!?…。！？؟।")
CLAUSE_ENDS = tuple(",;:—–，、；：،؛")


class Word(NamedTuple):
    """A word with its leading space, if it has one, and its width."""

    start: int
    end: int
    text: str
    width: int


class Cue(NamedTuple):
    """One or two lines of text, shown from start to end."""

    start: int
    end: int
    text: str


def run(stage: stagekit.Stage) -> None:
    """Cut, time and write both files, valid ones without a cue where nothing was said."""
    with stage.input("transcript").open(encoding="utf-8") as file:
        transcript = json.load(file)
    cues = time_cues(cut(words_of(transcript)), round(transcript["duration_s"] * 1000))
    if not cues:
        stage.warn("the transcript is empty, so the subtitles have no cue")
    language = transcript["language"]
    _save(cues, stage.output("srt", language + ".srt"), "srt")
    _save(
        [cue._replace(text=html.escape(cue.text, quote=False)) for cue in cues],
        stage.output("vtt", language + ".vtt"),
        "vtt",
    )


def words_of(transcript: dict) -> list[Word]:
    """All words of a transcript, each narrow enough for a line."""
    words = []
    for segment in transcript["segments"]:
        for word in segment["words"]:
            words += _pieces(round(word["start"] * 1000), round(word["end"] * 1000), word["word"])
    return words


def _pieces(start: int, end: int, text: str) -> list[Word]:
    """One word, or where it is wider than a line or holds several, its parts in equal shares of its time."""
    space = " " if text[:1].isspace() else ""
    parts = []
    for token in text.split():
        parts += [space + token] if width(token) <= LINE_WIDTH else _chop(space + token)
        space = " "
    edges = [start + (end - start) * index // max(len(parts), 1) for index in range(len(parts) + 1)]
    return [Word(edges[index], edges[index + 1], part, width(part)) for index, part in enumerate(parts)]


def _chop(token: str) -> list[str]:
    size = LINE_WIDTH // 2  # characters, each of which may be full-width
    return [token[index : index + size] for index in range(0, len(token), size)]


def width(text: str) -> int:
    """Columns that a text takes on a screen."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut(words: list[Word]) -> list[list[Word]]:
    """Part the words into cues at the least total cost (dynamic programming over the places to cut)."""
    best, cut_before = [0.0], [0]
    for end in range(1, len(words) + 1):
        costs = {}
        for start in range(end - 1, -1, -1):
            group = words[start:end]
            if len(group) > 1 and not _fits(group):
                break
            costs[start] = best[start] + _cost(group, words[end] if end < len(words) else None)
        start = min(costs, key=costs.get)
        best.append(costs[start])
        cut_before.append(start)
    groups, end = [], len(words)
    while end:
        groups.append(words[cut_before[end] : end])
        end = cut_before[end]
    return groups[::-1]


def _fits(group: list[Word]) -> bool:
    return group[-1].end - group[0].start <= LONGEST and _break(group) is not None


def _cost(group: list[Word], following: Word | None) -> float:
    """How bad a cue is: where it ends, what pauses it bridges, and how little time it leaves to read."""
    pauses = [after.start - before.end for before, after in pairwise(group)]
    cost = 1 + sum(pause / PAUSE for pause in pauses if pause >= PAUSE)
    cost += sum(2 for word in group[:-1] if word.text.endswith(SENTENCE_ENDS))
    if following:
        cost += _cut_cost(group[-1], following)
        room = following.start - GAP - group[0].start
    else:
        room = math.inf
    if room < SHORTEST:
        cost += 10
    return cost + 2 * max(0, 1 - room / _reading_time(group))


def _cut_cost(word: Word, following: Word) -> float:
    if word.text.endswith(SENTENCE_ENDS):
        return 0
    if following.start - word.end >= PAUSE:
        return 0.5
    return 1 if word.text.endswith(CLAUSE_ENDS) else 4


def _reading_time(group: list[Word]) -> int:
    return max(SHORTEST, 1000 * _columns(group) // READING_SPEED)


def time_cues(groups: list[list[Word]], duration: int) -> list[Cue]:
    """Give each group of words its time: from its first word, long enough to read, never in the next one's."""
    cues, free_from = [], 0
    for index, group in enumerate(groups):
        limit = groups[index + 1][0].start - GAP if index + 1 < len(groups) else duration
        start = max(group[0].start, free_from)
        wanted = min(max(group[-1].end, start + _reading_time(group)), limit)
        end = min(max(wanted, start + SHORTEST), start + LONGEST)
        cues.append(Cue(start, end, lines_of(group)))
        free_from = end + GAP
    return _end_by(cues, duration)


def _end_by(cues: list[Cue], limit: int) -> list[Cue]:
    """Move the last cues forward where they would outlast the movie, since that would make it longer."""
    for index in reversed(range(len(cues))):
        cue = cues[index]
        if cue.end <= limit:
            break
        cues[index] = cue._replace(start=max(0, min(cue.start, limit - SHORTEST)), end=limit)
        limit = cues[index].start - GAP
    return cues


def lines_of(group: list[Word]) -> str:
    """The text of a cue, in as few lines as it needs."""
    split = _break(group) or 0
    return "\n".join(filter(None, (_text(group[:split]), _text(group[split:]))))


def _break(group: list[Word]) -> int | None:
    """How many words go into the upper line: 0 where one line holds all, None where two don't."""
    if _columns(group) <= LINE_WIDTH:
        return 0
    choices = {}
    for split in range(1, len(group)):
        upper, lower = _columns(group[:split]), _columns(group[split:])
        if max(upper, lower) <= LINE_WIDTH:
            at_clause = group[split - 1].text.endswith(SENTENCE_ENDS + CLAUSE_ENDS)
            choices[split] = abs(upper - lower) - (LINE_WIDTH // 2 if at_clause else 0)
    return min(choices, key=choices.get) if choices else None


def _columns(group: list[Word]) -> int:
    """Width of the words in one line, where the first one's space isn't shown."""
    return sum(word.width for word in group) - group[0].text.startswith(" ")


def _text(group: list[Word]) -> str:
    return "".join(word.text for word in group).strip()


def _save(cues: list[Cue], path: Path, format_: str) -> None:
    subtitles = pysubs2.SSAFile()
    for cue in cues:
        # pysubs2 holds SubStation text, where a backslash is a command; braces stay with keep_ssa_tags.
        text = cue.text.replace("\\", "/").replace("\n", r"\N")
        subtitles.append(pysubs2.SSAEvent(start=cue.start, end=cue.end, text=text))
    subtitles.save(str(path), format_=format_, keep_ssa_tags=True)
