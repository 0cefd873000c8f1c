"""The sounds are made here: words are bursts with pauses between them, noise is the same all the time."""

import random
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from soundtrack.mix_choice import BLOCK_SECONDS, mixed
from soundtrack.mixes import WEIGHTS, Mix

pytestmark = pytest.mark.long  # sounds of several seconds, made sample by sample

RATE = 800
Sound = Callable[[float], float]
LAYOUTS = {"stereo": ("FL", "FR"), "5.1": ("FL", "FR", "FC", "SL", "SR"), "mono": ("FC",)}


def noise(loudness: float, seed: int) -> Sound:
    generator = random.Random(seed)
    return lambda _: generator.gauss(0, loudness)


def words(loudness: float, seed: int = 1, first: float = 0.0) -> Sound:
    """Half a second of every second from the ``first`` on, over a quiet room."""
    generator, room = random.Random(seed), random.Random(seed + 100)
    return lambda time: generator.gauss(0, loudness) * ((time - first) % 1 < 0.5) + room.gauss(0, loudness / 300)


def silence(_: float) -> float:
    return 0.0


def blocks(layout: str, seconds: int, **sounds: Sound) -> Iterator["array[int]"]:
    """What ffmpeg's ``pan`` makes of channels with these sounds."""
    for start in range(0, seconds, BLOCK_SECONDS):
        times = [start + index / RATE for index in range(RATE * BLOCK_SECONDS)]
        channels = {name: list(map(sound, times)) for name, sound in sounds.items()}
        block = array("h", bytes(2 * len(Mix) * len(times)))
        for mix in Mix:
            weights = {name: weight for name, weight in WEIGHTS[mix].items() if name in LAYOUTS[layout]}
            block[mix :: len(Mix)] = weighted(channels, weights, len(times))
        yield block


def weighted(channels: Mapping[str, Sequence[float]], weights: Mapping[str, float], size: int) -> "array[int]":
    """The samples of one mix, of which a file has 16 bits. Channels that aren't there are silent."""
    full = 32768 / (sum(map(abs, weights.values())) or 1)
    mix = [0.0] * size
    for name, weight in weights.items():
        if weight and name in channels:
            share = full * weight
            mix = [value + share * sample for value, sample in zip(mix, channels[name], strict=True)]
    return array("h", [max(-32768, min(32767, round(value))) for value in mix])


def chosen(layout: str, seconds: int, **sounds: Sound) -> list[Mix]:
    return [block.mix for block in mixed(blocks(layout, seconds, **sounds), RATE)]


def one(layout: str, **sounds: Sound) -> Mix:
    (mix,) = set(chosen(layout, 12, **sounds))
    return mix


def inverted(sound: Sound) -> Sound:
    return lambda time: -sound(time)


def test_sound_of_one_channel_is_taken_as_it_is() -> None:
    assert one("mono", FC=words(0.1)) is Mix.ALL


@pytest.mark.parametrize("layout", ["mono", "5.1"])
def test_quiet_words_between_loud_ones_are_no_other_sound(layout: str) -> None:
    loud, quiet, room = words(0.1), words(0.027, seed=2, first=0.5), noise(0.005, 3)
    assert one(layout, FC=lambda time: loud(time) + quiet(time) + room(time)) is not Mix.RAISED_CENTRE


def test_stereo_is_mixed() -> None:
    assert one("stereo", FL=words(0.1), FR=words(0.1)) is Mix.ALL
    assert one("stereo", FL=words(0.1)) is Mix.ALL
    assert one("stereo", FL=words(0.1), FR=words(0.1, seed=2, first=0.5)) is Mix.ALL


@pytest.mark.parametrize("hiss", [0.0, 0.01])
def test_where_left_and_right_cancel_each_other_out_one_of_them_is_taken(hiss: float) -> None:
    speech, around = words(0.1), noise(hiss, 7)
    assert one("stereo", FL=lambda time: speech(time) + around(time), FR=inverted(words(0.1))) in (Mix.LEFT, Mix.RIGHT)


def test_only_the_part_that_cancels_is_taken_from_one_channel() -> None:
    right = words(0.1)
    mixes = chosen("stereo", 24, FL=words(0.1), FR=lambda time: right(time) * (1 if time < 12 else -1))
    assert mixes == [Mix.ALL] * 6 + [Mix.LEFT] * 6


def test_opposite_sound_at_the_sides_does_not_silence_the_centre() -> None:
    sides = {"FL": words(0.1, seed=3), "FR": inverted(words(0.1, seed=3))}
    assert one("5.1", FC=words(0.1), **sides) in (Mix.ALL, Mix.RAISED_CENTRE)


def test_a_side_that_has_only_noise_is_left_out() -> None:
    assert one("stereo", FL=words(0.1), FR=noise(0.2, 7)) is Mix.LEFT
    assert one("stereo", FL=noise(0.2, 7), FR=words(0.1)) is Mix.RIGHT


def test_a_side_that_speaks_less_clearly_is_kept() -> None:
    speech, around = words(0.1, seed=2, first=0.5), noise(0.02, 7)
    assert one("stereo", FL=words(0.1), FR=lambda time: speech(time) + around(time)) is Mix.ALL


def test_the_centre_is_taken_alone_where_all_others_have_only_noise() -> None:
    hiss = {name: noise(0.1, number) for number, name in enumerate(("FL", "FR", "SL", "SR"))}
    assert one("5.1", FC=words(0.1), **hiss) is Mix.CENTRE


def test_the_centre_is_raised_where_other_sound_is_loud_between_its_words() -> None:
    music = {"FL": words(0.3, seed=3, first=0.3), "FR": words(0.3, seed=3, first=0.3)}
    assert one("5.1", FC=words(0.1), **music) is Mix.RAISED_CENTRE


def test_a_centre_with_quiet_sound_around_it_is_mixed_with_it() -> None:
    assert one("5.1", FC=words(0.1), FL=noise(0.001, 7), FR=noise(0.001, 8)) is Mix.ALL


def test_a_centre_that_has_only_noise_is_left_out() -> None:
    assert one("5.1", FC=noise(0.2, 7), FL=words(0.1), FR=words(0.1, seed=2)) is Mix.SIDES


def test_dialogue_at_the_sides_is_mixed() -> None:
    assert one("5.1", FL=words(0.1), FR=words(0.1)) is Mix.ALL


def test_silence_is_mixed_and_has_no_level() -> None:
    found = list(mixed(blocks("stereo", 6), RATE))
    assert {(each.mix, each.loudest) for each in found} == {(Mix.ALL, -90.0)}


def test_nothing_gets_lost_at_the_end() -> None:
    parts = list(blocks("stereo", 30))
    assert [len(each.samples) for each in mixed(parts, RATE)] == [len(part) // len(Mix) for part in parts]
