"""Speech is recognised, translated and subtitled: by Apertium, and by tiny checkpoints through the real libraries."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, built, project_in

PATIENCE = 300  # seconds
MAKER = REPOSITORY / "tests" / "stages" / "make_tiny_checkpoint.py"

WORKFLOW = """
description: Subtitles in another language
parameters:
  model: {{type: model, default: whisper-base}}
stages:
  demux:
    inputs: {{media: job.input}}
  asr:
    inputs: {{audio: demux.audio}}
    parameters: {{language: en}}
    models: {{recognizer: $model}}
  {stage}:
    inputs: {{transcript: asr.transcript}}
    parameters: {{target: {target}, glossary: [{{term: wisdom, translation: Sofía}}]}}
    {models}
  subtitle_generation:
    inputs: {{transcript: {stage}.translation}}
deliver: [{stage}.translation, {stage}.text, {stage}.side_by_side, subtitle_generation.srt]
"""


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with jobs, workflows and models of the test's own."""
    return project_in(tmp_path / "project", "config", "models")


@pytest.fixture(scope="session")
def torch_environment(spawning: None) -> Path:
    """The interpreter of the environment for IndicTrans2 and NLLB."""
    built("indictrans2")
    return REPOSITORY / "venv" / "indictrans2" / "bin" / "python"


def subtitled(studio: Sandbox, stage: str, target: str, models: str = "") -> Path:
    """The output folder of a job on the sample."""
    text = WORKFLOW.format(stage=stage, target=target, models=models)
    (studio.root / "config" / "workflows" / "foreign.yaml").write_text(text, encoding="utf-8")
    prepared = studio.run("prepare-job", "--workflow", "foreign", "--", SAMPLE)
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    return studio.job(prepared.out.strip()) / "output"


def translation(output: Path, target: str) -> dict[str, Any]:
    (found,) = output.glob(f"*translation.{target}.json")
    document: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return document


@pytest.mark.skipif(
    shutil.which("apertium") is None, reason="Apertium isn't installed: apt-get install apertium apertium-eng-spa"
)
def test_english_speech_gets_spanish_subtitles(studio: Sandbox) -> None:
    output = subtitled(studio, "apertium_translation", "es")
    made = translation(output, "es")
    assert made["engine"] == "apertium eng-spa (gist)"
    assert any("Sofía" in segment["text"] for segment in made["segments"])
    assert made["segments"][0]["source"].startswith("It was the best of times")
    (srt,) = output.glob("*.srt")
    assert "mejor" in srt.read_text(encoding="utf-8")


def checkpoint(python: Path, studio: Sandbox, kind: str) -> None:
    """A tiny checkpoint, declared as the model ``tiny`` and fetched with its environment."""
    folder = studio.root / "models" / "tiny"
    subprocess.run([python, MAKER, kind, folder], env=REAL_VARIABLES, check=True, capture_output=True, timeout=PATIENCE)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
    file = studio.root / "config" / "models.yaml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared["tiny"] = {"files": files, "sources": [{"folder": "models/tiny"}]}
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    with (studio.root / "config" / "environments" / "indictrans2.yaml").open("a", encoding="utf-8") as environment:
        environment.write("models: [tiny]\n")
    fetched = studio.run("bootstrap", "--env", "indictrans2", variables=REAL_VARIABLES, timeout=PATIENCE)
    assert fetched.code == 0, fetched.err


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("stage", "kind", "target"),
    [
        ("nllb_translation", "nllb", "es"),
        ("nllb_translation", "m2m100", "es"),
        ("indictrans2_translation", "nllb", "hi"),
        ("indictrans2_translation", "indictrans", "hi"),
    ],
)
def test_a_tiny_checkpoint_goes_through_the_real_libraries(
    torch_environment: Path, studio: Sandbox, stage: str, kind: str, target: str
) -> None:
    checkpoint(torch_environment, studio, kind)
    output = subtitled(studio, stage, target, "models: {translator: tiny}")
    made = translation(output, target)
    sources = " ".join(segment["source"] for segment in made["segments"])
    assert sources.startswith("It was the best of times")
    assert sources.endswith("in the superlative degree of comparison only.")
    assert "transformers 4.49.0" in made["engine"]
    assert all(segment["text"] for segment in made["segments"])
