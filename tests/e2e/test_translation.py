"""Speech is recognised, translated and subtitled: by Apertium, and by tiny checkpoints through the real libraries."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Result, Sandbox
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
    # IndicTrans2 brings code of its own.
    declared["tiny"] = {"files": files, "sources": [{"folder": "models/tiny"}], "allow_code": True}
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


TRANSLATOR_MAKER = REPOSITORY / "tests" / "stages" / "make_tiny_translator.py"
CUES = """1
00:00:01,000 --> 00:00:03,000
<i>it was the best of times,</i>

2
00:00:03,100 --> 00:00:05,000
<i>it was the worst of times.</i>

3
00:00:06,000 --> 00:00:08,000
- we had everything before us.
- we had nothing before us.

4
00:00:09,000 --> 00:00:11,000
it was the age of wisdom.

5
00:00:12,000 --> 00:00:14,000
it was the epoch of darkness.

6
00:00:15,000 --> 00:00:17,000
it was the season of hope, Charles.
"""


@pytest.fixture(scope="session")
def translation_environment(spawning: None) -> Path:
    """The interpreter of the environment for models in CTranslate2's form."""
    built("translation")
    return REPOSITORY / "venv" / "translation" / "bin" / "python"


def translated_by(studio: Sandbox, python: Path, tmp_path: Path, engine: str, mood: str = "") -> tuple[str, Result]:
    """A job that translates cues with a tiny model, and how its run ended."""
    model, cues = tmp_path / "tiny", tmp_path / "film.en.srt"
    family = "madlad" if engine == "madlad" else "nllb"
    command: list[str | Path] = [python, TRANSLATOR_MAKER, family, model, *([mood] if mood else [])]
    subprocess.run(command, env=REAL_VARIABLES, check=True, capture_output=True, timeout=PATIENCE)
    cues.write_text(CUES, encoding="utf-8")
    options = ("-s", "en", "-t", "es", "--translator", engine, "--translation-model", model)
    film = ("--from-subtitles", cues, "--", SAMPLE)
    prepared = studio.run("prepare-job", "--subtitle", "--no-original", *options, *film)
    assert prepared.code == 0, prepared.err
    return prepared.out.strip(), studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)


@pytest.mark.parametrize(("engine", "family"), [("nllb-ct2", "NLLB"), ("madlad", "MADLAD-400")])
def test_a_tiny_model_translates_cues_through_ctranslate2(
    translation_environment: Path, studio: Sandbox, tmp_path: Path, engine: str, family: str
) -> None:
    job, done = translated_by(studio, translation_environment, tmp_path, engine)
    assert done.code == 0, done.err
    made = translation(studio.job(job) / "output", "es")
    assert [segment["text"] for segment in made["segments"]] == [
        "<i>lo fue el mejor de tiempos,</i>",
        "<i>lo fue el peor de tiempos.</i>",
        "- nosotros teníamos todo ante nos.\n- nosotros teníamos nada ante nos.",
        "lo fue el edad de sabiduría.",
        "lo fue el época de tinieblas.",
        "lo fue el estación de esperanza, Charles.",
    ]
    assert [segment["start"] for segment in made["segments"]] == [1.0, 3.1, 6.0, 9.0, 12.0, 15.0]
    assert made["engine"] == f"{family} on ctranslate2 4.8.5"


@pytest.mark.parametrize("mood", ["loop", "empty"])
def test_a_model_that_runs_in_a_circle_or_says_nothing_is_no_success(
    translation_environment: Path, studio: Sandbox, tmp_path: Path, mood: str
) -> None:
    _, done = translated_by(studio, translation_environment, tmp_path, "nllb-ct2", mood)
    assert done.code == 4, done.err
    assert "nothing of it was used" in done.error
