"""Environments built by the real installer from tiny wheels."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.envs import keys, uv
from pipeline.envs.build import Build, Fingerprint, Marker
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.keys import KeyInput
from pipeline.envs.registry import MARKER, Registry
from pipeline.progress import quiet
from tests.conftest import make_wheel, offline

Wheel = Callable[[str, str, str], str]
Make = Callable[..., Build]

KEY_INPUT = KeyInput(
    schema=1,
    lock="sha256:00",
    python="3.11.7",
    abi="cpython-311-x86_64-linux-gnu",
    platform="linux-x86_64",
    accelerator="any",
)


def marker_for(prefix: Path, key_input: KeyInput = KEY_INPUT) -> Marker:
    """The marker of an environment ``alpha`` without packages."""
    return Marker(
        name="alpha",
        key=keys.key_of(key_input),
        key_input=key_input,
        acceptance_criteria={"imports": [], "provides": {}},
        prefix=str(prefix),
        interpreter=(0, 0),
        files={},
        site_packages="lib",
        fingerprint=Fingerprint(folder=0, records={}),
    )


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Path:
    """The real uv, which sees only this test's wheels."""
    (tmp_path / "wheels").mkdir()
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return uv.find()


@pytest.fixture
def builder(tmp_path: Path, installer: Path) -> Builder:
    return Builder(Registry(tmp_path / "venv"), installer, tmp_path / "logs", time_limit=60)


@pytest.fixture
def definition(tmp_path: Path, installer: Path) -> Definition:
    """An environment with one package of one module, ``quirk``."""
    lock = tmp_path / "alpha.lock"
    lock.write_text(locked(make_wheel(tmp_path / "wheels", "quirk", "1.0", "VERSION = '1.0'\n")))
    return Definition("alpha", ">=3.11", lock, imports=("quirk",))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "venv")
    registry.builds.mkdir(parents=True)
    return registry


@pytest.fixture
def make(registry: Registry) -> Make:
    """A finished build of so many bytes, as the builder leaves it; ``live`` lets its name stand for it."""

    def make(name: str, number: int = 0, live: bool = True, size: int = 4096, age: float = 0) -> Build:
        prefix = registry.builds / f"{name}-{number:016x}.{number:08x}"
        prefix.mkdir()
        (prefix / "package").write_bytes(b"x" * size)
        key = f"sha256:{number:064x}"
        (prefix / MARKER).write_text(json.dumps({"name": name, "key": key}))
        if age:
            then = os.stat(prefix / MARKER).st_mtime - age
            os.utime(prefix / MARKER, (then, then))
        if live:
            registry.point(name, prefix)
        return Build(name, prefix, key, None)

    return make


def locked(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture
def build(builder: Builder, definition: Definition) -> Build:
    return builder.ensure(definition, quiet)


def other(definition: Definition, folder: Path, version: str) -> Definition:
    """The same environment, locked to another version."""
    lock = folder / f"alpha-{version}.lock"
    lock.write_text(locked(make_wheel(folder / "wheels", "quirk", version, f"VERSION = {version!r}\n")))
    return replace(definition, lock=lock)


@dataclass(frozen=True)
class Whole:
    """An environment with a module ``quirk``, which is also its program ``tool``; and a copy to put back."""

    builder: Builder
    definition: Definition
    build: Build
    copy: Path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "wheels").mkdir()
    lock = folder / "alpha.lock"
    lock.write_text(locked(make_wheel(folder / "wheels", "quirk", "1.0", "VERSION = '1.0'\n")))
    definition = Definition("alpha", ">=3.11", lock, imports=("quirk",), provides=(("tool", "quirk.py"),))
    builder = Builder(Registry(folder / "venv"), uv.find(), folder / "logs", time_limit=60)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in offline(folder).items():
            patch.setenv(name, value)
        build = builder.ensure(definition, quiet)
    return Whole(builder, definition, build, shutil.copytree(build.prefix, folder / "copy", symlinks=True))


@pytest.fixture
def to_damage(whole: Whole) -> Iterator[Whole]:
    """For tests that only damage what was built; it is put back after them, times and all, faster than it is built."""
    yield whole
    shutil.rmtree(whole.build.prefix)
    shutil.copytree(whole.copy, whole.build.prefix, symlinks=True)
