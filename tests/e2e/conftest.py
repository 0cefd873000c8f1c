"""The real thing: this project's environments and models, on small real movies."""

import os
import re
import subprocess
from pathlib import Path

import jiwer
import pytest

from tests.conftest import BIN, REPOSITORY, Sandbox

SAMPLE = REPOSITORY / "samples" / "two_cities.mp4"

REAL_HOME = os.environ.get("HOME", "/")
REAL_VARIABLES = dict(os.environ)  # as the test runner got them, with the machine's way to its packages


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def bootstrapped(spawning: None) -> None:
    """This project made ready, through the command that a person uses; nothing is done twice."""
    done = subprocess.run(
        [BIN / "bootstrap", "--root", REPOSITORY], env=REAL_VARIABLES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with jobs of the test's own."""
    root = tmp_path / "project"
    root.mkdir()
    for name in ("config", "requirements", "stages", "venv", "models"):
        (root / name).symlink_to(REPOSITORY / name)
    return Sandbox(root)


@pytest.fixture(scope="session")
def tools(bootstrapped: None) -> dict[str, Path]:
    """The ffmpeg and ffprobe that the stages use."""
    from shutil import which

    provided = REPOSITORY / "venv" / "ffmpeg" / "provides"
    return {name: Path(which(name) or provided / name) for name in ("ffmpeg", "ffprobe")}


def wrong_words(said: str, heard: str) -> float:
    """The word error rate, whatever the case and punctuation."""
    return jiwer.wer(_plain(said), _plain(heard))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))
