"""Edit files: written for people and for git, and read with care."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import InputError
from pipeline.jobs import edit_file
from pipeline.jobs.job import PlannedJob
from tests.jobs.helpers import stored

CUE = {"start": 1.0, "end": 3.0, "text": "Über\nalles"}
ENTRY: dict[str, Any] = {"track": "en", "who": "Ann", "at": "2026-11-29T10:00:00.000Z", "before": [CUE], "after": []}


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    return stored(tmp_path / "jobs")


def test_what_was_written_is_read(job: PlannedJob, tmp_path: Path) -> None:
    file = tmp_path / "film.edits.yaml"
    file.write_bytes(edit_file.text(job, [ENTRY, {**ENTRY, "track": "de"}]))
    assert edit_file.read(file, job) == {"en": [ENTRY], "de": [{**ENTRY, "track": "de"}]}
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    at = lines.index("Über")
    assert lines[at + 1] == "alles"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"edits": "none"},
        {"film": {"name": "other.mp4", "digest": "sha256:00"}},
        {"film": None},
        {"edits": [{**ENTRY, "who": ""}]},
        {"edits": [{**ENTRY, "before": [{**CUE, "start": 4.0}]}]},
        {"edits": [{**ENTRY, "after": [{"text": "x"}]}]},
        {"edits": ["x"]},
    ],
)
def test_anything_else_is_refused(job: PlannedJob, tmp_path: Path, change: dict[str, Any]) -> None:
    file = tmp_path / "film.edits.yaml"
    content = {**yaml.safe_load(edit_file.text(job, [ENTRY])), **change}
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError):
        edit_file.read(file, job)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"- 1\n"])
def test_what_is_no_yaml_of_ours_is_refused(job: PlannedJob, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "film.edits.yaml"
    file.write_bytes(data)
    with pytest.raises(InputError):
        edit_file.read(file, job)
