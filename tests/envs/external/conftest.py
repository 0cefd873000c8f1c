"""Environments that aren't ours: made once with the real installer, and copied for each test."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.external.inspection_cache import InspectionCache
from tests.conftest import make_wheel, offline

Heard = list[str]


def make_venv(prefix: Path, folder: Path, version: str = "1.0") -> Path:
    """A virtual environment with the package ``quirk``, from a wheel in ``folder``."""
    (folder / "wheels").mkdir(exist_ok=True)
    make_wheel(folder / "wheels", "quirk", version, f"VERSION = {version!r}\n")
    install(prefix, folder, "venv", "--no-project", "--python", sys.executable, str(prefix))
    install(prefix, folder, "pip", "install", "--python", str(prefix / "bin/python"), f"quirk=={version}")
    return prefix


def install(prefix: Path, folder: Path, *words: str) -> None:
    variables = {**os.environ, **offline(folder), "UV_LINK_MODE": "copy"}
    subprocess.run([uv.find(), *words], env=variables, check=True, capture_output=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    return make_venv(folder / "template", folder)


@pytest.fixture
def venv(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "old", symlinks=True)


@pytest.fixture
def conda(template: Path, tmp_path: Path) -> Path:
    """A prefix as conda makes it: an interpreter of its own, whose library lies beside it, and no pyvenv.cfg."""
    if "deb_system" in sysconfig.get_scheme_names():
        pytest.skip("Debian's Python looks for packages elsewhere than conda's")
    prefix = tmp_path / "miniconda"
    library = prefix / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (prefix / "bin").mkdir(parents=True)
    library.mkdir(parents=True)
    shutil.copy(os.path.realpath(sys.executable), prefix / "bin" / "python")
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name != "site-packages":
            (library / entry.name).symlink_to(entry)
    shutil.copytree(site_packages(template), library / "site-packages")
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "quirk-1.0-0.json").write_text("{}")
    return prefix


def site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3*/site-packages"))


@pytest.fixture
def cache(tmp_path: Path) -> InspectionCache:
    return InspectionCache(tmp_path / "cache" / "adopted")


@pytest.fixture
def heard() -> Heard:
    return []


@pytest.fixture
def wanted(tmp_path: Path) -> Callable[..., Definition]:
    def definition(**changes: object) -> Definition:
        fields = {
            "name": "alpha",
            "python": ">=3.11",
            "lock": tmp_path / "alpha.lock",
            "imports": ("quirk",),
            **changes,
        }
        return Definition(**fields)  # type: ignore[arg-type]

    return definition
