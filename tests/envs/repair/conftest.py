"""An environment of three packages: a library with a compiled part, a program, and one that shares a file with both."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.envs import uv
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.progress import quiet
from tests.conftest import offline, wheel_of
from tests.envs.conftest import locked

NATIVE = bytes(range(256)) * 64  # like the bytes of a compiled module


@dataclass(frozen=True)
class Bench:
    builder: Builder
    definition: Definition
    build: Build
    folder: Path

    @property
    def site_packages(self) -> Path:
        return packages_of(self.build)


def packages_of(build: Build) -> Path:
    return build.site_packages


@pytest.fixture(scope="session")
def built_bench(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> tuple[Bench, Path]:
    """One that is built once, and a copy of its folder."""
    folder = tmp_path_factory.mktemp("bench") / "folder"
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lock = folder / "alpha.lock"
    lock.write_text("".join(locked(wheel) for wheel in packages(wheels)))
    definition = Definition(name="alpha", python=">=3.11", lock=lock, imports=("library", "program", "third"))
    builder = Builder(Registry(folder / "venv"), uv.find(), folder / "logs", time_limit=60)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in offline(folder).items():
            patch.setenv(name, value)
        build = builder.ensure(definition, quiet)
    return Bench(builder, definition, build, folder), shutil.copytree(folder, folder.with_name("copy"), symlinks=True)


@pytest.fixture
def bench(built_bench: tuple[Bench, Path], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """As it was built, times and all, whatever the tests before have made of it."""
    bench, copy = built_bench
    for name, value in offline(bench.folder).items():
        monkeypatch.setenv(name, value)
    shutil.rmtree(bench.folder)
    shutil.copytree(copy, bench.folder, symlinks=True)
    return bench


def packages(folder: Path) -> list[Path]:
    shared = {"shared/common.py": b"SHARED = 1\n"}
    return [
        wheel_of(
            folder,
            "library",
            {
                "library/__init__.py": b"from library import part\n",
                "library/part.py": b"PART = 1\n",
                "library/native.so": NATIVE,
                **shared,
            },
        ),
        wheel_of(
            folder,
            "program",
            {
                "program.py": b"def main() -> None:\n    print('it runs')\n",
                "program-1.0.dist-info/entry_points.txt": b"[console_scripts]\nit = program:main\n",
            },
        ),
        wheel_of(folder, "third", {"third.py": b"THIRD = 3\n", "a, b/été.txt": b"x", **shared}),
    ]


def overwrite(path: Path, data: bytes) -> None:
    """As a bad disk or a careless program would, in place and with the time as it was."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
