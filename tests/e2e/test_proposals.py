"""A few seconds are recognised again, and a cue translated again, by the job's own stages."""

import json

from tests.conftest import Sandbox
from tests.e2e.subtitled import film_in, source_in, subtitled


def test_a_span_is_recognised_again_and_taken_over(studio: Sandbox) -> None:
    words = ("--subtitle", "-s", "en", "-t", "es", "--translator", "apertium")
    id = studio.run("prepare-job", film_in(studio), *words).out.strip()
    assert studio.run("run-pipeline", "-j", id).code == 0
    srt = studio.job(id) / "output" / "film.en.srt"
    before = srt.read_text()
    srt.write_text(before.replace("everything before us", "bread before us"))
    assert studio.run("pipeline", "subtitles", "accept", srt, "--by", "Ann").code == 0
    number = next(each for each in before.split("\n\n") if "everything before us" in each).split("\n")[0]

    shown = studio.run("pipeline", "subtitles", "recognise", id, "--cue", number, "--json")
    assert shown.code == 0, shown.err
    (passage,) = shown.data["passages"]
    assert "bread" in " ".join(cue["text"] for cue in passage["before"])
    assert "everything before us" in " ".join(cue["text"] for cue in passage["after"]).replace("\n", " ")
    journal = (studio.job(id) / "journal.jsonl").read_text()

    done = studio.run("pipeline", "subtitles", "recognise", id, "--cue", number, "--accept", "--by", "Bob")
    assert done.code == 0, done.err
    added = [json.loads(line) for line in (studio.job(id) / "journal.jsonl").read_text()[len(journal) :].splitlines()]
    assert [each["event"] for each in added] == ["output_edited"] * 2  # the original, and the translation again
    assert studio.run("run-pipeline", "-j", id).code == 0
    assert "everything before us" in srt.read_text().replace("\n", " ")
    assert (studio.job(id) / "output" / "film.es.srt").read_text().count("pan ") == 0

    same = studio.run("pipeline", "subtitles", "translate", id, "--cue", "2")
    assert same.code == 0, same.err
    assert "says the same again" in same.out
    prompted = studio.run(
        "pipeline", "subtitles", "recognise", id, "--cue", "1", "--prompt", "Dickens", "--language", "en"
    )
    assert prompted.code == 0, prompted.err


def test_what_was_not_recognised_cannot_be_again(studio: Sandbox) -> None:
    id = subtitled(studio, source_in(studio, "1\n00:00:01,000 --> 00:00:03,000\nHello.\n\n"))
    refused = studio.run("pipeline", "subtitles", "recognise", id, "--cue", "1")
    assert (refused.code, "weren't recognised" in refused.error) == (2, True)
    assert studio.run("pipeline", "subtitles", "recognise", id, "--from", "3", "--to", "2").code == 2
    assert studio.run("pipeline", "subtitles", "recognise", id, "--cue", "9").code == 2
    assert studio.run("pipeline", "subtitles", "recognise", id).code == 2
