"""Subtitles in every format that people exchange, of one film: made, corrected, and made again."""

from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.e2e.subtitled import SRT, source_in, subtitled

ALL = "srt,vtt,ass,ttml,scc,stl,microdvd,txt,karaoke-ass,karaoke-vtt"


def test_a_job_delivers_all_formats_and_a_correction_in_one_is_in_all(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio), "--format", ALL)
    output = studio.job(id) / "output"
    names = ("srt", "vtt", "ass", "ttml", "scc", "stl", "sub", "txt", "karaoke.ass", "karaoke.vtt")
    assert all((output / f"film.en.{name}").exists() for name in names)
    ttml = output / "film.en.ttml"
    ttml.write_text(ttml.read_text().replace("thymes", "times"))
    done = studio.run("pipeline", "subtitles", "accept", ttml, "--by", "Ann", "--run")
    assert done.code == 0, done.err
    assert f"{id}: 1 change" in done.out
    for name in ("srt", "vtt", "ass", "ttml", "sub", "txt", "stl"):
        assert b"best of times" in (output / f"film.en.{name}").read_bytes(), name
    stl = output / "film.en.stl"
    stl.write_bytes(stl.read_bytes().replace(b"worst", b"wurst"))
    done = studio.run("pipeline", "subtitles", "accept", stl, "--by", "Bob", "--run")
    assert f"{id}: 1 change" in done.out, done.err
    assert "wurst" in (output / "film.en.ttml").read_text()


def test_another_format_of_text_needs_no_other_film(studio: Sandbox) -> None:
    source = source_in(studio)
    id = subtitled(studio, source)
    film = studio.root / "film.mp4"
    again = studio.run("prepare-job", film, "--subtitle", "--from-subtitles", source, "--format", "srt,vtt,txt,ttml")
    assert again.out.strip() == id
    assert studio.run("run-pipeline", "-j", id).code == 0
    assert (studio.job(id) / "output" / "film.en.ttml").exists()
    started = [event["stage"] for event in studio.events(id) if event["event"] == "stage_started"]
    assert started.count("mux") == 1


@pytest.fixture
def subtitles(studio: Sandbox) -> Path:
    file = studio.root / "film.en.srt"
    file.write_text(SRT)
    return file


def test_a_file_is_converted_and_back(studio: Sandbox, subtitles: Path) -> None:
    for name in ("ttml", "scc", "stl", "sub", "txt"):
        other, back = studio.root / f"other.{name}", studio.root / f"back.{name}.srt"
        words = ("pipeline", "subtitles", "convert")
        done = studio.run(*words, subtitles, other, "--frame-rate", "25")
        assert (done.code, done.err) == (0, ""), done.err
        assert studio.run(*words, other, back).code == 0
        assert "best of thymes" in back.read_text()
    assert studio.run(*words, subtitles, other).code == 2  # which is there already
    done = studio.run(*words, subtitles, studio.root / "other.xyz")
    assert done.code == 2
    assert "--to" in done.err


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 99, b'<tt xmlns="http://www.w3.org/ns/ttml"><body>'])
def test_a_wrong_file_is_refused_with_its_name_and_a_command(studio: Sandbox, data: bytes) -> None:
    file = studio.root / "film.en.ttml"
    file.write_bytes(data)
    done = studio.run("pipeline", "subtitles", "convert", file, studio.root / "out.srt")
    assert (done.code, (studio.root / "out.srt").exists()) == (5, False), done.err
    assert str(file) in done.err
    assert "pipeline subtitles" in done.err
