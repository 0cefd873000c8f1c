"""Which model a film gets, with the real ones that are here: Whisper base, and Whisper tiny for English."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Sandbox
from tests.e2e.conftest import SAMPLE
from tests.e2e.test_subtitle import PATIENCE

GERMAN = """Guten Morgen, meine Damen und Herren. Heute sprechen wir über das Wetter und die Reise nach Berlin.
Der Zug fährt um acht Uhr ab, und wir kommen am Abend an."""


@pytest.fixture
def english(studio: Sandbox) -> Sandbox:
    """Both models are here."""
    fetched = studio.run("bootstrap", "--model", "whisper-tiny.en", timeout=PATIENCE)
    assert fetched.code == 0, fetched.err
    return studio


@pytest.fixture(scope="module")
def german(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose audio says that it is German."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("apt-get install espeak-ng")
    folder = tmp_path_factory.mktemp("german")
    subprocess.run(["espeak-ng", "-v", "de", "-s", "140", "-w", folder / "de.wav", GERMAN], check=True)
    command: list[str | Path] = [tools["ffmpeg"], "-v", "error", "-i", folder / "de.wav"]
    subprocess.run([*command, "-metadata:s:a:0", "language=deu", folder / "de.mkv"], check=True)
    return folder / "de.mkv"


def prepared(studio: Sandbox, film: Path, *options: str) -> tuple[str, dict[str, Any], str]:
    """The job's id, the decision in its plan, and what was said."""
    done = studio.run("prepare-job", "--transcribe", *options, "--", film)
    assert done.code == 0, done.err
    plan = json.loads((studio.job(done.out.strip()) / "job.json").read_bytes())
    assert plan["parameters"]["model"] == plan["model_decision"]["model"]
    return done.out.strip(), plan["model_decision"], done.err


def refused(studio: Sandbox, film: Path, *options: str) -> Result:
    done = studio.run("prepare-job", "--transcribe", *options, "--", film)
    assert not list((studio.root / "jobs").glob("job-*"))
    return done


def test_an_english_film_gets_the_better_of_two(english: Sandbox) -> None:
    id, decision, said = prepared(english, SAMPLE, "-s", "en", "--model", "AUTO")
    assert decision["model"] == "whisper-base"
    assert "the best of 2 here" in decision["why"]
    assert "note" not in decision
    assert "\n    pipeline model fetch whisper-" in said
    done = english.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 0, done.err


def test_a_german_film_gets_the_one_that_knows_german_and_its_subtitles_keep_the_note(
    english: Sandbox, german: Path
) -> None:
    id, decision, said = prepared(english, german, "--model", "auto")
    assert (decision["model"], decision["language"]) == ("whisper-base", "de")
    assert decision["note"] == "whisper-base gets about 18 of 100 words of German (de) wrong (FLEURS, read sentences)"
    assert decision["note"] in said
    done = english.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 0, done.err
    output = english.job(id) / "output"
    (sidecar,) = (output / "about").glob("*.srt.json")
    assert decision["note"] in json.loads(sidecar.read_bytes())["notes"]
    (text,) = output.glob("*.transcript.txt")
    assert "Guten Morgen" in text.read_text(encoding="utf-8")
    assert decision["note"] in english.run("pipeline", "job", "show", id).out


def with_language(tools: dict[str, Path], film: Path, code: str, to: Path) -> Path:
    """The film, whose audio says that it is in another language."""
    language = f"language={code}"
    subprocess.run(
        [tools["ffmpeg"], "-v", "error", "-i", film, "-c", "copy", "-metadata:s:a:0", language, to], check=True
    )
    return to


def notes_of(studio: Sandbox, id: str) -> list[str]:
    (sidecar,) = (studio.job(id) / "output" / "about").glob("*.srt.json")
    return list(json.loads(sidecar.read_bytes())["notes"])


def test_a_wrong_language_of_the_audio_track_leaves_no_note_about_that_language(
    english: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    film = with_language(tools, SAMPLE, "hin", tmp_path / "film.mp4")
    id, decision, said = prepared(english, film)
    assert f"{decision['note']}; that it is Hindi (hi) is what the audio track says\n" in said
    done = english.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 0, done.err
    assert notes_of(english, id) == []
    assert "Hindi" not in english.run("pipeline", "job", "show", id).out


def test_a_language_that_nobody_named_is_told_when_it_was_heard(
    english: Sandbox, german: Path, tools: dict[str, Path], tmp_path: Path
) -> None:
    film = with_language(tools, german, "und", tmp_path / "film.mkv")
    done = english.run("prepare-job", "--transcribe", film)
    assert done.code == 0, done.err
    assert "wrong" not in done.err
    ran = english.run("run-pipeline", "-j", id := done.out.strip(), timeout=PATIENCE)
    assert ran.code == 0, ran.err
    note = "whisper-base gets about 18 of 100 words of German (de) wrong (FLEURS, read sentences)"
    assert note in notes_of(english, id)
    assert note in ran.err
    assert note in english.run("pipeline", "job", "show", id).out


def test_a_time_in_which_none_ends_is_refused_before_anything_is_written(english: Sandbox) -> None:
    done = refused(english, SAMPLE, "-s", "en", "--model", "auto", "--within", "0.1s")
    assert done.code == 3
    assert "no model that is here ends within 1 s: whisper-" in done.error
    assert done.next_step.endswith("leave --within out, or allow more time with it")


def test_the_best_quality_takes_what_is_here_and_tells_of_the_best_there_is(english: Sandbox) -> None:
    _, decision, said = prepared(english, SAMPLE, "-s", "en", "--model", "auto", "--quality", "best")
    assert decision["model"] == "whisper-base"
    (better,) = decision["better"]
    assert better["command"] == f"pipeline model fetch {better['model']}"
    assert better["size"] > 10**9
    assert better["seconds"] > 0
    assert better["command"] in said


def test_the_time_that_a_film_took_is_expected_of_the_next_one(
    english: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    twice = tmp_path / "twice.wav"
    subprocess.run([tools["ffmpeg"], "-v", "error", "-stream_loop", "1", "-i", SAMPLE, "-vn", twice], check=True)
    id, before, _ = prepared(english, twice, "-s", "en", "--model", "auto")
    assert before["basis"] == "by published figures"
    assert english.run("run-pipeline", "-j", id, timeout=PATIENCE).code == 0
    _, after, _ = prepared(english, twice, "-s", "en", "--model", "auto", "--quality", "best")
    assert after["basis"] == "measured on this machine"
    took = json.loads(english.run("pipeline", "job", "show", id, "--json").out)["data"]["stages"]
    assert after["seconds"] == pytest.approx(next(each["seconds"] for each in took if each["name"] == "asr"), rel=0.05)


def test_a_language_that_base_hardly_knows_is_told_in_one_line_with_what_helps(english: Sandbox) -> None:
    _, decision, said = prepared(english, SAMPLE, "-s", "hi")
    assert decision["note"].startswith("whisper-base gets 44 of 100 words or more of Hindi (hi) wrong")
    assert f"{decision['note']}\n" in said
    assert "\n    pipeline model fetch whisper-large-v3\n" in said


@pytest.mark.parametrize("options", [("--quality", "best"), ("--within", "30m"), ("--fetch",)])
def test_what_only_a_choice_needs_is_refused_without_one(studio: Sandbox, options: tuple[str, ...]) -> None:
    done = refused(studio, SAMPLE, *options)
    assert done.code == 2
    assert f"{options[0]} changes nothing without --model auto" in done.error
