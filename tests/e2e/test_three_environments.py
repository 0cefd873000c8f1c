"""One job whose stages run in three environments that can't be one: their torch and transformers differ."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.envs.lockfiles import lockfile
from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, built, project_in
from tests.e2e.test_subtitle import made
from tests.e2e.test_translation import MAKER

pytestmark = pytest.mark.heavy

PATIENCE = 1800  # seconds; importing WhisperX alone takes a quarter of a minute
HEAVY = ("whisperx", "indictrans2")


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with its heavy environments, and a tiny translation model of the test's own."""
    built(*HEAVY)
    return project_in(tmp_path / "project", "config", "models")


@pytest.fixture
def tiny(studio: Sandbox) -> str:
    """The name of a checkpoint with random weights and a tokenizer of its own, declared and fetched."""
    python, folder = studio.root / "venv" / "indictrans2" / "bin" / "python", studio.root / "models" / "tiny"
    command: list[str | Path] = [python, MAKER, "indictrans", folder]
    subprocess.run(command, env=REAL_VARIABLES, check=True, capture_output=True, timeout=PATIENCE)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
    file = studio.root / "config" / "models.yaml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared["tiny"] = {"files": files, "sources": [{"folder": "models/tiny"}], "allow_code": True}
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    fetched = studio.run("bootstrap", "--model", "tiny", variables=REAL_VARIABLES, timeout=PATIENCE)
    assert fetched.code == 0, fetched.err
    return "tiny"


def versions(plan: dict[str, Any], package: str) -> dict[str, str]:
    """Of each of the plan's environments that has it, by the lock that its record names."""
    found: dict[str, str] = {}
    for name, digest in plan["environment_locks"].items():
        lock = REPOSITORY / "requirements" / f"{name}.lock"
        assert digest == f"sha256:{hashlib.sha256(lock.read_bytes()).hexdigest()}"
        pins = lockfile.parse(lock.read_text(encoding="utf-8")).pins
        found |= [(name, pin.version) for pin in pins if pin.name == package]
    return found


def test_whisperx_indictrans2_and_the_common_environment_make_one_job(
    studio: Sandbox, tiny: str, tools: dict[str, Path], tmp_path: Path
) -> None:
    movie = made(tools, tmp_path / "short.mp4", "-i", str(SAMPLE), "-t", "12", "-c", "copy")
    engines = ["--asr", "whisperx", "--translator", "indictrans2", "--translation-model", tiny]
    prepared = studio.run("prepare-job", "--subtitle", "-s", "en", "-t", "hi", *engines, movie)
    assert prepared.code == 0, prepared.err
    job = studio.job(prepared.out.strip())
    done = studio.run("run-pipeline", "-j", job.name, timeout=PATIENCE)
    assert done.code == 0, done.err
    plan = json.loads((job / "job.json").read_bytes())
    used = plan["stage_environments"]
    assert used["whisperx_asr"] == "whisperx"
    assert used["indictrans2_translation_hi"] == "indictrans2"
    assert used["subtitle_generation_hi"] == used["mux"] == "common"
    assert len(set(plan["environment_keys"].values())) == len(plan["environment_keys"]) >= 3
    for package in ("torch", "transformers"):
        found = versions(plan, package)
        assert set(found) == set(HEAVY)
        assert len(set(found.values())) == 2, found
    told = json.loads((job / "output" / "about" / "short.hi.srt.json").read_bytes())
    assert {stage["environment"]["name"] for stage in told["stages"]} == {"common", *HEAVY}
