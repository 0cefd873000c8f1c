"""A person corrects a subtitle file, and only the film is muxed again."""

import json
import shutil
from pathlib import Path

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE, project_in
from tests.e2e.subtitled import SRT, source_in, subtitled


def test_a_corrected_file_is_accepted_and_only_the_film_is_muxed_again(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
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

    other = subtitled(studio, source_in(studio, SRT.replace("worst of times", "age of wisdom")))
    assert studio.run("pipeline", "subtitles", "accept", edits, "--job", other, "--run").code == 0
    assert "best of times" in (studio.job(other) / "output" / "film.en.srt").read_text()


def test_a_file_that_is_no_subtitle_changes_nothing(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
    delivered = studio.job(id) / "output" / "film.en.srt"
    before = (studio.job(id) / "journal.jsonl").read_bytes()
    delivered.write_text("nothing that could be shown\n")
    assert studio.run("pipeline", "subtitles", "accept", delivered).code == 5
    assert (studio.job(id) / "journal.jsonl").read_bytes() == before
    assert not (studio.job(id) / "edits").exists()


def test_a_file_edited_in_place_survives_another_persons_edit_and_is_merged_with_it(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
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


LISTENING = """
_run = run
def run(stage):
    with open({!r}, "a", encoding="utf-8") as file:
        file.write(stage.input("transcript").read_text(encoding="utf-8") + "\\0")
    _run(stage)
"""
SPOKEN = (
    "1\n00:00:01,000 --> 00:00:03,000\nThe house is green.\n\n"
    "2\n00:00:03,500 --> 00:00:05,000\nThe cat drinks milk.\n\n"
    "3\n00:00:06,000 --> 00:00:08,000\nThe dog sleeps.\n\n"
)


def given(heard: Path) -> list[list[str]]:
    """The texts that the translator got, each time that it ran."""
    documents = [json.loads(each) for each in heard.read_text(encoding="utf-8").split("\0")[:-1]]
    return [[segment["text"] for segment in each["segments"]] for each in documents]


def test_only_a_corrected_sentence_is_translated_again(bootstrapped: None, tmp_path: Path) -> None:
    studio = project_in(tmp_path / "project", "stages")
    heard = tmp_path / "heard"
    stage = studio.root / "stages" / "apertium_translation.py"
    stage.write_text(stage.read_text() + LISTENING.format(str(heard)))
    id = subtitled(studio, source_in(studio, SPOKEN), "-t", "es", "--translator", "apertium")
    output = studio.job(id) / "output"
    before = (output / "film.es.srt").read_text().split("\n\n")

    def correct(old: str, new: str, kind: str = "en") -> str:
        delivered = output / f"film.{kind}.srt"
        assert old in delivered.read_text()
        delivered.write_text(delivered.read_text().replace(old, new))
        done = studio.run("pipeline", "subtitles", "accept", delivered, "--by", "Ann", "--run")
        assert done.code == 0, done.err
        return done.err

    correct("drinks milk", "drinks water")
    assert given(heard)[1:] == [["The cat drinks water."]]
    after = (output / "film.es.srt").read_text().split("\n\n")
    assert "agua" in after[1]
    assert (after[0], after[2]) == (before[0], before[2])
    started = [event["stage"] for event in studio.events(id) if event["event"] == "stage_started"]
    assert [each for each in started if "translation" in each] == ["apertium_translation_es"]

    correct(after[2].split("\n")[-1], "El perro ronca.", "es")
    assert "clash" in correct("The dog sleeps", "The dog eats")
    assert given(heard)[2:] == [["The dog eats."]]
    assert "El perro ronca." in (output / "film.es.srt").read_text()
    assert "agua" in (output / "film.es.srt").read_text()

    correct("drinks water", "drinks milk")
    assert (output / "film.es.srt").read_text().split("\n\n")[:2] == before[:2]
    assert len(given(heard)) == 3


def test_a_translation_that_is_asked_for_later_has_the_corrections(studio: Sandbox) -> None:
    films = studio.root / "films"
    films.mkdir()
    shutil.copyfile(SAMPLE, films / "film.mp4")
    options = ("prepare-job", films, "--subtitle", "-s", "en")
    assert studio.run(*options).code == 0
    (id,) = [path.name for path in (studio.root / "jobs").iterdir() if path.is_dir()]
    assert studio.run("run-pipeline", "-j", id).code == 0
    srt = studio.job(id) / "output" / "film.en.srt"
    srt.write_text(srt.read_text().replace("everything before us", "water before us"))
    assert studio.run("pipeline", "subtitles", "accept", srt, "--by", "Ann", "--run").code == 0
    assert studio.run(*options, "-t", "es").code == 0
    done = studio.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert "1 sentence of 'es' translated again" in done.err
    assert "agua" in (studio.job(id) / "output" / "film.es.srt").read_text()

    def muxes() -> int:
        return sum(each["event"] == "stage_started" and each["stage"] == "mux" for each in studio.events(id))

    assert muxes() == 3  # the film, the correction, and the new language with its correction at once
    assert studio.run("run-pipeline", "-j", id).code == 0
    assert muxes() == 3


def test_each_is_named_for_the_cues_that_they_have_removed(studio: Sandbox) -> None:
    text = "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nIt was the epoch {n}.\n\n" for n in range(1, 6))
    id = subtitled(studio, source_in(studio, text))
    file = studio.job(id) / "output" / "film.en.srt"
    for number, who in enumerate(("Ann", "Bob")):
        blocks = file.read_text().split("\n\n")
        file.write_text("\n\n".join(blocks[:-2] + blocks[-1:]) if number == 0 else "\n\n".join(blocks[1:]))
        done = studio.run("pipeline", "subtitles", "accept", file, "--by", who, "--run")
        assert "1 cue removed, the first one at 0:00:0" in done.out
        assert f"en: {4 - number} cues" in done.err
    lines = studio.run("pipeline", "subtitles", "edits", id).out.splitlines()
    assert [(line.partition(",")[0], line.split(", ")[1].partition(":")[0]) for line in lines] == [
        ("en at 0:00:01.000", "Bob"),
        ("en at 0:00:05.000", "Ann"),
    ]


def test_a_change_that_was_dropped_can_be_made_again(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio))
    file = studio.job(id) / "output" / "film.en.srt"
    for _ in range(2):
        file.write_text(file.read_text().replace("thymes", "times"))
        assert studio.run("pipeline", "subtitles", "accept", file, "--run").code == 0
        assert "best of times" in file.read_text()
        stage = next(event["stage"] for event in studio.events(id) if event["event"] == "output_edited")
        assert studio.run("pipeline", "job", "edit", id, stage, "--drop").code == 0
        assert studio.run("run-pipeline", "-j", id).code == 0
        assert "thymes" in file.read_text()
