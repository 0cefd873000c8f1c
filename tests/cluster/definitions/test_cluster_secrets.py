"""The token of a cluster."""

import stat
from pathlib import Path

import pytest

from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets, owner_of, secrets_of
from pipeline.errors import NotReady
from pipeline.project import ProjectFolder


def test_the_token_stays_the_same_and_is_for_its_user_alone(tmp_path: Path) -> None:
    secrets = secrets_of(ProjectFolder(tmp_path), "desk")
    token = secrets.token()
    assert secrets.token() == token
    assert stat.S_IMODE(secrets.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((secrets.folder / "token").stat().st_mode) == 0o600


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    secrets = ClusterSecrets(tmp_path / "open")
    secrets.folder.mkdir(mode=0o755)
    secrets.token()
    assert stat.S_IMODE(secrets.folder.stat().st_mode) == 0o700


def test_each_cluster_has_its_own_token_and_addresses_have_one_too(tmp_path: Path) -> None:
    project = ProjectFolder(tmp_path)
    names = ("desk", "lab", "tcp://127.0.0.1:8786", "tcp://127.0.0.1:8787")
    assert len({secrets_of(project, name).token() for name in names}) == len(names)


def test_an_empty_token_is_told_and_not_used(tmp_path: Path) -> None:
    secrets = ClusterSecrets(tmp_path / "x")
    secrets.make()
    (secrets.folder / "token").touch()
    with pytest.raises(NotReady, match="has no token"):
        secrets.token()


def test_the_owner_does_not_tell_the_token(tmp_path: Path) -> None:
    token = ClusterSecrets(tmp_path).token()
    assert token not in owner_of(token)
    assert owner_of(token) == owner_of(token) != owner_of(token + "x")
