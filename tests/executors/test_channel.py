"""What comes over a report pipe."""

import os

from pipeline.executors.channel import Channel


def test_lines_come_whole_and_empty_ones_not_at_all() -> None:
    reading, writing = os.pipe()
    channel = Channel(reading)
    os.write(writing, b"\n=exit 0\n{")
    assert channel.lines() == [b"=exit 0"]
    os.write(writing, b"}\n\n")
    assert channel.lines() == [b"{}"]
    os.close(writing)
    assert channel.lines() == []
    assert channel.at_end
    channel.close()
