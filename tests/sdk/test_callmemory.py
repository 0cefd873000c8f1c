"""Memory that two sides share: used again when the last view is gone, and never before."""

import os

import pytest

from pipeline.sdk import callmemory
from pipeline.sdk.callmemory import LEAST, OtherMemory, OwnMemory
from pipeline.sdk.callpacking import Packer, Unsendable


def sent(own: OwnMemory, other: OtherMemory, data: bytes) -> tuple[int, int]:
    """A file with this content, given to the other side: its number and size."""
    placed = own.place(len(data))
    assert placed is not None
    number, room = placed
    room[:] = data
    field, descriptors = own.news()
    other.take(field, [os.dup(each) for each in descriptors])
    for each in descriptors:
        os.close(each)
    return number, len(data)


def test_a_file_isn_t_used_again_while_anything_is_left_of_its_view() -> None:
    own, other = OwnMemory(), OtherMemory()
    first = other.view(*sent(own, other, b"a" * LEAST))
    part = memoryview(first).cast("B")[10:20] if memoryview(first).format == "B" else memoryview(first)[10:20]
    del first
    own.release(other.unused())
    other.view(*sent(own, other, b"b" * LEAST))
    assert bytes(part) == b"a" * 10
    del part
    own.release(other.unused())
    assert sent(own, other, b"c" * LEAST)[0] in {1, 2}


def test_what_is_small_travels_in_the_message() -> None:
    assert OwnMemory().place(LEAST - 1) is None


def test_files_beyond_what_is_kept_are_dropped_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callmemory, "SPARE", 8 * LEAST)
    own, other = OwnMemory(), OtherMemory()
    size = 5 * LEAST
    numbers = [sent(own, other, bytes(size))[0] for _ in range(2)]
    own.release(numbers)
    field, descriptors = own.news()
    assert (field, descriptors) == ({"dropped": numbers[:1]}, [])
    other.take(field, descriptors)
    own.close()
    other.close()


def test_a_dropped_file_is_never_used_again_and_the_other_side_hears_of_what_it_has() -> None:
    before = len(os.listdir("/dev/fd"))
    own, other = OwnMemory(), OtherMemory()
    known, _ = sent(own, other, b"a" * LEAST)
    placed = own.place(LEAST)
    assert placed is not None
    unsent, room = placed
    own.drop(known)
    own.drop(unsent)
    room[:] = b"b" * LEAST  # who still has a view of it may write there
    own.release([known, unsent])
    field, descriptors = own.news()
    assert (field, descriptors) == ({"dropped": [known]}, [])
    assert sent(own, other, b"c" * LEAST)[0] not in {known, unsent}
    del room, placed
    own.close()
    other.close()
    assert len(os.listdir("/dev/fd")) == before


def test_a_descriptor_is_closed_once_both_sides_have_mapped_the_file() -> None:
    before = len(os.listdir("/dev/fd"))
    own, other = OwnMemory(), OtherMemory()
    sent(own, other, b"a" * LEAST)
    assert len(os.listdir("/dev/fd")) <= before + 2  # mmap keeps one of its own for each side
    own.close()
    other.close()
    assert len(os.listdir("/dev/fd")) == before


def test_what_was_placed_for_a_message_that_isn_t_sent_is_used_again() -> None:
    own = OwnMemory()
    for _ in range(3):
        packer = Packer(own.place, own.fill)
        with pytest.raises(Unsendable):
            packer.pack([bytes(LEAST), object()])
        own.release(packer.placed)
        assert packer.placed == [1]
    own.close()
