"""Whether a project that nobody named may be used."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import ownership
from pipeline.errors import ExitCode
from pipeline.ownership import UntrustedProject, require_trusted
from pipeline.project import Project

MINE = os.geteuid()
STRANGER = MINE + 4321


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    for folder in ("config/environments", "stages/modules", "requirements", "venv"):
        (root / folder).mkdir(parents=True)
    for file in ("config/pipeline.yaml", "config/environments/a.yaml", "stages/a.py", "requirements/a.lock"):
        (root / file).write_text("")
        (root / file).chmod(0o644)
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)
    return Project(root)


def test_a_project_that_only_this_user_can_change_is_trusted(project: Project) -> None:
    require_trusted(project)


def test_the_project_of_another_user_is_not_and_the_message_names_the_owner_and_the_way_to_allow_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "ROOT_USER", STRANGER)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    with pytest.raises(UntrustedProject, match=f"user {MINE}") as refused:
        require_trusted(project)
    assert refused.value.exit_code == ExitCode.USAGE
    assert refused.value.next_step == f"export PIPELINE_ROOT={project.root}"


def test_the_project_of_root_is_trusted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "ROOT_USER", MINE)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    require_trusted(project)


@pytest.mark.parametrize(
    "path", [".", "config", "config/pipeline.yaml", "config/environments/a.yaml", "stages", "stages/a.py", "venv"]
)
def test_what_everybody_may_write_is_nobodys(project: Project, path: str) -> None:
    (project.root / path).chmod(0o777)
    with pytest.raises(UntrustedProject, match="everybody may write"):
        require_trusted(project)


def test_what_another_group_may_write_is_not_trusted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_is_private", lambda _group, _owner: False)
    (project.stages / "a.py").chmod(0o664)
    with pytest.raises(UntrustedProject, match=r"the group .* may write"):
        require_trusted(project)


def test_the_owners_own_group_may_write_as_it_may_under_a_usual_umask(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "_is_private", lambda _group, _owner: True)
    (project.stages / "a.py").chmod(0o664)
    require_trusted(project)


@pytest.mark.parametrize("members", [[], ["me"]])
def test_a_group_with_the_owners_name_and_no_other_member_is_private(
    monkeypatch: pytest.MonkeyPatch, accounts: Callable[..., None], members: list[str]
) -> None:
    accounts(members=members)
    assert ownership._is_private(7, MINE)


@pytest.mark.parametrize(
    "account", [{"members": ["me", "other"]}, {"members": [], "group": "lab"}, {"members": [], "primary": 8}]
)
def test_any_other_group_is_not(accounts: Callable[..., None], account: dict[str, object]) -> None:
    accounts(**account)
    assert not ownership._is_private(7, MINE)


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    import grp
    import pwd

    def set_up(members: list[str], group: str = "me", primary: int = 7) -> None:
        monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("me", "", uid, primary, "", "", "")))
        monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group((group, "", gid, members)))

    return set_up
