"""The language that is spoken, with the real model: compared with the one that was named."""

import json
import shlex

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE
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


def test_a_model_for_english_alone_says_that_it_can_not_be_strict(studio: Sandbox) -> None:
    fetched = studio.run("bootstrap", "--model", "whisper-tiny.en", timeout=PATIENCE)
    assert fetched.code == 0, fetched.err
    options = ("--model", "whisper-tiny.en", "-s", "en", "--strict-language")
    prepared = studio.run("prepare-job", "--transcribe", *options, "--", SAMPLE)
    refused = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert refused.code == 4
    assert "knows English only, so it can't tell which language is spoken" in refused.error
