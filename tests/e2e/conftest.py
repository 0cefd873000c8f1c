"""The real thing: this project's environments and models, on small real movies."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jiwer
import pytest

from tests.conftest import BIN, REPOSITORY, Sandbox
from tests.e2e.desk import Desk
from tests.models import hub
from tests.models.hub import Behaviour

HERE = "tests/e2e/"  # as the names of tests begin
PARTS = ("config", "models", "requirements", "stages", "venv")
SAMPLE = REPOSITORY / "samples" / "two_cities.mp4"

REAL_HOME = os.environ.get("HOME", "/")
REAL_VARIABLES = dict(os.environ)  # as the test runner got them, with the machine's way to its packages


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def bootstrapped(spawning: None) -> None:
    """This project made ready, through the command that a person uses; nothing is done twice."""
    built()


@pytest.fixture
def studio(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with jobs of the test's own."""
    return project_in(tmp_path / "project")


def project_in(root: Path, *copied: str) -> Sandbox:
    """This project in a new folder; what is ``copied`` the test may change."""
    root.mkdir()
    for name in PARTS:
        if name in copied:
            shutil.copytree(REPOSITORY / name, root / name, symlinks=True)
        else:
            (root / name).symlink_to(REPOSITORY / name)
    return Sandbox(root)


def built(*names: str) -> None:
    """Make environments ready that the default workflows don't need; nothing is done twice."""
    command: list[str | Path] = [BIN / "bootstrap", "--root", REPOSITORY]
    named = [word for name in names for word in ("--env", name)]
    done = subprocess.run([*command, *named], env=REAL_VARIABLES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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


@pytest.fixture(scope="session")
def hub_client(spawning: None) -> None:
    built("model-hub")


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def desk(sandbox: Sandbox, behaviour: Behaviour, hub_client: None, tmp_path: Path) -> Iterator[Desk]:
    for part in ("config/environments/model-hub.yaml", "requirements/model-hub.txt", "requirements/model-hub.lock"):
        sandbox.write(part, (REPOSITORY / part).read_text())
    sandbox.write("config/environments/common.yaml", (REPOSITORY / "config/environments/common.yaml").read_text())
    sandbox.write("config/pipeline.yaml", f"paths: {{environments: {REPOSITORY / 'venv'}}}\n")
    with hub.serving(behaviour) as address:
        yield Desk(sandbox, address, tmp_path / "hf", REAL_VARIABLES)
