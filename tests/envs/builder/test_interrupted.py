"""A build that is killed at any step, or finds no room: nothing half-built is used, and the next one ends well."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER, Registry
from pipeline.envs.verification import health, probes
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import build_folders
from tests.crash.harness import KILLED, every, in_child, require_alone
from tests.crash.steps import First, Nth, Steps


def walk(builder: Builder, definition: Definition) -> list[str]:
    """The steps of an undisturbed build, in order."""
    root = builder.registry.root.parent
    steps, told = Steps(root), root / "labels"

    def act() -> None:
        steps.watch()
        builder.ensure(definition, quiet, force=True)
        told.write_text("\n".join(steps.labels))

    assert in_child(act) == 0
    return told.read_text().splitlines()


def killed_and_built_again(builder: Builder, definition: Definition, steps: Steps, where: str) -> bool:
    """Whether there was such a step; what is there afterwards is whole."""
    before = builder.registry.live("alpha")

    def act() -> None:
        steps.watch()
        builder.ensure(definition, quiet, force=True)

    died = in_child(act) == KILLED
    require_alone()
    live = builder.registry.live("alpha")
    if live is not None:
        assert health.problem(live) is None, where
        assert before is None or live == before or (live.prefix / MARKER).is_file(), where
    build = builder.ensure(definition, quiet)
    assert health.problem(build) is None, where
    again = builder.ensure(definition, quiet, force=True)  # which sweeps
    unfinished = [each for each in build_folders(builder.registry.builds) if not (each / MARKER).is_file()]
    assert unfinished == [], where
    assert builder.registry.live("alpha") == again, where
    assert not list(builder.registry.root.glob(".alpha.*.pointer")), where
    return died


@pytest.fixture
def walked(builder: Builder, definition: Definition) -> list[str]:
    builder.ensure(definition, quiet)
    return list(every(walk(builder, definition)))


def test_a_build_that_was_killed_leaves_what_was_there_and_the_next_one_ends_well(
    builder: Builder, definition: Definition, walked: list[str]
) -> None:
    """At three places of different kinds; the exhaustive part has been to all."""
    kinds = {label.split(" in ")[0]: label for label in walked}
    assert {"subprocess.Popen", "os.rename"} <= kinds.keys()
    for kind in ("subprocess.Popen", "os.rename", "fsync"):
        if kind in kinds:
            steps = Steps(builder.registry.root.parent, First(kinds[kind]))
            killed_and_built_again(builder, definition, steps, kinds[kind])


@pytest.mark.exhaustive
def test_a_build_that_was_killed_at_any_step(builder: Builder, definition: Definition) -> None:
    builder.ensure(definition, quiet)
    count = len(walk(builder, definition))
    died = [
        killed_and_built_again(
            builder, definition, Steps(builder.registry.root.parent, Nth(number)), f"step {number} of {count}"
        )
        for number in range(1, count + 1)
    ]
    assert sum(died) > count // 2


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a disk here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("size", ["8k", "64k"])
def test_a_disk_without_room_is_told_and_nothing_is_left_on_it(
    builder: Builder, definition: Definition, tmp_path: Path, size: str
) -> None:
    with small_disk(tmp_path / "small", size):
        with pytest.raises((NotReady, OSError)) as refused:
            replace(builder, registry=Registry(tmp_path / "small/venv")).ensure(definition, quiet)
        assert "No space left on device" in str(refused.value)
        builds = tmp_path / "small/venv/.builds"
        assert [path for path in builds.glob("*") if path.is_dir()] == []


def test_the_rights_of_a_build_follow_its_folder(
    builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.registry.builds.mkdir(parents=True)
    builder.registry.builds.chmod(0o2775)
    before = os.umask(0o077)
    try:
        build = builder.ensure(definition, quiet)
    finally:
        os.umask(before)
    packages = build.site_packages
    for path, mode in (
        (build.prefix, 0o775),
        (packages, 0o775),
        (packages / "quirk.py", 0o664),
        (build.prefix / MARKER, 0o664),
        (builder.registry.builds / "alpha.lock", 0o664),
    ):
        assert path.stat().st_mode & 0o777 == mode, path


def test_nothing_is_written_into_an_environment_after_its_build(builder: Builder, definition: Definition) -> None:
    build = builder.ensure(definition, quiet)
    before = tree(build.prefix)
    assert probes.first_problem(definition, probes.ProbeEnvironment(build.python, build.prefix, {})) is None
    assert health.problem(build) is None
    assert tree(build.prefix) == before


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")
    }


def test_a_link_in_a_wheel_does_not_become_one(builder: Builder, definition: Definition, tmp_path: Path) -> None:
    """uv writes it as a file; a link that something else left is found by the check (see ``links``)."""
    build = builder.ensure(definition, quiet)
    from pipeline.envs.builder import proof

    (build.prefix / "outside").symlink_to("/etc/hostname")
    with pytest.raises(NotReady, match=r"outside.*/etc/hostname"):
        proof.refuse_links(definition, build.prefix)


def test_the_log_of_a_failure_is_kept_when_the_next_build_succeeds(builder: Builder, definition: Definition) -> None:
    good = definition.locked.read_text()
    definition.locked.write_text(f"quirk==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(NotReady):
        builder.ensure(definition, quiet)
    definition.locked.write_text(good)
    builder.ensure(definition, quiet)
    assert "Hash mismatch" in (builder.logs / "alpha.1.log").read_text()
    assert "Installed 1 package" in (builder.logs / "alpha.log").read_text()
