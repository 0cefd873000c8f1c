"""Peaks of a job's sound: those that demux made, or made once for all jobs that have the same sound."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.digests import content_digest
from pipeline.errors import InputError, UsageError
from pipeline.films import waveform
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.records import OutputRecord
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, a_stage, record, stored


def job_with(sandbox: Sandbox, **contents: bytes) -> PlannedJob:
    names = {"audio": "audio.wav", "peaks": "peaks.bin"}
    declared = {name: names[name] for name in contents} or {"audio": "audio.wav"}
    made = stored(
        sandbox.root / "jobs",
        stages=(a_stage("demux", uses="demux", outputs=declared),),
        deliver=("demux.audio",),
        stage_environments={"demux": "alpha"},
    )
    folder = made.attempts("demux") / "1" / "outputs"
    folder.mkdir(parents=True)
    outputs = {}
    for name, data in contents.items():
        path = folder / names[name]
        path.write_bytes(data)
        outputs[name] = OutputRecord(path.name, len(data), path.stat().st_mtime_ns, content_digest(path))
    if contents:
        record(made, StageStarted("demux", 1, DIGEST), StageFinished("demux", 1, DIGEST, 0.5, outputs))
    return load(made.folder)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Stands for the stage; the list grows with each run."""
    found: list[str] = []

    @contextmanager
    def run(_: Any, name: str, inputs: Mapping[str, list[Path]], *__: Any) -> Iterator[dict[str, Path]]:
        ((file,),) = inputs.values()
        found.append(json.dumps([name, file.name]))
        path = tmp_path / "made.bin"
        path.write_bytes(file.read_bytes()[:4])
        yield {"peaks": path}

    monkeypatch.setattr(single_stage, "run", run)
    return found


def test_those_that_demux_made_are_taken(sandbox: Sandbox, runs: list[str]) -> None:
    made = waveform.peaks_of(ProjectFolder(sandbox.root), job_with(sandbox, audio=b"sound", peaks=b"drawn"))
    assert made.path.read_bytes() == b"drawn"
    assert runs == []


def test_for_a_job_without_them_they_are_made_once(sandbox: Sandbox, runs: list[str]) -> None:
    project = ProjectFolder(sandbox.root)
    first = waveform.peaks_of(project, job_with(sandbox, audio=b"sound"))
    again = waveform.peaks_of(project, job_with(sandbox, audio=b"sound"))
    assert (first.path.read_bytes(), again) == (b"soun", first)
    assert waveform.peaks_of(project, job_with(sandbox, audio=b"other")).digest != first.digest
    assert runs == ['["sound_peaks", "audio.wav"]'] * 2


def test_old_ones_make_room(sandbox: Sandbox, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    project = ProjectFolder(sandbox.root)
    monkeypatch.setattr(waveform, "MOST_BYTES", 4)
    monkeypatch.setattr(waveform, "YOUNG_SECONDS", 0)
    first = waveform.peaks_of(project, job_with(sandbox, audio=b"sound"))
    second = waveform.peaks_of(project, job_with(sandbox, audio=b"other"))
    assert [first.path.exists(), second.path.exists()] == [False, True]


def test_without_sound_there_are_none(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError):
        waveform.peaks_of(ProjectFolder(sandbox.root), job_with(sandbox))


def from_existing(sandbox: Sandbox, **fields: Any) -> PlannedJob:
    """A job that took no sound out of its film, since the film's subtitles existed."""
    film = sandbox.root / "film.mkv"
    if not film.exists():
        film.write_bytes(b"film and sound")
    status = film.stat()
    times = {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}
    told = {"path": str(film), "size": status.st_size, "digest": DIGEST, "duration_s": 1.0, **times}
    made = stored(sandbox.root / "jobs", stages=(a_stage("subtitle_import"),), deliver=(), input=told, **fields)
    return load(made.folder)


def test_a_film_whose_subtitles_existed_has_them_from_the_film_itself(sandbox: Sandbox, runs: list[str]) -> None:
    project = ProjectFolder(sandbox.root)
    made = waveform.peaks_of(project, from_existing(sandbox))
    assert made.path.read_bytes() == b"film"
    assert waveform.peaks_of(project, from_existing(sandbox)) == made
    other = waveform.peaks_of(project, from_existing(sandbox, parameters={"audio_track": "es"}))
    assert other.digest != made.digest
    assert runs == ['["demux", "film.mkv"]'] * 2


def test_a_film_that_has_changed_has_none(sandbox: Sandbox, runs: list[str]) -> None:
    job = from_existing(sandbox)
    (sandbox.root / "film.mkv").write_bytes(b"another film")
    with pytest.raises(InputError):
        waveform.peaks_of(ProjectFolder(sandbox.root), job)
    assert runs == []
