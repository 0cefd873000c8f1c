"""The stage onnx_recognition with a real Moonshine, and with tiny models of the forms of Parakeet and Canary."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, built, project_in, wrong_words
from tests.e2e.test_subtitle import PATIENCE, made

TINY = REPOSITORY / "tests" / "stages" / "tiny_onnx"
SAID = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    built("onnx-asr")
    project = project_in(tmp_path / "project", "config", "models")
    fetched = project.run("bootstrap", "--model", "moonshine-tiny", variables=REAL_VARIABLES, timeout=PATIENCE)
    assert fetched.code == 0, fetched.err
    return project


def transcribed(studio: Sandbox, audio: Path, *options: str | Path) -> tuple[dict[str, Any], str, Path]:
    """The transcript, what the run said, and the job."""
    prepared = studio.run("prepare-job", "--transcribe", *options, "--", audio)
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    job = studio.job(prepared.out.strip())
    (file,) = (job / "output").glob("*.transcript.json")
    return json.loads(file.read_text(encoding="utf-8")), done.err, job


def text(transcript: dict[str, Any]) -> str:
    return " ".join(segment["text"] for segment in transcript["segments"])


def starts(transcript: dict[str, Any], word: str) -> list[float]:
    words = [each for segment in transcript["segments"] for each in segment["words"]]
    return [each["start"] for each in words if each["word"].strip(" ,.").lower() == word]


def test_moonshine_writes_down_what_is_said_near_where_it_is_said(studio: Sandbox) -> None:
    transcript, told, job = transcribed(studio, SAMPLE, "--asr", "onnx-asr", "--model", "moonshine-tiny")
    assert wrong_words(SAID, text(transcript)) < 0.05
    assert (transcript["language"], transcript["word_times"]) == ("en", "estimated")
    assert "estimated" in told
    assert transcript["coverage"]["share"] > 0.95
    other, _, _ = transcribed(studio, SAMPLE)
    for word in ("best", "despair", "authorities"):  # how a tiny model spells a rare word is the processor's
        assert starts(transcript, word) == pytest.approx(starts(other, word), abs=1.5)
    assert transcript["speech"] == other["speech"]
    check = studio.run("pipeline", "subtitles", "check", *(job / "output").glob("*.en.*"))
    assert check.code == 0, check.out
    about = json.loads((job / "output" / "about" / f"{SAMPLE.stem}.transcript.json.json").read_bytes())
    (stage,) = [each for each in about["stages"] if each["name"] == "onnx_recognition"]
    assert stage["about"]["computed_on"]["device"] == "CPU"


def test_the_words_are_the_same_on_one_cpu(studio: Sandbox) -> None:
    named = ["--asr", "onnx-asr", "--model", "moonshine-tiny"]
    several, _, _ = transcribed(studio, SAMPLE, *named)
    prepared = studio.run("prepare-job", "--transcribe", *named, "--", SAMPLE).out.strip()
    command = ["run-pipeline", "-j", prepared, "--force", "onnx_recognition", "--limit", "cpus=1"]
    assert studio.run(*command, timeout=PATIENCE).code == 0
    one = json.loads((studio.job(prepared) / "output" / f"{SAMPLE.stem}.transcript.json").read_text(encoding="utf-8"))
    assert one == several


def test_silence_and_noise_end_well_with_an_empty_transcript(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    sounds = {
        "silence": "anullsrc=r=16000:cl=mono",
        "sound without speech": "anoisesrc=color=brown:amplitude=0.3:seed=4",
    }
    for content, sound in sounds.items():
        audio = made(tools, tmp_path / f"{content}.wav", "-f", "lavfi", "-i", sound, "-t", "40")
        transcript, _, _ = transcribed(studio, audio, "--asr", "onnx-asr", "--model", "moonshine-tiny")
        assert (transcript["segments"], transcript["content"]) == ([], content)


def declare(studio: Sandbox, name: str, languages: list[str]) -> None:
    """A tiny model as one of the project's, with its languages."""
    import hashlib

    shutil.copytree(TINY / name, studio.root / "models" / name)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (TINY / name).iterdir()}
    file = studio.root / "config" / "models.yaml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared[name] = {"files": files, "languages": languages, "sources": [{"folder": f"models/{name}"}]}
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    assert studio.run("bootstrap", "--model", name, variables=REAL_VARIABLES).code == 0


def test_parakeet_gives_words_with_the_times_of_its_tokens(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    declare(studio, "parakeet", ["de", "en"])
    film = made(tools, tmp_path / "late.wav", "-i", str(SAMPLE), "-af", "adelay=40000")
    refused = studio.run("prepare-job", "--transcribe", "--model", "parakeet", film)
    assert refused.code == 3
    assert "--asr onnx-asr" in refused.next_step
    transcript, _, _ = transcribed(studio, film, "--asr", "auto", "--model", "parakeet", "-s", "en")
    assert (transcript["engine"], transcript["word_times"]) == ("onnx-asr 0.12.0", "aligned")
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    assert {" It", " was", " the", " best", " of", " times."} <= {word["word"] for word in words}
    assert words[0]["start"] > 40
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)


def test_canary_is_told_the_language(studio: Sandbox) -> None:
    declare(studio, "canary", ["de", "en"])
    named = ["--asr", "onnx-asr", "--model", "canary"]
    transcript, _, _ = transcribed(studio, SAMPLE, *named, "-s", "de")
    assert transcript["language"] == "de"
    assert set(text(transcript).split()) == {"die", "beste", "Zeit"}
    wrong = studio.run("prepare-job", "--transcribe", *named, "-s", "hi", SAMPLE)
    assert wrong.code == 2
    untold = studio.run("prepare-job", "--transcribe", *named, SAMPLE)
    assert untold.code == 3
    assert "-s CODE" in untold.next_step


def test_a_model_in_a_folder_will_do_and_a_broken_one_is_told(studio: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(TINY / "parakeet", folder)
    named: list[str | Path] = ["--asr", "onnx-asr", "--model", folder]
    transcript, _, _ = transcribed(studio, SAMPLE, *named)
    assert transcript["segments"]
    decoder, encoder = folder / "decoder_joint-model.int8.onnx", folder / "encoder-model.int8.onnx"
    decoder.write_bytes(decoder.read_bytes()[:-100])
    refused = studio.run("prepare-job", "--transcribe", *named, SAMPLE)
    assert refused.code != 0
    assert decoder.name in refused.err
    shutil.copyfile(encoder, decoder)  # whole, but of another form
    prepared = studio.run("prepare-job", "--transcribe", *named, SAMPLE)
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 4
    assert "can't be loaded" in done.err
    assert "Traceback" not in done.err
