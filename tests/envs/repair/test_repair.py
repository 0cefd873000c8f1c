"""A damaged build is replaced by a whole one, although the installer's cache shares the damage."""

import base64
import hashlib
import os
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import PackageSources
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER, RETIRED
from pipeline.envs.repair.repair import repair
from pipeline.envs.verification import content as deep
from pipeline.envs.verification import health
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import make_wheel
from tests.envs.conftest import locked

GOOD = "VERSION = '1.0'\n"


def module(build: Build) -> Path:
    return build.site_packages / "quirk.py"


def mended(builder: Builder, definition: Definition, failed: Path, progress: Callable[[str], None]) -> Build:
    return repair(builder, definition, progress, failed).build


@pytest.fixture
def builder(builder: Builder) -> Builder:
    """One that saves disk: its builds share their files with uv's cache, and so their damage."""
    return replace(builder, sources=PackageSources(link_mode="hardlink"))


@pytest.fixture
def damaged(build: Build, tmp_path: Path) -> Build:
    """One file cut off, in the build and in uv's cache, which may be the same file."""
    for copy in [module(build), *(tmp_path / "uv-cache").rglob("quirk.py")]:
        os.truncate(copy, 3)
    return build


def test_a_repair_makes_a_whole_build_of_the_same_key_beside(
    builder: Builder, definition: Definition, damaged: Build
) -> None:
    steps: list[str] = []
    repaired = mended(builder, definition, damaged.prefix, steps.append)
    assert "forgetting the damaged quirk in uv's cache" in steps
    assert repaired.key == damaged.key
    assert repaired.prefix != damaged.prefix
    assert module(repaired).read_text() == GOOD
    assert health.problem(repaired) is None
    assert builder.registry.live("alpha") == repaired


def test_what_stages_run_in_stays_and_counts_no_more(builder: Builder, definition: Definition, damaged: Build) -> None:
    repaired = mended(builder, definition, damaged.prefix, quiet)
    assert module(damaged).read_text() == "VER"
    assert (damaged.prefix / RETIRED).is_file()
    assert not (damaged.prefix / MARKER).exists()
    assert {each.prefix for each in builder.registry.all_with_key("alpha", damaged.key)} == {repaired.prefix}
    again = builder.ensure(definition, quiet, force=True)  # which sweeps
    assert damaged.python.exists()
    assert builder.registry.live("alpha") == again


def test_the_cache_is_whole_afterwards_for_other_environments(
    builder: Builder, definition: Definition, damaged: Build
) -> None:
    mended(builder, definition, damaged.prefix, quiet)
    other = replace(definition, name="other")
    steps: list[str] = []
    assert module(builder.ensure(other, steps.append, force=True)).read_text() == GOOD
    assert "forgetting the damaged quirk in uv's cache" not in steps


def test_an_ordinary_build_does_not_take_damage_from_the_cache(
    builder: Builder, definition: Definition, damaged: Build
) -> None:
    assert module(builder.ensure(replace(definition, name="other"), quiet, force=True)).read_text() == GOOD


def test_damage_in_the_build_alone_leaves_the_cache_as_it_is(
    builder: Builder, definition: Definition, build: Build
) -> None:
    copy = module(build).with_suffix(".new")
    copy.write_text("VER")
    copy.replace(module(build))
    steps: list[str] = []
    repaired = mended(builder, definition, build.prefix, steps.append)
    assert module(repaired).read_text() == GOOD
    assert "forgetting the damaged quirk in uv's cache" not in steps


def test_threads_that_repair_one_build_get_one(builder: Builder, definition: Definition, damaged: Build) -> None:
    builds: list[Build] = []
    threads = [
        threading.Thread(target=lambda: builds.append(mended(builder, definition, damaged.prefix, quiet)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(builds) == 3
    assert len({build.prefix for build in builds}) == 1


def test_a_repair_that_fails_leaves_the_damaged_build_as_it_was(
    builder: Builder, definition: Definition, damaged: Build, tmp_path: Path
) -> None:
    for wheel in (tmp_path / "wheels").iterdir():
        wheel.unlink()
    before = sorted(path for path in builder.registry.builds.iterdir() if path.is_dir())
    with pytest.raises(NotReady, match="'alpha'"):
        mended(builder, definition, damaged.prefix, quiet)
    assert sorted(path for path in builder.registry.builds.iterdir() if path.is_dir()) == before
    assert builder.registry.live("alpha") == damaged


def test_an_installer_that_hangs_in_a_repair_is_ended_at_its_limit(
    builder: Builder, definition: Definition, damaged: Build, tmp_path: Path
) -> None:
    hanging = tmp_path / "uv"
    hanging.write_text("#!/bin/sh\nsleep 600\n")
    hanging.chmod(0o755)
    with pytest.raises(NotReady, match="took longer than"):
        mended(replace(builder, uv=hanging, time_limit=0.2), definition, damaged.prefix, quiet)
    assert builder.registry.live("alpha") == damaged


def test_a_package_whose_record_was_wrong_from_the_start_can_be_built_and_checked(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    lock = tmp_path / "odd.lock"
    lock.write_text(locked(wrongly_recorded(tmp_path / "wheels")))
    build = builder.ensure(replace(definition, name="odd", lock=lock, imports=("odd",)), quiet)
    folder = build.site_packages
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"EDITED = 1\n").digest()).decode().rstrip("=")
    assert build.own_marker.corrections == {"odd.py": f"sha256={digest}"}
    corrections = build.own_marker.corrections
    assert deep.damaged(folder, corrections) == []
    os.truncate(folder / "odd.py", 3)
    assert [str(each) for each in deep.damaged(folder, corrections)] == ["odd: odd.py has other content"]


def wrongly_recorded(folder: Path) -> Path:
    """A wheel whose module was edited after its RECORD was written, as some publishers do."""
    wheel = make_wheel(folder, "odd", "1.0", "VERSION = 1\n")
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["odd.py"] = b"EDITED = 1\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return wheel
