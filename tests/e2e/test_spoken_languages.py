"""The language that is spoken, with the real model: compared with the one that was named."""

import json
import shlex
import shutil
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE, wrong_words
from tests.e2e.test_recognition import transcribed
from tests.e2e.test_subtitle import PATIENCE


def test_a_language_that_is_not_spoken_is_told_in_the_run_the_transcript_and_the_sidecar(studio: Sandbox) -> None:
    transcript, said = transcribed(studio, SAMPLE, "-s", "hi")
    (note,) = [each for each in transcript["notes"] if "English (en)" in each]
    assert "not Hindi (hi), which was named (0.00)" in note
    assert note.endswith("say -s en, or leave -s out")
    assert "English (en), with a probability of 0.9" in said
    (job,) = (studio.root / "jobs").glob("*/output/about/*.transcript.json.json")
    sidecar = json.loads(job.read_bytes())
    assert note in sidecar["notes"]
    (stage,) = [each for each in sidecar["stages"] if each["name"] == "asr"]
    assert stage["about"]["heard"]["en"] > 0.9


def test_the_language_that_is_spoken_is_no_note(studio: Sandbox) -> None:
    transcript, _ = transcribed(studio, SAMPLE, "-s", "en", "--strict-language")
    assert transcript["notes"] == []


@pytest.mark.parametrize("workflow", ["--transcribe", "--subtitle"])
def test_a_strict_language_refuses_the_film_and_names_the_command_that_works(studio: Sandbox, workflow: str) -> None:
    prepared = studio.run("prepare-job", workflow, "-s", "hi", "--strict-language", "--", SAMPLE)
    assert prepared.code == 0, prepared.err
    refused = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert refused.code == 5, refused.err
    assert "not Hindi (hi), which was named (0.00); nothing was recognised" in refused.error
    again = studio.run(*shlex.split(refused.next_step))
    assert again.code == 0, again.err
    done = studio.run("run-pipeline", "-j", again.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err


def test_strictness_without_a_language_is_refused(studio: Sandbox) -> None:
    prepared = studio.run("prepare-job", "--transcribe", "--strict-language", "--", SAMPLE)
    assert prepared.code == 2
    assert "--strict-language changes nothing without --source-language" in prepared.error


@pytest.fixture
def english_model(studio: Sandbox) -> str:
    """A model for English alone."""
    fetched = studio.run("bootstrap", "--model", "whisper-tiny.en", timeout=PATIENCE)
    assert fetched.code == 0, fetched.err
    return "whisper-tiny.en"


def test_a_model_for_english_alone_says_that_it_can_not_be_strict(studio: Sandbox, english_model: str) -> None:
    options = ("--model", english_model, "-s", "en", "--strict-language")
    prepared = studio.run("prepare-job", "--transcribe", *options, "--", SAMPLE)
    refused = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert refused.code == 4
    assert "knows English only, so it can't tell which language is spoken" in refused.error


SPANISH = (
    "Ayer fuimos al mercado con nuestros amigos y compramos pan, queso y un poco de vino. Después caminamos por la "
    "playa hasta que se hizo de noche. Los niños jugaban con la arena mientras nosotros hablábamos del futuro. Todos "
    "estaban cansados, pero nadie quería volver a casa. Viven en una casa pequeña a las afueras de la ciudad, con un "
    "gran jardín lleno de flores. Estamos muy contentos de que hayan venido hoy a vernos."
)


@pytest.fixture(scope="module")
def two_languages(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample in English, half a minute of Spanish by a synthetic voice, and the sample again."""
    folder = tmp_path_factory.mktemp("languages")
    subprocess.run(["espeak-ng", "-v", "es", "-s", "150", "-w", folder / "es.wav", SPANISH], check=True)
    each = ";".join(f"[{n}:a]aresample=16000,aformat=channel_layouts=mono[a{n}]" for n in range(2))
    graph = f"{each};[a0]asplit[s][t];[s][a1][t]concat=n=3:v=0:a=1"
    inputs = ["-i", str(SAMPLE), "-i", str(folder / "es.wav"), "-filter_complex", graph]
    subprocess.run([tools["ffmpeg"], "-v", "error", *inputs, str(folder / "film.wav")], check=True)
    return folder / "film.wav"


def languages_at(transcript: dict[str, Any]) -> list[str]:
    """The language of each part, in order."""
    return [own for own, _ in groupby(each.get("language", "en") for each in transcript["segments"])]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="there is no voice: apt-get install espeak-ng")
def test_two_languages_are_each_recognised_in_their_own(studio: Sandbox, two_languages: Path) -> None:
    transcript, said = transcribed(studio, two_languages)
    assert (transcript["language"], languages_at(transcript)) == ("en", ["en", "es", "en"])
    assert transcript["languages"] == pytest.approx({"en": 0.75, "es": 0.25}, abs=0.06)
    spanish = " ".join(each["text"] for each in transcript["segments"] if "language" in each)
    assert "una casa pequeña a las afueras de la ciudad" in spanish
    english = " ".join(each["text"] for each in transcript["segments"] if "language" not in each)
    assert wrong_words(SAMPLE.with_suffix(".txt").read_text(encoding="utf-8") * 2, english) < 0.1
    assert "2 languages are spoken, each recognised in its own: English (en) 7" in said


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="there is no voice: apt-get install espeak-ng")
def test_a_film_in_two_languages_that_is_named_as_one_is_told(studio: Sandbox, two_languages: Path) -> None:
    transcript, said = transcribed(studio, two_languages, "-s", "en")
    assert "languages" not in transcript
    assert "of the speech sounds like Spanish (es), and was recognised as English (en)" in said


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="there is no voice: apt-get install espeak-ng")
def test_a_model_for_english_alone_that_hears_spanish_says_that_it_is_unsure(
    studio: Sandbox, english_model: str, tmp_path: Path
) -> None:
    subprocess.run(["espeak-ng", "-v", "es", "-s", "150", "-w", tmp_path / "es.wav", SPANISH], check=True)
    prepared = studio.run("prepare-job", "--transcribe", "--model", english_model, "--", tmp_path / "es.wav")
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert "the speech may not be English, which is all that model whisper-tiny.en" in done.err
    assert done.code in {0, 4}  # a share of the speech that has words is promised; the processor decides how much has
    _, said = transcribed(studio, SAMPLE, "--model", english_model)
    assert "may not be English" not in said
