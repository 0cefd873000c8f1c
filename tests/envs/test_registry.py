"""Which build a name stands for, whatever is in the folder."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import values
from pipeline.envs import keys
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.keys import KeyInput
from pipeline.envs.registry import MARKER, Registry
from pipeline.values import plain
from tests.envs.conftest import KEY_INPUT, marker_for

KEY = keys.key_of(KEY_INPUT)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "venv")
    registry.builds.mkdir(parents=True)
    return registry


def finish(registry: Registry, folder: str, key_input: KeyInput = KEY_INPUT, /, **changes: Any) -> Path:
    """A folder with a ready marker, as if it had been built. ``changes``: fields of the marker's JSON."""
    prefix = registry.builds / folder
    prefix.mkdir()
    marker = marker_for(prefix, key_input)
    (prefix / MARKER).write_text(json.dumps({**plain(marker), **changes}))
    return prefix


def place(name: str, key: str, end: str) -> str:
    return f"{name}-{key.removeprefix('sha256:')[:16]}.{end}"


def test_a_name_that_was_never_built_stands_for_nothing(registry: Registry, tmp_path: Path) -> None:
    assert registry.live("alpha") is None
    assert Registry(tmp_path / "nowhere").live("alpha") is None
    assert Registry(tmp_path / "nowhere").with_key("alpha", KEY) is None


def test_what_was_resolved_stays_when_the_pointer_moves(registry: Registry) -> None:
    first, second = (finish(registry, place("alpha", KEY, end)) for end in ("00000001", "00000002"))
    registry.point("alpha", first)
    resolved = registry.live("alpha")
    registry.point("alpha", second)
    assert resolved is not None
    assert resolved.prefix == first
    assert {path.name for path in registry.root.iterdir()} == {".builds", "alpha"}
    assert os.path.realpath(registry.pointer("alpha")) == str(second)


def test_the_pointer_is_relative_and_right_also_where_the_root_is_a_link(registry: Registry, tmp_path: Path) -> None:
    prefix = finish(registry, place("alpha", KEY, "00000001"))
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/venv").symlink_to(registry.root)
    Registry(tmp_path / "deep/er/venv").point("alpha", prefix)
    assert str(registry.pointer("alpha").readlink()) == f".builds/{prefix.name}"
    assert registry.live("alpha") is not None


def test_a_pointer_that_a_killed_process_was_making_is_cleared_away(registry: Registry) -> None:
    (registry.root / f".alpha.{os.getpid()}.pointer").symlink_to("nowhere")
    (registry.root / ".alpha.1.pointer").symlink_to("nowhere")
    registry.point("alpha", finish(registry, place("alpha", KEY, "00000001")))
    assert {path.name for path in registry.root.iterdir()} == {".builds", "alpha"}


def test_an_older_build_is_found_by_its_key(registry: Registry) -> None:
    older = finish(registry, place("alpha", KEY, "00000001"))
    newer_input = values.replace(KEY_INPUT, lock="sha256:11")
    registry.point("alpha", finish(registry, place("alpha", keys.key_of(newer_input), "0"), newer_input))
    found = registry.with_key("alpha", KEY)
    assert found is not None
    assert found.prefix == older


def test_the_live_build_comes_before_an_older_one_of_the_same_key(registry: Registry) -> None:
    finish(registry, place("alpha", KEY, "00000001"))
    live = finish(registry, place("alpha", KEY, "ffffffff"))
    registry.point("alpha", live)
    found = registry.with_key("alpha", KEY)
    assert found is not None
    assert found.prefix == live


def test_equal_beginnings_of_keys_do_not_make_keys_equal(registry: Registry) -> None:
    finish(registry, place("alpha", KEY, "00000001"))
    assert registry.with_key("alpha", KEY[:-1] + ("0" if KEY[-1] != "0" else "1")) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"key": "sha256:00"}',
        b'{"key": null, "key_input": null}',
    ],
)
def test_a_marker_that_we_did_not_write_is_none(registry: Registry, tmp_path: Path, content: bytes) -> None:
    prefix = finish(registry, place("alpha", KEY, "00000001"))
    (prefix / MARKER).write_bytes(content)
    registry.point("alpha", prefix)
    assert registry.live("alpha") is None
    assert registry.with_key("alpha", KEY) is None
    assert registry.problem(Definition("alpha", "", tmp_path / "alpha.lock")) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "sha256:" + "0" * 64},
        {"key_input": {**plain(KEY_INPUT), "lock": "sha256:edited"}},
        {"key_input": {"lock": "sha256:00"}},
        {"files": []},
        {"files": {"pyvenv.cfg": "here"}},
        {"site_packages": 5},
        {"interpreter": [0]},
        {"fingerprint": {"folder": 0}},
        {"promises": None},
    ],
)
def test_a_marker_that_was_edited_is_none(registry: Registry, changes: dict[str, Any]) -> None:
    registry.point("alpha", finish(registry, place("alpha", KEY, "00000001"), **changes))
    assert registry.live("alpha") is None


def test_a_pointer_into_the_void_or_around_in_a_circle_stands_for_nothing(registry: Registry) -> None:
    registry.pointer("alpha").symlink_to("nowhere")
    registry.pointer("beta").symlink_to("beta")
    assert registry.live("alpha") is None
    assert registry.live("beta") is None


def test_a_changed_lock_is_told_before_anything_else(registry: Registry, tmp_path: Path) -> None:
    registry.point("alpha", finish(registry, place("alpha", KEY, "00000001")))
    (tmp_path / "alpha.lock").write_text("other")
    problem = registry.problem(Definition("alpha", "", tmp_path / "alpha.lock"))
    assert "alpha.lock" in str(problem)


@pytest.mark.parametrize(("variant", "wanted"), [("cu128", "any"), ("", "cu128")])
def test_a_build_for_other_hardware_is_told_by_that_and_not_by_its_lock(
    registry: Registry, tmp_path: Path, variant: str, wanted: str
) -> None:
    built = values.replace(KEY_INPUT, accelerator=variant or "any")
    registry.point("alpha", finish(registry, place("alpha", KEY, "00000001"), built))
    (tmp_path / "alpha.lock").write_text("other")
    problem = registry.problem(
        Definition("alpha", "", tmp_path / "alpha.lock", variant="" if wanted == "any" else wanted)
    )
    assert re.search(rf"\b{variant or 'any'}\b.*\b{wanted}\b", str(problem))


def test_an_interpreter_out_of_the_range_is_told(build: Build, definition: Definition, tmp_path: Path) -> None:
    problem = Registry(tmp_path / "venv").problem(replace(definition, python="<3.0"))
    assert f"Python {build.python_version}" in str(problem)
    assert "<3.0" in str(problem)


def test_another_folder_in_the_pointer_s_place_is_a_problem(registry: Registry) -> None:
    assert registry.place_problem("alpha") is None
    registry.pointer("alpha").mkdir()
    assert str(registry.pointer("alpha")) in str(registry.place_problem("alpha"))
