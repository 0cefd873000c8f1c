from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.snapshots.words import Compare, Play, Words, compare


@pytest.fixture
def same_words(request: pytest.FixtureRequest) -> Compare:
    """Holds words against the snapshot of a name, or writes it again where ``--rewrite`` was given."""
    rewrite: bool = request.config.getoption("--rewrite")
    return lambda name, words: compare(name, words.text, rewrite)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Scenes that start no process."""
    return Play(Words(), tmp_path, None)


@pytest.fixture
def play_ready(tmp_path: Path, built: Sandbox) -> Play:
    """Scenes some of which need environments that are built."""
    play = Play(Words(), tmp_path, built.root / "venv")
    play.words.folders[str(built.root)] = "PROJECT"
    return play
