"""The demo's last words, with commands that stand in for what it sets up and runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "scripts/demo.sh"


@pytest.fixture
def demo(tmp_path: Path, spawning: None) -> Path:
    script(tmp_path / "scripts/setup.sh", f"project={tmp_path}")
    script(tmp_path / "bootstrap.sh", "")
    script(tmp_path / ".venv/bin/prepare-job", "echo job-1")
    script(tmp_path / ".venv/bin/run-pipeline", "")
    script(tmp_path / ".venv/bin/python", f'exec {sys.executable} "$@"')
    shutil.copy(DEMO, tmp_path / "scripts")
    (tmp_path / "jobs/job-1/output").mkdir(parents=True)
    return tmp_path


def script(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.mark.parametrize("text", ["It was the best of times. " * 30, "那是最好的时代。" * 90])
def test_the_transcript_is_shown_in_whole_lines(demo: Path, text: str) -> None:
    (demo / "jobs/job-1/output/film.transcript.txt").write_text(text, encoding="utf-8")
    done = subprocess.run([demo / "scripts/demo.sh"], capture_output=True, encoding="utf-8", check=True)
    *_, heading, first, _, _, _, last = done.stdout.splitlines()
    assert heading == "The first lines of the transcript:"
    assert (" ".join if " " in text else "".join)([first, last])[:70] == text[:70]
    assert all(len(line) <= 78 for line in (first, last))
    assert " " not in text or last.split()[-1] in text.split()


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_an_empty_name_is_a_mistake_and_not_the_sample(demo: Path, name: str) -> None:
    done = subprocess.run([demo / "scripts/demo.sh", name], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "empty" in done.stderr
