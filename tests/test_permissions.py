"""Who may read and write what a project makes."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import permissions
from tests.conftest import Sandbox

SHARED = "default_workflows: []\nshared: true\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("folder", "file"), [(0o755, 0o644), (0o775, 0o664), (0o2770, 0o660), (0o700, 0o600), (0o777, 0o664)]
)
def test_what_is_made_in_a_folder_has_the_rights_that_the_folder_gives(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    made = tmp_path / "made"
    made.write_text("")
    made.chmod(0o600)
    permissions.share(made)
    assert mode(made) == file


@pytest.mark.parametrize(("movie", "subtitles"), [(0o644, 0o644), (0o600, 0o600), (0o444, 0o644), (0o775, 0o664)])
def test_subtitles_are_for_those_who_may_see_the_movie(tmp_path: Path, movie: int, subtitles: int) -> None:
    (film := tmp_path / "film.mkv").write_text("")
    (text := tmp_path / "film.es.srt").write_text("")
    film.chmod(movie)
    text.chmod(0o600)
    permissions.share_as(text, film)
    assert mode(text) == subtitles


def test_a_folder_and_what_is_in_it_gets_the_rights_of_the_one_around_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "model/part").mkdir(parents=True)
    (tmp_path / "model/part/weights").write_text("")
    for path in ("model/part/weights", "model/part", "model"):
        (tmp_path / path).chmod(0o700)
    permissions.share_tree(tmp_path / "model")
    assert [mode(tmp_path / path) for path in ("model", "model/part", "model/part/weights")] == [0o755, 0o755, 0o644]


@pytest.mark.usefixtures("usual_umask")
def test_folders_that_others_could_enter_are_closed_and_what_follows_is_private(tmp_path: Path) -> None:
    (jobs := tmp_path / "jobs").mkdir()
    permissions.keep_private([jobs, tmp_path / "not-there"])
    (jobs / "job").mkdir()
    (jobs / "job/job.json").write_text("")
    assert [mode(path) for path in (jobs, jobs / "job", jobs / "job/job.json")] == [0o700, 0o700, 0o600]


@pytest.mark.usefixtures("usual_umask")
def test_a_folder_that_was_made_for_a_group_stays_as_it_is(tmp_path: Path) -> None:
    (jobs := tmp_path / "jobs").mkdir()
    jobs.chmod(0o2775)
    permissions.keep_private([jobs])
    assert mode(jobs) == 0o2775


def open_to_others(sandbox: Sandbox) -> list[str]:
    """What of a project's jobs, results and logs others may read, if they can get there."""
    folders = [folder for folder in map(sandbox.root.joinpath, ("jobs", "cache", "logs")) if folder.exists()]
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return sorted(str(path.relative_to(sandbox.root)) for path in paths if not path.is_symlink() and mode(path) & 0o077)


@pytest.mark.parametrize("start", ["cold", "worker"])
@pytest.mark.usefixtures("usual_umask", "ended_workers")
def test_a_job_its_results_and_its_logs_are_for_their_user_alone(ready: Sandbox, start: str) -> None:
    (ready.root / "cache").mkdir()  # as an earlier version left it
    stage = ready.root / "stages/copy.py"
    stage.write_text(
        stage.read_text().replace("# [tool.pipeline.stage.out", f'# start = ["{start}"]\n# [tool.pipeline.stage.out')
    )
    ready.workflow("tested", "copy: {inputs: {file: job.input}}", head="deliver: [copy.file]")
    done = ready.run("run-pipeline", "-j", ready.prepare("tested"))
    assert done.code == 0, done.err
    assert open_to_others(ready) == []


@pytest.mark.usefixtures("usual_umask")
def test_a_group_that_shares_a_project_says_so_in_its_settings(ready: Sandbox) -> None:
    ready.write("config/pipeline.yaml", SHARED)
    ready.workflow("tested", "report_alpha: {}")
    job = ready.job(ready.prepare("tested"))
    assert ready.run("run-pipeline", "-j", job.name).code == 0
    found = [ready.root / "jobs", job, job / "job.json", *job.glob("stages/*/1/outputs/*")]
    assert [mode(path) for path in found] == [0o755, 0o755, 0o644, 0o644]
