"""The sdist and the wheel: the same bytes wherever a commit is built, and nothing that git doesn't know."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SHIPPED = "pipeline/shipped"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    return cloned(tmp_path_factory.mktemp("checkout") / "first")


@pytest.fixture(scope="module")
def distributions(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return built(checkout, tmp_path_factory.mktemp("distributions"))


def cloned(folder: Path) -> Path:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this isn't a checkout")
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{REPOSITORY}", folder], check=True)
    return folder


def built(source: Path, target: Path, *kinds: str, umask: int = 0o022) -> dict[str, Path]:
    """By suffix: ``.whl`` and ``.gz``."""
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "--directory", target, *kinds]
    subprocess.run(command, cwd=source, check=True, capture_output=True, umask=umask)
    return {file.suffix: file for file in target.iterdir()}


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if "dist-info" not in name}


def test_a_commit_gives_the_same_bytes_elsewhere_and_later(
    checkout: Path, distributions: dict[str, Path], tmp_path: Path
) -> None:
    other = cloned(tmp_path / "ün other place")
    for number, path in enumerate(other.rglob("*")):
        if ".git" not in path.parts:
            os.utime(path, (number * 1000, number * 1000), follow_symlinks=False)
            path.chmod(0o700 if path.is_dir() else 0o600)
    again = built(other, tmp_path / "built", umask=0o077)
    assert {kind: file.read_bytes() for kind, file in again.items()} == {
        kind: file.read_bytes() for kind, file in distributions.items()
    }


def test_the_sdist_gives_the_same_wheel(distributions: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(distributions[".gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    again = built(unpacked, tmp_path / "built", "--target", "wheel")
    assert again[".whl"].read_bytes() == distributions[".whl"].read_bytes()


def test_only_what_git_knows_is_in_them(checkout: Path, distributions: dict[str, Path], tmp_path: Path) -> None:
    strays = ("stages/mine.py", "config/hardware_cache.json", "stages/__pycache__/asr.pyc", "pipeline/mine.py")
    for stray in strays:
        (checkout / stray).parent.mkdir(exist_ok=True)
        (checkout / stray).write_text("mine = True\n")
    try:
        again = built(checkout, tmp_path / "built")
    finally:
        for stray in strays:
            (checkout / stray).unlink()
    assert again[".whl"].read_bytes() == distributions[".whl"].read_bytes()
    assert again[".gz"].read_bytes() == distributions[".gz"].read_bytes()


def test_the_wheel_has_what_a_project_uses_by_name(checkout: Path, distributions: dict[str, Path]) -> None:
    names = in_wheel(distributions[".whl"])
    there = [
        "pipeline/py.typed",
        "pipeline/sdk/run_stage.py",
        "pipeline/schemas/stage.json",
        *(f"{SHIPPED}/config/{name}" for name in ("engines.yaml", "models.yaml", "model-catalogue.yaml")),
        *(f"{SHIPPED}/{path.relative_to(checkout)}" for path in (checkout / "config/environments").iterdir()),
        *(f"{SHIPPED}/{path.relative_to(checkout)}" for path in (checkout / "config/workflows").iterdir()),
        *(f"{SHIPPED}/{path.relative_to(checkout)}" for path in (checkout / "stages").rglob("*.py")),
        f"{SHIPPED}/requirements/whisper.lock",
    ]
    assert [name for name in there if name not in names] == []


def test_the_wheel_has_nothing_of_the_checkout_as_a_project(distributions: dict[str, Path]) -> None:
    names = in_wheel(distributions[".whl"])
    own = {f"{SHIPPED}/config/pipeline.yaml", f"{SHIPPED}/requirements/dev.lock"}
    assert not names & own
    assert {name.split("/", 1)[0] for name in names} == {"pipeline"}
