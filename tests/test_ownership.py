"""Whether a project that nobody named may be used."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import ownership
from pipeline.errors import ExitCode
from pipeline.ownership import UntrustedProject, require_trusted
from pipeline.project import ProjectFolder

MINE = os.geteuid()
STRANGER = MINE + 4321
NOBODY = 0xFFFFFFFF  # in an access list


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    root = tmp_path / "project"
    for folder in ("config/environments", "stages/modules", "requirements", "venv"):
        (root / folder).mkdir(parents=True)
    for file in ("config/pipeline.yaml", "config/environments/a.yaml", "stages/a.py", "requirements/a.lock"):
        (root / file).write_text("")
        (root / file).chmod(0o644)
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)
    return ProjectFolder(root)


def test_a_project_that_only_this_user_can_change_is_trusted(project: ProjectFolder) -> None:
    require_trusted(project)


def test_the_project_of_another_user_is_not_and_the_message_names_the_owner_and_the_way_to_allow_it(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "ROOT_USER", STRANGER)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    with pytest.raises(UntrustedProject, match=f"user {MINE}") as refused:
        require_trusted(project)
    assert refused.value.exit_code == ExitCode.USAGE
    assert refused.value.next_step == f"export PIPELINE_ROOT={project.root}"


def test_the_project_of_root_is_trusted(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "ROOT_USER", MINE)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    require_trusted(project)


@pytest.mark.parametrize(
    "path", [".", "config", "config/pipeline.yaml", "config/environments/a.yaml", "stages", "stages/a.py", "venv"]
)
def test_what_everybody_may_write_is_nobodys(project: ProjectFolder, path: str) -> None:
    (project.root / path).chmod(0o777)
    with pytest.raises(UntrustedProject, match="everybody may write"):
        require_trusted(project)


@pytest.mark.parametrize("path", ["venv/.builds", "venv/.builds/a-1", "venv/a", "cache", "cache/home", "models"])
def test_what_is_built_and_kept_decides_what_runs_too(project: ProjectFolder, path: str) -> None:
    (project.root / "venv/.builds/a-1").mkdir(parents=True)
    (project.root / "venv/a").symlink_to(".builds/a-1")
    for name in ("cache/home", "models"):
        (project.root / name).mkdir(parents=True)
    require_trusted(project)
    (project.root / path).chmod(0o777)
    with pytest.raises(UntrustedProject, match="everybody may write"):
        require_trusted(project)


def test_what_is_behind_a_link_to_a_folder_counts(project: ProjectFolder, tmp_path: Path) -> None:
    behind = tmp_path / "behind"
    behind.mkdir()
    behind.chmod(0o755)
    (behind / "shared.py").write_text("")
    (project.modules / "linked").symlink_to(behind)
    (behind / "round").symlink_to(behind)
    require_trusted(project)
    (behind / "shared.py").chmod(0o666)
    with pytest.raises(UntrustedProject, match=r"everybody may write .*shared\.py"):
        require_trusted(project)


def test_whom_an_access_list_lets_write_is_named(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_is_private", lambda _group, _owner: True)
    file = project.stages / "a.py"
    entries = [(1, 6, NOBODY), (2, 6, STRANGER), (4, 4, NOBODY), (16, 6, NOBODY), (32, 4, NOBODY)]
    data = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
    try:
        os.setxattr(file, "system.posix_acl_access", data)
    except (AttributeError, OSError):
        pytest.skip("no access lists here")
    with pytest.raises(UntrustedProject, match=f"user {STRANGER} may write"):
        require_trusted(project)


def test_what_another_group_may_write_is_not_trusted(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_is_private", lambda _group, _owner: False)
    (project.stages / "a.py").chmod(0o664)
    with pytest.raises(UntrustedProject, match=r"the group .* may write"):
        require_trusted(project)


def test_the_owners_own_group_may_write_as_it_may_under_a_usual_umask(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
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
