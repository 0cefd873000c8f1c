"""Which mix is best for recognising speech, for some seconds of sound at a time.

The mix of all channels, unless

- the left and the right channel cancel each other out, as where one of them was wired the wrong way round;
- other sound drowns what the centre has, which is where movies with 5.1 channels have their dialogue; or
- one side, or the centre, has nothing but noise, as from a microphone that nobody speaks into.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from soundtrack.levels import LevelRange, frame_levels, level_range, percentile, power
from soundtrack.mixes import Mix

BLOCK_SECONDS = 2
NEIGHBOURS = 5  # blocks before and after one that count for its choice, too
# Of a range of levels, in dB. That of white noise is 3, of pink noise 5, of slow speech in a quiet room more than 30.
SPEECH = 10.0  # with less, nobody seems to speak
NOISE = 8.0  # with less, a sound has no words
BETTER = 5.0  # more
LOUD = 12.0  # dB below the loudest; so loud a sound between words drowns others among the words
QUIET = 20.0  # dB below the loudest; so quiet a channel has none of its words
AUDIBLE = 40.0  # dB below the loudest; what is quieter is no part of a comparison
SAME = 1.0  # dB; two mixes that differ by the same amount at all times, but for so much, have the same sound
OPPOSITE = 0.75  # share of the power of left and right that is in their difference; half of it where both are unlike

Levels = Sequence[Sequence[float]]  # of each mix, for each frame


@dataclass(frozen=True)
class MixedBlock:
    """Some seconds of the result: the mix that was chosen for it, and its samples."""

    mix: Mix
    is_cancelled: bool  # whether the mix of all has lost what its channels have
    loudest: float  # dB
    samples: "array[int]"


@dataclass(frozen=True)
class _MeasuredBlock:
    mixes: "list[array[int]]"
    levels: Levels


def mixed(blocks: "Iterable[array[int]]", rate: int) -> Iterator[MixedBlock]:
    """The best mix of each block, whose samples are those of all mixes in turn."""
    mix = Mix.ALL
    for block, around in _with_neighbours(_measured(block, rate) for block in blocks):
        levels = [[level for each in around for level in each.levels[kind]] for kind in Mix]
        cancelled = is_cancelled(block.levels)
        mix = best_mix(levels, mix, cancelled)
        yield MixedBlock(mix, cancelled, max(block.levels[mix]), block.mixes[mix])


def best_mix(levels: Levels, before: Mix, cancelled: bool) -> Mix:
    """The mix for a moment, from the levels around it, and whether its left and right channel cancel each other out.

    ``before``: that of the moment before, which stays where nobody seems to speak.
    """
    ranges = [level_range(each) for each in levels]
    if max(each.width for each in ranges) < SPEECH:
        return before
    if cancelled:
        return _clearer_side(ranges, before)
    needed = max(ranges[Mix.ALL].width + BETTER, SPEECH)
    left, right, centre = ranges[Mix.LEFT].width, ranges[Mix.RIGHT].width, ranges[Mix.CENTRE].width
    if centre >= needed and max(left, right) < NOISE:
        return Mix.CENTRE
    if centre >= needed or (centre >= SPEECH and is_centre_drowned(levels, ranges)):
        return Mix.RAISED_CENTRE
    if max(left, right) >= needed and min(left, right) < NOISE:
        return Mix.LEFT if left > right else Mix.RIGHT
    return Mix.SIDES if ranges[Mix.SIDES].width >= needed and centre < NOISE else Mix.ALL


def is_cancelled(levels: Levels) -> bool:
    """Whether the left and the right channel cancel each other out in most of what is loud, and the centre is quiet."""
    sides = [(power(left) + power(right)) / 2 for left, right in zip(levels[Mix.LEFT], levels[Mix.RIGHT], strict=True)]
    loud = max(sides) * power(-LOUD)
    shares = [power(each) / side for each, side in zip(levels[Mix.DIFFERENCE], sides, strict=True) if side > loud]
    return (
        bool(shares)
        and percentile(shares, 0.5) > OPPOSITE
        and power(max(levels[Mix.CENTRE])) < max(sides) * power(-QUIET)
    )


def is_centre_drowned(levels: Levels, ranges: Sequence[LevelRange]) -> bool:
    """Whether the mix of all channels is loud in the pauses of the centre, too."""
    if not _is_more_than_centre(levels):
        return False
    pause = ranges[Mix.CENTRE].peak - ranges[Mix.CENTRE].width / 2
    pairs = zip(levels[Mix.ALL], levels[Mix.CENTRE], strict=True)
    between = [mix for mix, centre in pairs if centre < pause]
    return level_range(between).peak > ranges[Mix.ALL].peak - LOUD


def _is_more_than_centre(levels: Levels) -> bool:
    """Whether other channels have sound, too. Where they have none, as in mono, the mix of all follows the centre."""
    audible = max(levels[Mix.CENTRE]) - AUDIBLE
    pairs = zip(levels[Mix.ALL], levels[Mix.CENTRE], strict=True)
    apart = [mix - centre for mix, centre in pairs if centre > audible]
    return max(apart) - min(apart) > SAME


def _clearer_side(ranges: Sequence[LevelRange], before: Mix) -> Mix:
    """The side of the moment before, unless the other one is clearer."""
    now, other = (Mix.RIGHT, Mix.LEFT) if before is Mix.RIGHT else (Mix.LEFT, Mix.RIGHT)
    return other if ranges[other].width >= ranges[now].width + BETTER else now


def _measured(block: "array[int]", rate: int) -> _MeasuredBlock:
    mixes = [block[mix :: len(Mix)] for mix in Mix]
    return _MeasuredBlock(mixes, [frame_levels(samples, rate) for samples in mixes])


def _with_neighbours(blocks: Iterable[_MeasuredBlock]) -> Iterator[tuple[_MeasuredBlock, Sequence[_MeasuredBlock]]]:
    """Each block, and those around it together with it."""
    near: deque[_MeasuredBlock] = deque(maxlen=2 * NEIGHBOURS + 1)
    waiting: deque[_MeasuredBlock] = deque()
    for block in blocks:
        near.append(block)
        waiting.append(block)
        if len(waiting) > NEIGHBOURS:
            yield waiting.popleft(), tuple(near)
    while waiting:
        yield waiting.popleft(), tuple(near)[-(len(waiting) + NEIGHBOURS + 1) :]
