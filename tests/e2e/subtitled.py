"""A film whose subtitles are in a file, and the job that was made of both and run."""

import shutil
from pathlib import Path

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE

SRT = (
    "1\n00:00:01,000 --> 00:00:03,000\nIt was the best of thymes,\n\n"
    "2\n00:00:03,600 --> 00:00:05,000\nit was the worst of times\n\n"
)


def film_in(studio: Sandbox) -> Path:
    """The sample, under a name of the test's own."""
    return Path(shutil.copyfile(SAMPLE, studio.root / "film.mp4"))


def source_in(studio: Sandbox, text: str = SRT, suffix: str = "srt") -> Path:
    file = studio.root / f"source.en.{suffix}"
    file.write_text(text)
    return file


def subtitled(studio: Sandbox, source: Path, *options: str) -> str:
    """The id of a job that has run on the film with these subtitles."""
    id = studio.run("prepare-job", film_in(studio), "--subtitle", "--from-subtitles", source, *options).out.strip()
    done = studio.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    return id
