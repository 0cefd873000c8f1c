"""The small parts of a build."""

import os
import stat
from pathlib import Path

import pytest

from pipeline.envs.builder import links, logs, permissions
from pipeline.envs.builder.ahead import Ahead
from pipeline.envs.builder.deadline import Deadline


def test_each_log_moves_on_for_the_next_and_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(logs.KEPT + 3):
        logs.fresh(tmp_path, "alpha").write_text(str(number))
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["alpha.log"] == str(logs.KEPT + 2)
    assert kept["alpha.1.log"] == str(logs.KEPT + 1)
    assert len(kept) == logs.KEPT + 1


def test_the_logs_of_another_environment_stay(tmp_path: Path) -> None:
    (tmp_path / "alpha.1.log").write_text("an environment named alpha.1")
    (tmp_path / "beta.log").write_text("beta")
    logs.fresh(tmp_path, "alpha")
    assert (tmp_path / "beta.log").read_text() == "beta"


def test_a_link_that_leads_out_is_found_and_those_to_the_interpreter_are_not(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/env")
    (tmp_path / "lib64").symlink_to("lib")
    (packages / "inner").symlink_to("../site-packages")
    (packages / "dangling").symlink_to("absent")
    assert links.leading_out(tmp_path) == []
    (packages / "outer").symlink_to("/etc/hostname")
    (packages / "upward").symlink_to("../../../../elsewhere")
    (tmp_path / "bin/tool").symlink_to("/usr/bin/env")
    assert links.leading_out(tmp_path) == [
        "bin/tool",
        "lib/python3.11/site-packages/outer",
        "lib/python3.11/site-packages/upward",
    ]


@pytest.mark.parametrize(
    ("folder", "file"), [(0o755, 0o644), (0o775, 0o664), (0o2770, 0o660), (0o700, 0o600), (0o777, 0o664)]
)
def test_what_is_made_in_a_folder_has_the_rights_that_the_folder_gives(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    made = tmp_path / "made"
    made.write_text("")
    made.chmod(0o600)
    permissions.share(made)
    assert stat.S_IMODE(os.stat(made).st_mode) == file


def test_work_that_was_begun_ahead_is_done_once_and_its_error_comes_with_its_result() -> None:
    done: list[int] = []
    ahead = Ahead(lambda: done.append(1))
    ahead.begin()
    ahead.begin()
    ahead.result()
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        Ahead(lambda: 1 // 0).result()


@pytest.mark.parametrize(("seconds", "shown"), [(1800, "30 min"), (90, "1.5 min"), (0.2, "0.2 s")])
def test_a_deadline_is_shown_as_a_person_would_write_it(seconds: float, shown: str) -> None:
    assert str(Deadline(seconds)) == shown


def test_a_deadline_that_has_passed_leaves_a_moment() -> None:
    assert 0 < Deadline(0).left() < 1
