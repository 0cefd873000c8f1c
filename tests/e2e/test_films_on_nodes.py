"""A film on a cluster of this machine, whose nodes share no folder with each other."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import REAL_VARIABLES, SAMPLE, project_in
from tests.e2e.test_translation import CUES, PATIENCE, TRANSLATOR_MAKER, translation_environment

__all__ = ["translation_environment"]  # a fixture

LANGUAGES = "es,fr,de,pt"
NODES = 3


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    studio = project_in(tmp_path / "project", "config")
    folder = tmp_path / "nodes"
    text = f"lab: {{kind: local, nodes: {NODES}, cpus: 1, memory: 2 GiB, node_folder: {folder}/$NODE}}\n"
    (studio.root / "config" / "clusters.yaml").write_text(text, encoding="utf-8")
    return studio


def prepared(studio: Sandbox, python: Path, tmp_path: Path) -> str:
    """A job with four target languages, by a tiny model in folders of a person's own."""
    model, cues, film = tmp_path / "tiny", tmp_path / "film.en.srt", tmp_path / "film.mp4"
    subprocess.run([python, TRANSLATOR_MAKER, "nllb", model], env=REAL_VARIABLES, check=True, timeout=PATIENCE)
    cues.write_text(CUES, encoding="utf-8")
    shutil.copyfile(SAMPLE, film)
    options = ("-s", "en", "-t", LANGUAGES, "--translator", "nllb-ct2", "--translation-model", model)
    done = studio.run("prepare-job", "--subtitle", *options, "--from-subtitles", cues, "--", film)
    assert done.code == 0, done.err
    return done.out.strip()


def delivered(studio: Sandbox, job: str) -> Mapping[str, bytes]:
    folder = studio.job(job) / "output"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_film_in_four_languages_is_the_same_on_three_nodes(
    translation_environment: Path, studio: Sandbox, tmp_path: Path
) -> None:
    job = prepared(studio, translation_environment, tmp_path)
    here = studio.run("run-pipeline", "-j", job, timeout=PATIENCE)
    assert here.code == 0, here.err
    local = delivered(studio, job)
    there = studio.run(
        "run-pipeline", "-j", job, "--force", "--cluster", "lab", variables=REAL_VARIABLES, timeout=PATIENCE
    )
    assert there.code == 0, there.err
    assert delivered(studio, job) == local
    assert len(local) > len(LANGUAGES.split(","))
    shown = studio.run("pipeline", "job", "show", job, "--json")
    nodes = {stage["node"] for stage in shown.data["stages"]}
    assert "" not in nodes
    assert nodes <= {f"lab-{number}" for number in range(NODES)}
    assert len(nodes) > 1
