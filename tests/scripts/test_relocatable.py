"""The commands of a project that was renamed, moved, linked to or copied: they run, and run the code beside them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

ENTRIES = "[console_scripts]\npipeline = pipeline.cli.main:main\nprepare-job = pipeline.cli.main:main\n"
CODE = "import sys\ndef main():\n    print({word!r}, sys.argv[1:])\n    return 7\n"


@pytest.fixture
def project(tmp_path: Path, spawning: None) -> Path:
    """A project whose one command says a word, in a virtual environment that was made for it."""
    project = tmp_path / "project"
    (project / "pipeline/cli").mkdir(parents=True)
    for folder in (project / "pipeline", project / "pipeline/cli"):
        (folder / "__init__.py").touch()
    speak(project, "first")
    venv = project / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python3*/site-packages")
    (packages / "pipeline-0.1.0.dist-info").mkdir()
    (packages / "pipeline-0.1.0.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: pipeline\nVersion: 0.1.0\n"
    )
    (packages / "pipeline-0.1.0.dist-info/entry_points.txt").write_text(ENTRIES)
    subprocess.run([venv / "bin/python", "-I", REPOSITORY / "scripts/relocatable.py", project], check=True)
    return project


def speak(project: Path, word: str) -> None:
    (project / "pipeline/cli/main.py").write_text(CODE.format(word=word))


def said(*command: "str | Path", **variables: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})
    assert done.returncode == 7, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["renamed", "with a space", "it's", "$HOME", 'a"b', "deep/er/in", "é"])
def test_a_moved_project_runs(project: Path, name: str) -> None:
    moved = project.parent / name
    moved.parent.mkdir(parents=True, exist_ok=True)
    project.rename(moved)
    assert said(moved / ".venv/bin/prepare-job", "a b", "", "--x=$y") == "first ['a b', '', '--x=$y']\n"


def test_a_copy_runs_its_own_code(project: Path) -> None:
    copy = project.parent / "copy"
    shutil.copytree(project, copy, symlinks=True)
    speak(copy, "the copy's own")
    assert said(copy / ".venv/bin/pipeline") == "the copy's own []\n"
    assert said(project / ".venv/bin/pipeline") == "first []\n"


def test_a_command_is_found_by_a_link_and_on_the_path(project: Path) -> None:
    link = project.parent / "link"
    link.symlink_to(project / ".venv/bin/pipeline")
    assert said(link, "x") == "first ['x']\n"
    for path in (project / ".venv/bin", os.path.relpath(project / ".venv/bin")):
        assert said("sh", "-c", "pipeline x", PATH=f"{path}:{os.environ['PATH']}") == "first ['x']\n"
