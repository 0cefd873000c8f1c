"""Cue segmentation: words are cut into cues where sentences, clauses and pauses end, as far as the limits allow.

Dynamic programming finds the cuts with the lowest total cost. A cue holds few words, so the work grows with the number
of words: an hour of speech takes half a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from subtitling import break_costs, markup
from subtitling.cue_timing import cue_times
from subtitling.cues import SPEAKERS, Cue, TimedWord
from subtitling.frame_clock import FrameClock
from subtitling.line_breaks import LineWidths, best_split
from subtitling.style_profiles import StyleProfile, profile_of
from subtitling.timed_words import turn_starts
from subtitling.typography import width

PAUSE = 500  # milliseconds of silence that a viewer notices

# Costs of a cue, on the scale of those in ``break_costs``.
PER_CUE = 1.0
SENTENCE_INSIDE = 2.0
TOO_SHORT = 10.0  # shorter than the style allows
TOO_FAST = 5.0
READING_TIME_MISSING = 2.0  # if all of the comfortable reading time is missing; less for a part of it
LINE_BREAK = 0.25  # share of the cost of the break between its lines


@dataclass(frozen=True)
class WordMeasures:
    """Figures for all words that don't depend on the cuts. A list has an entry for each word, or one more."""

    starts: list[int]  # milliseconds
    ends: list[int]
    widths: LineWidths
    cut_costs: list[float]  # of a cue's end before the word
    bridged: list[float]  # sum of the costs of pauses and sentence ends before the word, which a cue would hide
    line_ends: list[int]  # the first word that doesn't fit into a line that starts with this one
    turns: list[int]  # the first word of the same speaker's turn
    pairs: list[int]  # the first word of the turn before, if both are lines of one cue that exists; else of this turn
    counts: list[int]  # words before this one, counted by spaces


def cues_of_words(
    words: Sequence[TimedWord], profile: StyleProfile, language: str, clock: FrameClock, duration: int
) -> list[Cue]:
    """Cues for the words of a movie that lasts ``duration`` milliseconds. ``words`` are tidy (``timed_words.tidy``).

    A cue has words of one language. Those that say theirs are cut by its rules.
    """
    texts, spoken, languages, speakers = list[str](), list[tuple[int, int]](), list[str](), list[str]()
    for own, run in groupby(words, key=lambda word: word.language):
        limits = profile_of(profile.style, own) if own else profile
        listed = list(run)
        measured = measure(listed, limits, own or language)
        groups = cut_into_cues(measured, limits, clock)
        texts += [_text(listed, measured, group) for group in groups]
        spoken += [(measured.starts[start], measured.ends[end - 1]) for start, end in groups]
        languages += [own] * len(groups)
        speakers += [_speakers(listed[start:end]) for start, end in groups]
    texts = markup.balance(texts)
    times = cue_times(spoken, texts, profile, clock, duration)
    told = zip(times, texts, speakers, languages, strict=True)
    return [Cue(*time, text, speaker, language=own) for time, text, speaker, own in told]


def _speakers(words: Sequence[TimedWord]) -> str:
    """Who speaks, in the order of their first words."""
    return SPEAKERS.join(dict.fromkeys(word.speaker for word in words if word.speaker))


def measure(words: Sequence[TimedWord], profile: StyleProfile, language: str) -> WordMeasures:
    """The figures for tidy words."""
    costs = break_costs.costs(words, language)
    leads = [int(word.spaced) for word in words]
    widths = [lead + max(1, width(markup.plain(word.text)) - lead) for lead, word in zip(leads, words, strict=True)]
    edges = list(accumulate(widths, initial=0))
    pauses = [after.start - before.end for before, after in pairwise(words)]
    hidden = [
        (pause / PAUSE if pause >= PAUSE else 0.0) + (SENTENCE_INSIDE if cost == break_costs.SENTENCE else 0.0)
        for pause, cost in zip(pauses, costs[1:], strict=True)
    ]
    turns = turn_starts(words)
    return WordMeasures(
        starts=[word.start for word in words],
        ends=[word.end for word in words],
        widths=LineWidths(profile.line, edges, leads, costs),
        cut_costs=[*costs[:1], *map(_cut_cost, costs[1:], pauses), 0.0],
        bridged=list(accumulate(hidden, initial=0.0)),
        line_ends=_line_ends(edges, leads, profile.line),
        turns=turns,
        pairs=[_pair_start(words, turns, turn) for turn in turns],
        counts=list(accumulate(leads, initial=0)),
    )


def cut_into_cues(measured: WordMeasures, profile: StyleProfile, clock: FrameClock) -> list[tuple[int, int]]:
    """Indexes for each cue: of its first word, and after its last one."""
    count, bounds = len(measured.starts), _cue_limits(profile, clock)
    best, cut_before = [0.0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        best[end], cut_before[end] = _best_before(end, best, measured, bounds)
    groups, end = [], count
    while end:
        groups.append((cut_before[end], end))
        end = cut_before[end]
    return groups[::-1]


@dataclass(frozen=True)
class _CueLimits:
    """A profile's times in milliseconds."""

    shortest: float
    longest: float
    gap: float
    per_column: float  # at the highest reading speed
    per_column_comfortable: float
    per_word: float


def _cue_limits(profile: StyleProfile, clock: FrameClock) -> _CueLimits:
    return _CueLimits(
        shortest=1000 * profile.shortest,
        longest=clock.milliseconds(clock.at_most(profile.longest)),
        gap=clock.milliseconds(clock.frames(profile.gap_frames)),
        per_column=1000 / profile.speed,
        per_column_comfortable=1000 / profile.comfort,
        per_word=1000 * profile.word_seconds,
    )


def _best_before(end: int, best: Sequence[float], measured: WordMeasures, bounds: _CueLimits) -> tuple[float, int]:
    """The lowest cost of all words before ``end``, and the first word of their last cue."""
    starts, counts, line_ends, widths = measured.starts, measured.counts, measured.line_ends, measured.widths
    until = starts[end] - bounds.gap if end < len(starts) else float("inf")
    last, hidden, turn = measured.ends[end - 1], measured.bridged[end - 1], measured.turns[end - 1]
    least, chosen = float("inf"), end - 1
    for start in range(end - 1, turn - 1, -1):
        single = start == end - 1
        if not single and (line_ends[line_ends[start]] < end or last - starts[start] > bounds.longest):
            break
        columns = widths.of(start, end)
        cost = best[start] + hidden - measured.bridged[start]
        cost += _reading_cost(min(until - starts[start], bounds.longest), columns, counts[end] - counts[start], bounds)
        if cost < least and columns > widths.line:
            cost += LINE_BREAK * best_split(widths, start, end)[1]
        if cost < least:
            least, chosen = cost, start
    pair = measured.pairs[end - 1]
    if pair < turn and _is_pair_of_lines(measured, pair, end) and last - starts[pair] <= bounds.longest:
        room = min(until - starts[pair], bounds.longest)
        cost = best[pair] + _reading_cost(room, widths.of(pair, end), counts[end] - counts[pair], bounds)
        least, chosen = min((least, chosen), (cost, pair))
    return least + PER_CUE + measured.cut_costs[end], chosen


def _pair_start(words: Sequence[TimedWord], turns: Sequence[int], turn: int) -> int:
    """The first word of the turn before ``turn`` if the two are lines of one cue, else ``turn``."""
    own, before = words[turn].turn, words[turn - 1].turn if turn else ()
    return turns[turn - 1] if own and before and own[0] == before[0] else turn


def _is_pair_of_lines(measured: WordMeasures, start: int, end: int) -> bool:
    """Whether the words are two whole turns, each of which fits into a line."""
    turn = measured.turns[end - 1]
    is_whole = end == len(measured.turns) or measured.turns[end] == end
    return is_whole and max(measured.widths.of(start, turn), measured.widths.of(turn, end)) <= measured.widths.line


def _reading_cost(room: float, columns: int, words: int, bounds: _CueLimits) -> float:
    """The cost of too little time to read. ``room``: milliseconds that the cue can stay."""
    wanted = columns * bounds.per_column_comfortable
    cost = READING_TIME_MISSING * (1 - room / wanted) if room < wanted else 0.0
    if room < bounds.shortest:
        cost += TOO_SHORT
    if room < columns * bounds.per_column or room < words * bounds.per_word:
        cost += TOO_FAST
    return cost


def _cut_cost(break_cost: float, pause: int) -> float:
    """At a pause, any cut is a good one."""
    return min(break_cost, 0.5 + break_cost / 8) if pause >= PAUSE else break_cost


def _line_ends(edges: Sequence[int], leads: Sequence[int], line: int) -> list[int]:
    count = len(leads)
    ends, end = [], 0
    for start in range(count):
        end = max(end, start + 1)
        while end < count and edges[end + 1] - edges[start] - leads[start] <= line:
            end += 1
        ends.append(end)
    return [*ends, count]


def _text(words: Sequence[TimedWord], measured: WordMeasures, group: tuple[int, int]) -> str:
    start, end = group
    turn = measured.turns[end - 1]
    split = turn if turn > start else start + best_split(measured.widths, start, end)[0]
    parts = (words[start:split], words[split:end])
    return "\n".join("".join(word.text for word in part).strip() for part in parts if part)
