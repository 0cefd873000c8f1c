"""What each tier sees, and that the deeper one sees all that the other does."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.verification import file_check, manifest
from pipeline.values import replace
from tests.envs.conftest import Whole


@pytest.fixture
def build(to_damage: Whole) -> Build:
    return to_damage.build


def packages(build: Build) -> Path:
    return build.site_packages


def test_what_was_built_is_clean_for_both(build: Build) -> None:
    assert file_check.quick(build).is_clean
    assert file_check.thorough(build).is_clean


def cut(build: Build) -> None:
    os.truncate(packages(build) / "quirk.py", 3)


def touch(build: Build) -> None:
    os.utime(packages(build) / "quirk.py", ns=(0, 0))


def remove_bytecode(build: Build) -> None:
    shutil.rmtree(packages(build) / "__pycache__")


def add(build: Build) -> None:
    (packages(build) / "json.py").touch()


def add_outside(build: Build) -> None:
    (build.prefix / "bin/pip").touch()


def leave(build: Build) -> None:
    (packages(build) / "~uirk-0.9.dist-info").mkdir()
    (packages(build) / "-uirk").mkdir()


def uninstall(build: Build) -> None:
    (packages(build) / "quirk.py").unlink()
    shutil.rmtree(packages(build) / "quirk-1.0.dist-info")


def turn_link(build: Build) -> None:
    (build.prefix / "lib64").unlink()
    (build.prefix / "lib64").symlink_to("/nowhere")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut, ["quirk: quirk.py has 3 bytes instead of 16"]),
        (touch, ["quirk: quirk.py was written after the build"]),
        (add, ["lib/python3.11/site-packages/json.py was added"]),
        (add_outside, ["bin/pip was added"]),
        (leave, ["-uirk was left by", "~uirk-0.9.dist-info was left by"]),
        (uninstall, ["quirk is gone"]),
        (turn_link, ["lib64 leads elsewhere"]),
    ],
)
def test_both_tiers_say_the_same_of_what_sizes_and_times_show(
    build: Build, harm: Callable[[Build], None], words: list[str]
) -> None:
    harm(build)
    quick, thorough = file_check.quick(build), file_check.thorough(build)
    version = f"python3.{build.python_version.split('.')[1]}"
    for found, expected in zip(quick.problems, words, strict=True):
        assert found.startswith(expected.replace("python3.11", version))
    assert thorough.problems == quick.problems
    assert thorough.agrees_with(quick)


def test_missing_bytecode_is_named_with_its_package_and_installs_nothing(build: Build) -> None:
    remove_bytecode(build)
    look = file_check.quick(build)
    assert {each.package for each in look.damaged} >= {"quirk"}
    assert look.to_reinstall == frozenset()
    assert not look.is_clean


def test_a_changed_byte_is_seen_by_the_deeper_tier_alone_in_bytecode_and_records_too(build: Build) -> None:
    for file in [*(packages(build) / "__pycache__").glob("quirk.*"), packages(build) / "quirk-1.0.dist-info/RECORD"]:
        status, data = file.stat(), file.read_bytes()
        file.write_bytes(data[:-2] + bytes([data[-2] ^ 1, data[-1]]))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert file_check.quick(build).is_clean
        assert {each.package for each in file_check.thorough(build).damaged} == {"quirk"}
        file.write_bytes(data)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file_check.thorough(build).is_clean


def test_what_a_use_by_hand_leaves_in_a_cache_is_nothing(build: Build) -> None:
    (packages(build) / "__pycache__/quirk.cpython-311.opt-1.pyc").touch()
    assert file_check.thorough(build).is_clean


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_a_list_that_is_gone_or_edited_is_not_believed(build: Build, content: bytes | None) -> None:
    file = build.prefix / manifest.NAME
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert len(file_check.quick(build).problems) == 1
    assert not file_check.thorough(build).is_listed


def test_a_build_from_before_there_were_lists_says_so(build: Build) -> None:
    unlisted = replace(build.own_marker, manifest=None)
    assert not file_check.quick(replace(build, marker=unlisted)).is_listed


def test_names_of_any_kind_are_listed_and_compared(build: Build, tmp_path: Path) -> None:
    names = ["a b.py", "é.txt", "new\nline", os.fsdecode(b"\xff")]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    digest = manifest.write(tmp_path, tmp_path, {})
    folders = manifest.read(tmp_path, digest)
    assert folders is not None
    assert set(folders[""]) == set(names)
