"""WhisperX itself, without a hub: real speech, and a tiny model of the test's own that tells speakers apart."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, built, project_in, wrong_words
from tests.e2e.test_subtitle import made

pytestmark = pytest.mark.heavy

PATIENCE = 600  # seconds; importing WhisperX alone takes a quarter of a minute
MAKER = REPOSITORY / "tests" / "stages" / "make_tiny_diarization.py"
SAID = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")
NOWHERE = {"HF_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with WhisperX, and jobs, models and caches of the test's own."""
    built("whisperx")
    return project_in(tmp_path / "project", "models")


def jobs(studio: Sandbox, *words: str | Path) -> list[Path]:
    """The folders of jobs that ran to their ends in one run."""
    prepared = studio.run("prepare-job", *words)
    assert prepared.code == 0, prepared.err
    names = prepared.out.split()
    named = [word for name in names for word in ("-j", name)]
    done = studio.run("run-pipeline", *named, timeout=PATIENCE, variables=NOWHERE)
    assert done.code == 0, done.err
    return [studio.job(name) for name in names]


def transcript(job: Path) -> dict[str, Any]:
    (file,) = (job / "output").glob("*.transcript.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_several_inputs_are_recognised_one_after_the_other(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    silence = made(tools, tmp_path / "silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "20")
    tune = made(tools, tmp_path / "tune.wav", "-f", "lavfi", "-i", "sine=440:duration=20")
    late = made(tools, tmp_path / "late.wav", "-i", str(SAMPLE), "-af", "adelay=40000")
    whole, delayed, *wordless = [
        path for file in (SAMPLE, late, tune, silence) for path in jobs(studio, "--subtitle", "--asr", "auto", file)
    ]
    for job in (whole, delayed):
        found = transcript(job)
        assert found["engine"] == "whisperx 3.8.6"
        assert found["language"] == "en"
        assert 0.5 < found["language_probability"] <= 1
        assert found["word_times"] == "attention"
        assert any("words can't be aligned with the sound" in note for note in found["notes"])
        assert wrong_words(SAID, " ".join(segment["text"] for segment in found["segments"])) < 0.03
        check = studio.run("pipeline", "subtitles", "check", *(job / "output").glob("*.en.*"))
        assert check.code == 0, check.out
    assert transcript(delayed)["segments"][0]["start"] > 40
    for job in wordless:
        assert (transcript(job)["segments"], transcript(job)["language"]) == ([], "und")


def test_speakers_are_told_apart_with_a_model_in_a_folder(studio: Sandbox) -> None:
    asked: list[str | Path] = ["--transcribe", "--diarize", "-s", "en", SAMPLE]
    refused = studio.run("prepare-job", *asked, "--asr", "auto")
    assert refused.code == 3
    assert "https://huggingface.co/pyannote/speaker-diarization-community-1" in refused.err
    assert "whisperx" in studio.run("prepare-job", *asked).next_step
    python, folder = studio.root / "venv" / "whisperx" / "bin" / "python", studio.root / "models/speaker-diarization"
    quiet = {**REAL_VARIABLES, "PYANNOTE_METRICS_ENABLED": "0", "HF_HUB_OFFLINE": "1"}
    subprocess.run([python, MAKER, folder], env=quiet, check=True, capture_output=True, timeout=PATIENCE)
    (job,) = jobs(studio, *asked, "--asr", "auto")
    assert {segment["speaker"] for segment in transcript(job)["segments"]} == {"SPEAKER_00"}
    about = json.loads((job / "output" / "about" / f"{SAMPLE.stem}.transcript.json.json").read_bytes())
    (stage,) = [each for each in about["stages"] if each["name"] == "whisperx_asr"]
    assert stage["models"]["speakers"]["name"].startswith("speaker-diarization-")


def test_a_model_that_cannot_be_loaded_is_told_with_what_to_do(studio: Sandbox, tmp_path: Path) -> None:
    (whole,) = (studio.root / "models" / ".store").glob("whisper-base-*")
    folder = tmp_path / "mine"
    folder.mkdir()
    for file in whole.iterdir():
        if not file.name.startswith("."):
            shutil.copyfile(file, folder / file.name)
    (folder / "tokenizer.json").write_text("{}")
    prepared = studio.run("prepare-job", "--transcribe", "--asr", "whisperx", "--model", folder, SAMPLE)
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE, variables=NOWHERE)
    assert done.code == 4
    assert "Traceback" not in done.err
