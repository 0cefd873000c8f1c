"""Words into cues, at the least total cost: where sentences, clauses and pauses end, as far as the limits allow.

Dynamic programming over the places to cut. A cue holds few words, so the work grows with the number of words: an hour's
speech takes half a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from subtitling import break_costs, markup
from subtitling.cue_timing import timed
from subtitling.cues import Cue, Word, width
from subtitling.frame_clock import Clock
from subtitling.line_breaks import Widths, best_split
from subtitling.style_profiles import Profile
from subtitling.timed_words import turns

PAUSE = 500  # milliseconds of silence that a viewer notices

# Costs of a cue, against those of parting words.
A_CUE = 1.0
SENTENCE_INSIDE = 2.0
TOO_SHORT = 10.0  # its time is over before it can be read at all
TOO_FAST = 5.0
HASTE = 2.0  # for the share of comfortable reading time that is missing
LINE_BREAK = 0.25  # of what the break between its lines costs


@dataclass(frozen=True)
class Measured:
    """What is known of the words before any cue is made of them; a list has an entry for each word, or one more."""

    starts: list[int]
    ends: list[int]
    widths: Widths
    cutting: list[float]  # the cost of a cue's end before the word
    bridged: list[float]  # the costs of all pauses and sentence ends before, which a cue would hide
    reach: list[int]  # the first word that doesn't go into one line with this one
    turns: list[int]  # the first word that the same person says
    counts: list[int]  # words before, by spaces


def cues(words: Sequence[Word], profile: Profile, language: str, clock: Clock, duration: int) -> list[Cue]:
    """Cues for the words of a movie that lasts so many milliseconds. ``words`` are tidy (``words.tidy``)."""
    measured = measure(words, profile, language)
    groups = cut(measured, profile, clock)
    texts = markup.balance(_text(words, measured, group) for group in groups)
    spoken = [(measured.starts[start], measured.ends[end - 1]) for start, end in groups]
    times = timed(spoken, texts, profile, clock, duration)
    return [Cue(*time, text) for time, text in zip(times, texts, strict=True)]


def measure(words: Sequence[Word], profile: Profile, language: str) -> Measured:
    costs = break_costs.costs(words, language)
    leads = [int(word.spaced) for word in words]
    widths = [lead + max(1, width(markup.plain(word.text)) - lead) for lead, word in zip(leads, words, strict=True)]
    edges = list(accumulate(widths, initial=0))
    pauses = [after.start - before.end for before, after in pairwise(words)]
    hidden = [
        (pause / PAUSE if pause >= PAUSE else 0.0) + (SENTENCE_INSIDE if cost == break_costs.SENTENCE else 0.0)
        for pause, cost in zip(pauses, costs[1:], strict=True)
    ]
    return Measured(
        starts=[word.start for word in words],
        ends=[word.end for word in words],
        widths=Widths(profile.line, edges, leads, costs),
        cutting=[*costs[:1], *map(_cut_cost, costs[1:], pauses), 0.0],
        bridged=list(accumulate(hidden, initial=0.0)),
        reach=_reach(edges, leads, profile.line),
        turns=turns(words),
        counts=list(accumulate(leads, initial=0)),
    )


def cut(measured: Measured, profile: Profile, clock: Clock) -> list[tuple[int, int]]:
    """The first word of each cue, and the one after its last."""
    count, bounds = len(measured.starts), _bounds(profile, clock)
    best, cut_before = [0.0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        best[end], cut_before[end] = _best_before(end, best, measured, bounds)
    groups, end = [], count
    while end:
        groups.append((cut_before[end], end))
        end = cut_before[end]
    return groups[::-1]


@dataclass(frozen=True)
class _Bounds:
    """A profile's times in milliseconds, and milliseconds per column."""

    shortest: float
    longest: float
    gap: float
    hurried: float
    comfortable: float
    per_word: float


def _bounds(profile: Profile, clock: Clock) -> _Bounds:
    return _Bounds(
        shortest=1000 * profile.shortest,
        longest=clock.milliseconds(clock.at_most(profile.longest)),
        gap=clock.milliseconds(clock.frames(profile.gap_frames)),
        hurried=1000 / profile.speed,
        comfortable=1000 / profile.comfort,
        per_word=1000 * profile.word_seconds,
    )


def _best_before(end: int, best: Sequence[float], measured: Measured, bounds: _Bounds) -> tuple[float, int]:
    """The least cost of all words before ``end``, and where the last cue of them begins."""
    starts, counts, reach, widths = measured.starts, measured.counts, measured.reach, measured.widths
    until = starts[end] - bounds.gap if end < len(starts) else float("inf")
    last, hidden, turn = measured.ends[end - 1], measured.bridged[end - 1], measured.turns[end - 1]
    least, chosen = float("inf"), end - 1
    for start in range(end - 1, turn - 1, -1):
        single = start == end - 1
        if not single and (reach[reach[start]] < end or last - starts[start] > bounds.longest):
            break
        columns = widths.of(start, end)
        cost = best[start] + hidden - measured.bridged[start]
        cost += _haste(min(until - starts[start], bounds.longest), columns, counts[end] - counts[start], bounds)
        if cost < least and columns > widths.line:
            cost += LINE_BREAK * best_split(widths, start, end)[1]
        if cost < least:
            least, chosen = cost, start
    return least + A_CUE + measured.cutting[end], chosen


def _haste(room: float, columns: int, words: int, bounds: _Bounds) -> float:
    """The cost of too little time to read."""
    wanted = columns * bounds.comfortable
    cost = HASTE * (1 - room / wanted) if room < wanted else 0.0
    if room < bounds.shortest:
        cost += TOO_SHORT
    if room < columns * bounds.hurried or room < words * bounds.per_word:
        cost += TOO_FAST
    return cost


def _cut_cost(parted: float, pause: int) -> float:
    """A pause parts what is spoken, whatever the words are."""
    return min(parted, 0.5 + parted / 8) if pause >= PAUSE else parted


def _reach(edges: Sequence[int], leads: Sequence[int], line: int) -> list[int]:
    count = len(leads)
    reach, end = [], 0
    for start in range(count):
        end = max(end, start + 1)
        while end < count and edges[end + 1] - edges[start] - leads[start] <= line:
            end += 1
        reach.append(end)
    return [*reach, count]


def _text(words: Sequence[Word], measured: Measured, group: tuple[int, int]) -> str:
    start, end = group
    split = start + best_split(measured.widths, start, end)[0]
    parts = (words[start:split], words[split:end])
    return "\n".join("".join(word.text for word in part).strip() for part in parts if part)
