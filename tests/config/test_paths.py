"""``paths`` in the settings: where a project's folders are, and what is refused with its line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config.paths import with_settings
from pipeline.errors import ConfigurationError
from pipeline.project import PLACES, ProjectFolder


def project(root: Path, text: str) -> ProjectFolder:
    (root / "config").mkdir(parents=True, exist_ok=True)
    (root / "config/pipeline.yaml").write_text(text, encoding="utf-8")
    return with_settings(ProjectFolder(root))


def refusal(root: Path, text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        project(root, text)
    return refused.value


def test_without_a_word_all_stands_in_the_project(tmp_path: Path) -> None:
    found = project(tmp_path, "grace_seconds: 1\n")
    assert {name: found.place(name) for name in PLACES} == {
        "environments": tmp_path / "venv",
        "cache": tmp_path / "cache",
        "jobs": tmp_path / "jobs",
        "models": tmp_path / "models",
        "logs": tmp_path / "logs",
    }


def test_each_folder_may_stand_elsewhere(tmp_path: Path) -> None:
    lines = "".join(f"  {name}: {tmp_path}/disk/{name}\n" for name in PLACES)
    found = project(tmp_path / "project", f"paths:\n{lines}")
    assert [found.environments, found.cache, found.jobs, found.models, found.logs] == [
        tmp_path / "disk" / name for name in ("environments", "cache", "jobs", "models", "logs")
    ]
    assert found.results == tmp_path / "disk/cache/results"
    assert found.config == tmp_path / "project/config"


def test_a_relative_folder_is_seen_from_the_project(tmp_path: Path) -> None:
    assert project(tmp_path / "p", "paths: {jobs: ../jobs}").jobs == tmp_path / "p/../jobs"


def test_home_and_variables_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRATCH", "/scratch/ünï")
    found = project(tmp_path, "paths: {jobs: ~/jobs, cache: $SCRATCH/c, models: '${SCRATCH}s', logs: /a$$b}")
    assert (found.jobs, found.cache) == (Path(os.environ["HOME"], "jobs"), Path("/scratch/ünï/c"))
    assert (found.models, found.logs) == (Path("/scratch/ünïs"), Path("/a$b"))


WRONG_FOLDERS = [
    "jobs: $NOWHERE/jobs",
    "jobs: $EMPTY/jobs",
    "jobs: a$",
    "jobs: ~nobody-like-this/jobs",
    "jbos: x",
    "jobs: ''",
    "jobs: 5",
    "jobs: ~",
    "environments: a:b",
    'jobs: "a\\nb"',
    "jobs: config/pipeline.yaml",
    "jobs: .",
    "cache: stages",
    "jobs: cache",
]


@pytest.mark.parametrize("line", WRONG_FOLDERS)
def test_a_folder_that_can_not_work_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("EMPTY", "")
    message = refusal(tmp_path, f"grace_seconds: 1\npaths:\n  {line}\n").message
    assert message.startswith(f"config/pipeline.yaml:3: paths.{line.partition(':')[0]}: ")


def test_two_names_of_one_folder_are_found_through_links(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    message = refusal(tmp_path, "paths:\n  jobs: disk\n  logs: link\n").message
    assert message.startswith("config/pipeline.yaml:2: paths.jobs: ")
    assert "logs" in message


def test_settings_that_are_no_yaml_are_refused_with_their_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, "paths:\n\t- {").message.startswith("config/pipeline.yaml:2: ")


def test_no_yaml_is_loaded_where_only_a_comment_has_the_word(tmp_path: Path, spawning: None) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/pipeline.yaml").write_text("  # paths: {jobs: /x}\ngrace_seconds: 1\n")
    code = (
        "import sys; from pathlib import Path; from pipeline.location import locate\n"
        "print(locate(Path(sys.argv[1])).jobs); assert 'yaml' not in sys.modules, 'yaml'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == str(tmp_path / "jobs"), done.stderr
    assert done.returncode == 0, done.stderr
