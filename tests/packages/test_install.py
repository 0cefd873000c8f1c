"""A package is installed whole or not at all, and once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.bundles import archive
from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, NotReady, UsageError
from pipeline.locks import exclusive
from pipeline.packages import install, manifest, store
from tests.conftest import Sandbox
from tests.packages.conftest import content_of, made

KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.bundles import archive
from pipeline.config.catalog import Catalog
from pipeline.packages import install, manifest
unpack = archive.unpack
def half(bundle, folder):
    unpack(bundle, folder)
    os.kill(os.getpid(), signal.SIGKILL)
archive.unpack = half
install.install(manifest.read(Path(sys.argv[1])), print)
"""


def installed(package: Path) -> install.Installation:
    return install.install(manifest.read(package), lambda _: None)


def test_its_files_become_a_project_of_its_own(package: Path) -> None:
    done = installed(package)
    folder = done.package.folder
    assert done.is_new
    _, files = content_of(package)
    for name, content in files.items():
        assert (folder / name.removeprefix("project/")).read_bytes() == content
    project = install.project_of(done.package)
    assert (project.root, project.store) == (folder, store.root().parent)
    assert [each.folder for each in store.installed()] == [folder]


def test_the_same_once_more_changes_nothing(package: Path) -> None:
    first = installed(package)
    (first.package.folder / "jobs").mkdir()
    again = installed(package)
    assert (again.is_new, again.package.folder) == (False, first.package.folder)
    assert (first.package.folder / "jobs").is_dir()


def test_another_requirements_file_gives_another_folder(sandbox: Sandbox, package: Path, tmp_path: Path) -> None:
    first = installed(package)
    lock = sandbox.root / "requirements/alpha.lock"
    lock.write_text(f"# another\n{lock.read_text()}")
    second = installed(made(sandbox, tmp_path / "other.pkg"))
    assert first.package.name == second.package.name
    assert len(list(store.installed())) == 2


def test_installed_files_that_somebody_has_changed_are_told(package: Path) -> None:
    folder = installed(package).package.folder
    (folder / "stages/report_alpha.py").write_text("changed")
    with pytest.raises(ConfigurationError) as caught:
        installed(package)
    assert str(caught.value.next_step).startswith(f"pipeline package remove {folder.name}")


@pytest.mark.long
def test_what_the_package_extended_is_looked_up_in_its_own_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.write("config/pipeline.yaml", "extends: media\n")
    done = installed(made(sandbox, tmp_path / "p.pkg", "transcribe"))
    project = install.project_of(done.package)
    assert project.extended == done.package.folder / "extended"
    assert project.stage_file("asr") == project.extended / "stages/asr.py"


def test_what_the_disk_could_not_write_is_not_installed(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged_disk(folder: Path) -> None:
        raise OSError(5, "Input/output error", str(folder))

    with monkeypatch.context() as patch:
        patch.setattr(install, "sync_disk", damaged_disk)
        with pytest.raises(NotReady, match="Input/output error"):
            installed(package)
    assert os.listdir(store.root()) == [store.LOCK]
    assert installed(package).is_new


def test_a_failure_midway_leaves_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(bundle: archive.Bundle, folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device", str(folder / "half"))

    monkeypatch.setattr(archive, "unpack", full)
    with pytest.raises(NotReady, match="No space left"):
        installed(package)
    assert os.listdir(store.root()) == [store.LOCK]


@pytest.fixture
def small_disk(tmp_path: Path, spawning: None) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    words: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can't be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing(package: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(small_disk))
    with pytest.raises(NotReady, match="No space left"):
        installed(package)
    assert os.listdir(store.root()) == [store.LOCK]


def test_what_a_killed_process_left_is_removed_by_the_next(package: Path, spawning: None) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, package], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert any(name.startswith(install.PART) for name in os.listdir(store.root()))
    assert list(store.installed()) == []
    done_again = installed(package)
    assert sorted(os.listdir(store.root())) == [store.LOCK, done_again.package.folder.name]


def test_a_package_with_jobs_stays_until_these_may_go(package: Path) -> None:
    folder = installed(package).package.folder
    (folder / "jobs/job-1").mkdir(parents=True)
    with pytest.raises(UsageError) as caught:
        store.remove(folder.name, with_jobs=False)
    assert f"pipeline package remove {folder.name} --with-jobs" in str(caught.value.next_step)
    assert store.remove(folder.name, with_jobs=True) == folder
    assert os.listdir(store.root()) == [store.LOCK]


def test_a_package_stays_while_a_job_of_it_runs(package: Path) -> None:
    folder = installed(package).package.folder
    job = folder / "jobs/job-1"
    job.mkdir(parents=True)
    with exclusive(job / "lock"), pytest.raises(NotReady, match="is being run") as caught:
        store.remove(folder.name, with_jobs=True)
    assert caught.value.next_step == f"pipeline job cancel job-1 --root {folder}"
    assert job.is_dir()


@pytest.mark.parametrize("name", ["nothing", "../packages", "", ".lock"])
def test_only_a_package_is_removed(package: Path, name: str) -> None:
    folder = installed(package).package.folder
    with pytest.raises(UsageError):
        store.remove(name, with_jobs=True)
    assert folder.is_dir()


@pytest.mark.parametrize("name", ["on", "1", "null", "1e3"])
def test_a_workflow_s_name_stays_text_in_the_settings(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    sandbox.workflow(name, "report_alpha: {}")
    done = installed(made(sandbox, tmp_path / "p.pkg", name))
    assert Catalog(install.project_of(done.package)).settings.default_workflows == (name,)
