"""Blocks of a long sound: none is longer than asked for, and they end at pauses."""

from itertools import pairwise

from recognition.sound_blocks import cut

from tests.stages.recognition.helpers import probabilities


def test_a_sound_that_is_not_longer_than_a_block_stays_whole() -> None:
    assert cut([(1.0, 50.0)], [], 60.0, 60.0) == [(0.0, 60.0)]
    assert cut([], [], 0.0) == [(0.0, 0.0)]


def test_a_block_ends_in_the_middle_of_the_longest_pause_of_its_second_half() -> None:
    speech = [(0.0, 20.0), (29.0, 40.0), (41.0, 50.0), (54.0, 100.0)]
    assert cut(speech, [], 100.0, 60.0) == [(0.0, 52.0), (52.0, 100.0)]


def test_speech_without_a_pause_is_cut_at_its_quietest_moment() -> None:
    quiet = probabilities(100.0, [(0.0, 45.0), (45.5, 100.0)])
    (first, second) = cut([(0.0, 100.0)], quiet, 100.0, 60.0)
    assert 45.0 <= first[1] <= 45.5
    assert second == (first[1], 100.0)


def test_blocks_follow_one_another_and_none_is_too_long() -> None:
    speech = [(float(start), start + 7.0) for start in range(0, 990, 9)]
    blocks = cut(speech, [], 1000.0, 100.0)
    assert (blocks[0][0], blocks[-1][1]) == (0.0, 1000.0)
    assert all(before[1] == after[0] for before, after in pairwise(blocks))
    assert max(end - start for start, end in blocks) <= 100.0
