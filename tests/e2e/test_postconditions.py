"""Promises about real media, measured by the real ffprobe."""

import subprocess
from pathlib import Path

from pipeline.config.ensure import parse_promises
from pipeline.media.probe import probe
from pipeline.project import ProjectFolder
from pipeline.run.ensure import unmet_conditions


def test_a_movie_that_was_cut_short_is_told_and_one_of_the_same_length_is_well(
    tools: dict[str, Path], tmp_path: Path
) -> None:
    whole, same, short, torn = (tmp_path / name for name in ("whole.mp4", "same.mkv", "short.mp4", "torn.mp4"))
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=3"]  # and no sound at all
    ffmpeg(tools, *picture, whole)
    ffmpeg(tools, "-i", whole, "-c", "copy", same)
    ffmpeg(tools, "-i", whole, "-t", "1", short)
    torn.write_bytes(whole.read_bytes()[:400])
    assert broken(tools, same, whole, tmp_path) == []
    assert broken(tools, short, whole, tmp_path) == [
        "output 'movie' (short.mp4): 1.000 s long, but input 'media' has 3.000 s, and 0.5 s of difference are allowed"
    ]
    (told,) = broken(tools, torn, whole, tmp_path)
    assert "torn.mp4" in told


def broken(tools: dict[str, Path], output: Path, media: Path, root: Path) -> list[str]:
    ensured = parse_promises({"movie": {"duration": {"like": "media", "within": 0.5}}})
    return unmet_conditions(
        ensured,
        {"movie": output},
        {"media": [media]},
        ProjectFolder(root),
        lambda f: probe(f, tools["ffprobe"]).duration_s,
    )


def ffmpeg(tools: dict[str, Path], *words: "str | Path") -> None:
    subprocess.run([tools["ffmpeg"], "-v", "error", "-y", *words], check=True, stdin=subprocess.DEVNULL, timeout=60)
