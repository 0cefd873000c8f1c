"""A person corrects a subtitle file, and only the film is muxed anew."""

import json
import shutil

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE

SRT = (
    "1\n00:00:01,000 --> 00:00:03,000\nIt was the best of thymes,\n\n"
    "2\n00:00:03,500 --> 00:00:05,000\nit was the worst of times\n\n"
)


def test_a_corrected_file_is_accepted_and_only_the_film_is_muxed_anew(studio: Sandbox) -> None:
    film, file = studio.root / "film.mp4", studio.root / "source.en.srt"
    shutil.copyfile(SAMPLE, film)
    file.write_text(SRT)
    id = studio.run("prepare-job", film, "--subtitle", "--from-subtitles", file).out.strip()
    assert studio.run("run-pipeline", "-j", id).code == 0
    output = studio.job(id) / "output"
    delivered = output / "film.en.srt"
    delivered.write_text(delivered.read_text().replace("thymes", "times"))
    done = studio.run("pipeline", "subtitles", "accept", delivered, "--by", "Ann", "--run")
    assert done.code == 0, done.err
    started = [event["stage"] for event in studio.events(id) if event["event"] == "stage_started"]
    assert started == ["subtitle_import", "subtitle_generation_auto", "mux", "mux"]
    assert all("best of times" in (output / f"film.en.{kind}").read_text() for kind in ("srt", "vtt"))
    about = json.loads((output / "about" / "film.subtitled.mp4.json").read_text())
    assert [each["who"] for stage in about["stages"] for each in stage.get("edits", ())] == ["Ann"]
    edits = studio.root / "film.edits.yaml"
    assert studio.run("pipeline", "subtitles", "edits", id, "-o", edits).code == 0

    file.write_text(SRT.replace("worst of times", "age of wisdom"))
    other = studio.run("prepare-job", film, "--subtitle", "--from-subtitles", file).out.strip()
    assert studio.run("run-pipeline", "-j", other).code == 0
    assert studio.run("pipeline", "subtitles", "accept", edits, "--job", other, "--run").code == 0
    assert "best of times" in (studio.job(other) / "output" / "film.en.srt").read_text()


def test_a_file_that_is_no_subtitle_changes_nothing(studio: Sandbox) -> None:
    film, file = studio.root / "film.mp4", studio.root / "source.en.srt"
    shutil.copyfile(SAMPLE, film)
    file.write_text(SRT)
    id = studio.run("prepare-job", film, "--subtitle", "--from-subtitles", file).out.strip()
    assert studio.run("run-pipeline", "-j", id).code == 0
    delivered = studio.job(id) / "output" / "film.en.srt"
    before = (studio.job(id) / "journal.jsonl").read_bytes()
    delivered.write_text("nothing that could be shown\n")
    assert studio.run("pipeline", "subtitles", "accept", delivered).code == 5
    assert (studio.job(id) / "journal.jsonl").read_bytes() == before
    assert not (studio.job(id) / "edits").exists()


def test_a_file_edited_in_place_survives_another_persons_edit_and_is_merged_with_it(studio: Sandbox) -> None:
    film, file = studio.root / "film.mp4", studio.root / "source.en.srt"
    shutil.copyfile(SAMPLE, film)
    file.write_text(SRT)
    id = studio.run("prepare-job", film, "--subtitle", "--from-subtitles", file).out.strip()
    assert studio.run("run-pipeline", "-j", id).code == 0
    output = studio.job(id) / "output"
    (output / "film.en.srt").write_text((output / "film.en.srt").read_text().replace("thymes", "times"))
    (output / "film.en.vtt").write_text((output / "film.en.vtt").read_text().replace("the worst", "the very worst"))
    done = studio.run("pipeline", "subtitles", "accept", output / "film.en.vtt", "--by", "Bob", "--run")
    assert done.code == 0, done.err
    aside = output / "film.edited-1.en.srt"
    assert str(aside) in done.err
    assert str(aside) in studio.run("pipeline", "subtitles", "edits", id).out
    assert studio.run("pipeline", "subtitles", "accept", aside, "--by", "Ann", "--run").code == 0
    text = (output / "film.en.srt").read_text()
    assert "best of times" in text
    assert "very worst" in text
    assert str(aside) not in studio.run("pipeline", "subtitles", "edits", id).out
