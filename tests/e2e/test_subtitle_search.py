"""Search in all subtitles of a job, and changes of all that is found, from the command line."""

import pytest

from tests.conftest import Sandbox
from tests.e2e.subtitled import source_in, subtitled

VTT = """WEBVTT

00:00:01.000 --> 00:00:03.000
<v Ann>It was the best
of thymes,

00:00:03.600 --> 00:00:05.000
<v Bob>it was the worst of thymes
"""


@pytest.fixture
def job(studio: Sandbox) -> str:
    return subtitled(studio, source_in(studio, VTT, "vtt"), "--format", "srt,vtt,txt")


def test_a_text_is_found_also_over_the_end_of_a_line(studio: Sandbox, job: str) -> None:
    done = studio.run("pipeline", "subtitles", "find", job, "best of thymes", "--json")
    (found,) = done.data
    assert (done.code, found["track"], found["start"], found["speaker"]) == (0, "en", 1.0, "Ann")
    assert studio.run("pipeline", "subtitles", "find", job, "BEST").code == 1
    assert studio.run("pipeline", "subtitles", "find", job, "BEST", "-i").code == 0
    wrong = studio.run("pipeline", "subtitles", "find", job, "(best", "--regex")
    assert (wrong.code, wrong.next_step) == (2, "pipeline subtitles find --help")


def test_a_replacement_and_a_speakers_name_are_in_every_format(studio: Sandbox, job: str) -> None:
    words = ("pipeline", "subtitles", "replace", job, r"(best|worst)\s+of thymes", r"\1 of times", "--regex")
    before = (studio.job(job) / "journal.jsonl").read_bytes()
    assert "2 cues would change" in studio.run(*words, "--dry-run").out
    assert (studio.job(job) / "journal.jsonl").read_bytes() == before
    assert studio.run(*words, "--by", "Cleo").code == 0
    done = studio.run("pipeline", "subtitles", "speaker", job, "Ann", "Anna", "--run")
    assert done.code == 0, done.err
    output = studio.job(job) / "output"
    assert "Anna: It was the best of times" in (output / "film.en.txt").read_text()
    assert "<v Anna>" in (output / "film.en.vtt").read_text()
    assert "worst of times" in (output / "film.en.srt").read_text()
    assert "Cleo" in studio.run("pipeline", "subtitles", "edits", job).out
    unknown = studio.run("pipeline", "subtitles", "speaker", job, "Ann", "Anna")
    assert unknown.code == 2
    assert "Anna, Bob" in unknown.error
