"""An environment of three packages: a library with a compiled part, a program, and one that shares a file with both."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.envs import uv
from pipeline.envs.building.build import Builder
from pipeline.envs.definition import Build, Definition
from pipeline.envs.registry import Registry
from pipeline.telling import quiet
from tests.conftest import offline
from tests.envs.conftest import locked, wheel_of

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
    return build.prefix / str(build.record["site_packages"])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Bench:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    lock = tmp_path / "alpha.lock"
    lock.write_text("".join(locked(wheel) for wheel in packages(wheels)))
    definition = Definition(name="alpha", python=">=3.11", lock=lock, imports=("library", "program", "third"))
    builder = Builder(Registry(tmp_path / "venv"), uv.find(), tmp_path / "logs", time_limit=60)
    return Bench(builder, definition, builder.ensure(definition, quiet), tmp_path)


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
