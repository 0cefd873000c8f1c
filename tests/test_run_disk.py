"""What a job of a film takes on the disk, in blocks: each file counts once, under whatever names."""

import fcntl
import os
import random
import struct
import sys
from pathlib import Path
from stat import S_ISREG

import pytest

from tests.conftest import Sandbox

SIZE = 24 << 20  # bytes; more than what is copied because that takes no time
BLOCK = 512  # bytes, of ``st_blocks``
# The kernel's FS_IOC_FIEMAP: a head, and an entry for each extent of a file.
FIEMAP, FIEMAP_SYNC, HEAD, EXTENT, EXTENTS = 0xC020660B, 1, 32, 56, 1000
SMALL = 1 << 20  # bytes for all that isn't a film

REMUX = '''# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["media"]
# [tool.pipeline.stage.outputs]
# movie = "subtitled.mkv"
# words = "words.srt"
# ///
"""Copy the movie's bytes, as a remultiplexer does."""

import shutil


def run(stage):
    shutil.copyfile(stage.input("media"), stage.output("movie"))
    stage.output("words").write_text("1\\n00:00:01,000 --> 00:00:02,000\\nHello.\\n")
'''

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="places on the disk are told by Linux")


@pytest.fixture
def film(ready: Sandbox) -> Path:
    ready.write("stages/remux.py", REMUX)
    ready.workflow("films", "remux: {inputs: {media: job.input}}", "deliver: [remux.movie, remux.words]")
    file = ready.root / "films/film.mkv"
    file.parent.mkdir()
    file.write_bytes(random.Random(1).randbytes(SIZE))
    return file


def taken(*folders: Path) -> int:
    """Bytes of the disk. Blocks that files share, by a hard link or a reflink, count once."""
    found: dict[object, int] = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                found |= blocks(Path(place) / name)
    return sum(found.values())


def blocks(file: Path) -> dict[object, int]:
    """Bytes by their place on the disk; where the file system doesn't tell places, all of a file's by its inode."""
    status = os.lstat(file)
    whole: dict[object, int] = {status.st_ino: status.st_blocks * BLOCK}
    if not S_ISREG(status.st_mode):
        return whole
    asked = bytearray(struct.pack("=QQLLLL", 0, 2**64 - 1, FIEMAP_SYNC, 0, EXTENTS, 0) + bytes(EXTENTS * EXTENT))
    with open(file, "rb") as opened:
        try:
            fcntl.ioctl(opened, FIEMAP, asked)
        except OSError:
            return whole
    mapped = struct.unpack_from("=L", asked, 20)[0]
    extents = [struct.unpack_from("=QQQ", asked, HEAD + EXTENT * index) for index in range(mapped)]
    return {physical: length for _, physical, length in extents} if all(each[1] for each in extents) else whole


def test_a_job_of_a_film_takes_the_room_of_one_film_and_gives_it_back(
    ready: Sandbox, film: Path, tmp_path: Path
) -> None:
    kept = (ready.root / "jobs", ready.root / "cache/results")
    for _ in range(2):  # the second time, all is taken from the store
        done = ready.run("prepare-job", film, "--workflow", "films", "--run")
        assert done.code == 0, done.err
        assert SIZE <= taken(*kept) < SIZE + SMALL
        ready.give("prepare-job", film, "--workflow", "films")  # another job, which the next round runs
    (job, *_) = sorted((ready.root / "jobs").glob("job-*"))
    assert film.stat().st_nlink == 1
    assert taken(film.parent, *kept) < 2 * SIZE + SMALL
    text = job / "output/film.words.srt"
    assert text.stat().st_nlink == 1  # a person edits it
    text.write_text("edited")
