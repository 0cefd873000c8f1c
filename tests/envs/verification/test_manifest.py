"""The list never takes a file's word for itself: a digest in it is of what was held against a ``RECORD``."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.digests import sha256_of_bytes
from pipeline.envs.build import Build
from pipeline.envs.verification import content, file_check, manifest
from pipeline.envs.verification.comparison import ExpectedFile
from pipeline.envs.verification.file_digests import FAST, Reader
from pipeline.values import replace
from tests.envs.conftest import Whole


@pytest.fixture
def build(to_damage: Whole) -> Build:
    return to_damage.build


def packages(build: Build) -> Path:
    return build.site_packages


def alter(file: Path) -> None:
    """One bit, with size and time as they were."""
    status, data = file.stat(), file.read_bytes()
    file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def listed(build: Build, known: Mapping[str, manifest.Entry]) -> Build:
    """The build with a list that is made now."""
    return relisted(build, manifest.write(build.prefix, packages(build), known))


def relisted(build: Build, digest: str) -> Build:
    return replace(build, marker=replace(build.own_marker, manifest=digest))


def folders_of(build: Build) -> manifest.Folders:
    folders = manifest.read(build.prefix, build.own_marker.manifest)
    assert folders is not None
    return folders


def read(build: Build) -> dict[str, manifest.Entry]:
    return manifest.entries(build.own_marker.site_packages, content.read_all(packages(build)).contents)


def with_old_list(build: Build) -> Build:
    """As it was built when lists had SHA-256, and only of what no ``RECORD`` vouches for."""
    inside = build.own_marker.site_packages
    recorded = {f"{inside}/{each.file}" for each in content.recorded(packages(build) / "quirk-1.0.dist-info")}
    folders: dict[str, dict[str, Any]] = {}
    for folder, names in folders_of(build).items():
        for name, entry in names.items():
            path = f"{folder}/{name}" if folder else name
            is_digested = len(entry) > 1 and path not in recorded
            digests = Reader().read(f"{build.prefix}/{path}", ("sha256",)).digests if is_digested else {}
            folders.setdefault(folder, {})[name] = [*entry[:2], *digests.values()]
    data = json.dumps({"schema": 1, "folders": folders}).encode()
    (build.prefix / manifest.NAME).write_bytes(data)
    return relisted(build, sha256_of_bytes(data))


def test_every_file_of_a_build_is_listed_with_a_fast_digest(build: Build) -> None:
    entries = {
        name: entry[2:] for names in folders_of(build).values() for name, entry in names.items() if len(entry) > 1
    }
    assert [name for name, digests in entries.items() if not str(digests).startswith(f"['{FAST}=")] == []


def test_what_changes_between_its_reading_and_the_list_is_seen(build: Build) -> None:
    known = read(build)
    alter(packages(build) / "quirk.py")
    (problem,) = file_check.thorough(listed(build, known)).problems
    assert problem.startswith("quirk: quirk.py ")


def test_what_is_written_again_before_the_list_is_left_to_its_record(build: Build) -> None:
    known = read(build)
    (packages(build) / "quirk.py").write_text("VERSION = 9\n")
    again = listed(build, known)
    assert len(folders_of(again)[build.own_marker.site_packages]["quirk.py"]) == 2
    (problem,) = file_check.thorough(again).problems
    assert re.match(r"quirk: quirk\.py .*12 .*16", problem)


def test_a_record_that_was_edited_together_with_its_file_hides_nothing(build: Build) -> None:
    file, record = packages(build) / "quirk.py", packages(build) / "quirk-1.0.dist-info/RECORD"
    before = Reader().read(str(file), ("sha256",)).digests["sha256"]
    alter(file)
    status = record.stat()
    after = Reader().read(str(file), ("sha256",)).digests["sha256"]
    record.write_text(record.read_text().replace(before, after))
    os.utime(record, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file_check.quick(build).is_clean
    assert {each.file for each in file_check.thorough(build).damaged} == {"quirk.py", "quirk-1.0.dist-info/RECORD"}


def test_a_file_that_only_a_record_knows_is_held_against_that(build: Build, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("text")
    name = os.path.relpath(outside, packages(build))
    digest = Reader().read(str(outside), ("sha256",)).digests["sha256"]
    with (packages(build) / "quirk-1.0.dist-info/RECORD").open("a") as record:
        record.write(f"{name},{digest},4\n")
    again = listed(build, read(build))
    alter(outside)
    assert [each.file for each in file_check.thorough(again).damaged] == [name]


def test_what_is_listed_is_not_asked_of_a_record_as_well(build: Build) -> None:
    alter(packages(build) / "quirk.py")
    digest = Reader().read(str(packages(build) / "quirk.py"), (FAST,)).digests[FAST]
    assert content.damaged(packages(build), None, [ExpectedFile("", "quirk.py", digest, None)]) == []


def test_a_list_from_before_there_were_fast_digests_still_serves(build: Build) -> None:
    old = with_old_list(build)
    assert file_check.quick(old).is_clean
    assert file_check.thorough(old).is_clean
    (bytecode,) = (packages(build) / "__pycache__").glob("quirk.*")
    for file in (packages(build) / "quirk.py", packages(build) / "quirk-1.0.dist-info/RECORD", bytecode):
        status, data = file.stat(), file.read_bytes()
        alter(file)
        assert {each.package for each in file_check.thorough(old).damaged} == {"quirk"}
        file.write_bytes(data)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_list_of_a_form_that_is_not_known_is_none(build: Build) -> None:
    data = json.dumps({"schema": 9, "folders": {}}).encode()
    (build.prefix / manifest.NAME).write_bytes(data)
    assert manifest.read(build.prefix, sha256_of_bytes(data)) is None
