"""Small copies of films: made once for each film, and only when somebody asks for one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.films import proxies
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from tests.conftest import Sandbox
from tests.jobs.helpers import stored


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> list[str]:
    """Stands for the stage; the list grows with each copy."""
    found: list[str] = []

    @contextmanager
    def run(_: Any, name: str, inputs: Mapping[str, list[Path]], *rest: Any) -> Iterator[dict[str, Path]]:
        found.append(inputs["media"][0].name)
        path = rest[-1] / f"{name}.mp4"
        path.write_bytes(b"small")
        yield {"proxy": path}
        path.unlink()

    monkeypatch.setattr(single_stage, "run", run)
    return found


def job_of(sandbox: Sandbox, name: str) -> PlannedJob:
    film = sandbox.root / name
    film.write_bytes(b"film")
    status = film.stat()
    digest = f"sha256:{name.encode().hex():0<64}"
    times = {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}
    film_input = {"path": str(film), "size": 4, "digest": digest, "duration_s": 1.0, **times}
    return stored(sandbox.root / "jobs", input=film_input)


def test_one_copy_serves_all_jobs_of_a_film(sandbox: Sandbox, made: list[str]) -> None:
    project, job = ProjectFolder(sandbox.root), job_of(sandbox, "a.mkv")
    path = proxies.make(project, job)
    assert path.read_bytes() == b"small"
    assert proxies.make(project, job_of(sandbox, "a.mkv")) == path
    assert proxies.path_of(project, job) == path
    assert made == ["a.mkv"]


def test_the_oldest_copies_go(sandbox: Sandbox, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "MOST_KEPT", 2)
    project = ProjectFolder(sandbox.root)
    paths = []
    for number, name in enumerate(("a.mkv", "b.mkv", "c.mkv")):
        paths.append(proxies.make(project, job_of(sandbox, name)))
        if name != "c.mkv":
            os.utime(paths[-1], (number, number))
    assert [path.exists() for path in paths] == [False, True, True]


def test_a_film_that_has_changed_gets_none(sandbox: Sandbox, made: list[str]) -> None:
    job = job_of(sandbox, "a.mkv")
    (sandbox.root / "a.mkv").write_bytes(b"other film")
    with pytest.raises(InputError):
        proxies.make(ProjectFolder(sandbox.root), job)
    assert made == []
