"""A project whose folders stand on other disks: where nothing can be linked, locked, or written."""

import errno
import fcntl
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from pipeline.project import PLACES
from tests.conftest import BIN, Sandbox, make_sandbox, offline
from tests.crash.harness import in_child, run_here
from tests.crash.shapes import SHAPES, job_of

LARGE = 2 << 20  # bytes; more than is copied where it could be linked
FILLS = f"fills: {{inputs: {{file: job.input}}, parameters: {{size: {LARGE}}}}}"


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the tests' own."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system that anybody may write to")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Sandbox:
    """A project with nothing built, where uv sees only this test's wheels."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return make_sandbox(tmp_path / "project", tmp_path / "wheels")


def put(sandbox: Sandbox, **places: "str | Path") -> None:
    lines = "".join(f"  {name}: {folder}\n" for name, folder in places.items())
    sandbox.write("config/pipeline.yaml", f"default_workflows: []\ngrace_seconds: 1\npaths:\n{lines}")


def run(sandbox: Sandbox, *words: "str | Path") -> str:
    done = sandbox.run(*words)
    assert done.code == 0, done.err
    return done.out.strip()


def test_a_project_lives_wholly_on_another_disk(isolated: Sandbox, other_disk: Path) -> None:
    put(isolated, **{name: other_disk / "deep" / name for name in PLACES})
    isolated.workflow("tested", FILLS, head="deliver: [fills.file]")
    before = {path.name for path in isolated.root.iterdir()}
    run(isolated, "bootstrap", "--env", "alpha")
    id = isolated.prepare("tested")
    run(isolated, "run-pipeline", "-j", id)
    assert (other_disk / "deep/jobs" / id / "output/input.full.txt").stat().st_size == LARGE
    assert {path.name for path in isolated.root.iterdir()} - before == {"input.txt"}
    assert {path.name for path in (other_disk / "deep").iterdir()} == {"environments", "cache", "jobs", "logs"}
    status = isolated.run("pipeline", "env", "status", "alpha", "--json").data[0]
    assert status["state"] == "healthy"
    assert Path(status["path"]).parent == other_disk / "deep/environments/.builds"
    assert [row["job_id"] for row in isolated.run("pipeline", "job", "list", "--json").data] == [id]


def test_results_go_between_disks_and_are_files_of_their_own_there(ready: Sandbox, other_disk: Path) -> None:
    put(ready, cache=other_disk / "cache")
    ready.workflow("tested", FILLS)
    files = []
    for _ in range(2):
        id = ready.prepare("tested")
        run(ready, "run-pipeline", "-j", id)
        files += list(ready.job(id).glob("stages/fills/*/outputs/full.txt"))
    events = [event["event"] for event in ready.events(id)]
    assert "stage_started" not in events, "the second job has the first one's result"
    (kept,) = (other_disk / "cache/results").glob("*/*/outputs/full.txt")
    assert len({file.stat().st_ino for file in files}) == 2
    assert kept.stat().st_dev != files[0].stat().st_dev
    assert all(file.stat().st_mode & stat.S_IWUSR for file in files)


def test_a_variable_that_is_not_set_stops_every_command_with_its_line(sandbox: Sandbox, spawning: None) -> None:
    put(sandbox, jobs="$SCRATCH/jobs")
    for words in (["run-pipeline", "-j", "latest"], ["pipeline", "job", "list"], ["bootstrap"]):
        done = sandbox.give(*words)
        assert done.code == ExitCode.USAGE
        assert done.error.startswith("config/pipeline.yaml:4: paths.jobs: '$SCRATCH/jobs' ")


def test_a_run_on_a_file_system_without_locks_is_refused_and_says_what_to_do(
    ready: Sandbox, spawning: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    job = job_of(ready, SHAPES["chain"])

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert in_child(lambda: run_here(ready, job)) == ExitCode.NOT_READY
    assert re.search(rf"{re.escape(str(job.lock))} .*No locks available", capfd.readouterr().err)
    assert [event["event"] for event in ready.events(job.id)] == ["job_prepared"]


READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99
touch "$1/x" 2>/dev/null && exit 98
shift
exec sh -c "$@"
"""


def read_only(folder: Path, script: str, *words: "str | Path") -> "subprocess.CompletedProcess[str]":
    """Run a script that sees a folder as one that can't be written to; root's rights don't help there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare here")
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", READ_ONLY, "sh", folder, script, "sh", *words],
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    return done


@pytest.fixture
def shared(isolated: Sandbox, tmp_path: Path) -> Sandbox:
    """A project as it is shared: only its jobs and its cache are for everybody to write to."""
    put(isolated, jobs=tmp_path / "own/jobs", cache=tmp_path / "own/cache")
    isolated.workflow("tested", FILLS, head="deliver: [fills.file]")
    isolated.write("input.txt", "some input\n")
    run(isolated, "bootstrap", "--env", "alpha")
    return isolated


def test_jobs_are_prepared_and_run_in_a_project_that_can_not_be_written_to(shared: Sandbox, tmp_path: Path) -> None:
    script = 'prepare-job --root "$1" "$1/input.txt" --workflow tested && run-pipeline --root "$1" -j latest'
    done = read_only(shared.root, f"{script} && {script}", shared.root)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "own/jobs").glob("job-*/output/input.full.txt"))) == 2
    assert "fills: taken from job-" in done.stderr


def test_a_store_that_can_not_be_written_to_stops_no_run(shared: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "own/cache").mkdir(parents=True)
    script = 'prepare-job --root "$1" "$1/input.txt" --workflow tested && run-pipeline --root "$1" -j latest'
    done = read_only(tmp_path / "own/cache", script, shared.root)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "own/cache").iterdir()) == []


def test_the_hardware_is_told_where_it_can_not_be_kept(shared: Sandbox) -> None:
    done = read_only(shared.root, 'pipeline hardware --root "$1"', shared.root)
    assert done.returncode == 0, done.stderr
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize("words", ["--env beta", "--env alpha --force"])
def test_bootstrap_says_what_it_can_not_write_to(shared: Sandbox, words: str) -> None:
    done = read_only(shared.root, f'bootstrap --root "$1" {words}', shared.root)
    assert done.returncode == ExitCode.NOT_READY, done.stderr
    assert f"{shared.root}/" in done.stderr
    assert "Read-only file system" in done.stderr
    assert "paths in config/pipeline.yaml" in done.stderr
    assert "Traceback" not in done.stderr
