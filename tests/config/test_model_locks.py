"""Locks of models: what is in one is believed only where it can be one."""

import json

import pytest

from pipeline.config import model_locks, models
from pipeline.config.model_locks import SAFE_NAME, LockedFile, ModelLock
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox

LOCK = ModelLock("someone/tiny", "1" * 40, {"model.bin": LockedFile("a" * 64, 3)})


@pytest.fixture
def project(sandbox: Sandbox) -> ProjectFolder:
    sandbox.write("config/models.yaml", "tiny: {sources: [{huggingface: someone/tiny}]}\n")
    return ProjectFolder(sandbox.root)


def test_a_lock_is_read_as_it_was_written(project: ProjectFolder) -> None:
    model_locks.write(project, "tiny", LOCK)
    assert model_locks.read(project, "tiny") == LOCK
    assert models.load(project)["tiny"].files == {"model.bin": "a" * 64}


@pytest.mark.parametrize(
    "change",
    [
        {"files": {}},
        {"schema": 99},
        {"files": {"../../outside": {"sha256": "a" * 64, "size": 3}}},
        {"files": {"/etc/outside": {"sha256": "a" * 64, "size": 3}}},
        {"files": {"model.bin": {"sha256": "../../x", "size": 3}}},
        {"files": {"model.bin": {"sha256": "a" * 64, "size": -3}}},
        {"files": {"model.bin.partial": {"sha256": "a" * 64, "size": 3}}},
        {"unknown": 1},
    ],
)
def test_what_is_no_lock_is_told_and_nothing_of_it_is_believed(
    project: ProjectFolder, change: dict[str, object]
) -> None:
    model_locks.write(project, "tiny", LOCK)
    path = model_locks.path(project, "tiny")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ConfigurationError):
        model_locks.read(project, "tiny")
    spec = models.load(project)["tiny"]
    assert (bool(spec.lock_problem), spec.is_locked) == (True, False)
    with pytest.raises(ConfigurationError) as refused:
        spec.digest  # noqa: B018  # asking for it is what raises
    assert refused.value.next_step == "pipeline model lock tiny"


@pytest.mark.parametrize("name", ["model.bin", "a/b/c.json", "mein modell (2).bin", "声.txt", "x" * 200, "a..b"])
def test_a_name_that_every_disk_can_have_is_taken(name: str) -> None:
    assert SAFE_NAME.fullmatch(name)


HIDDEN = ("", ".", "..", "a/../b", ".hidden", "a/.hidden")
ELSEWHERE = ("/a", "a//b", "a/", "a\\b", "c:a", "a\nb", "a\0b", " a", "x" * 201, "a.partial", "a*")


@pytest.mark.parametrize("name", [*HIDDEN, *ELSEWHERE])
def test_a_name_that_leads_elsewhere_is_not(name: str) -> None:
    assert not SAFE_NAME.fullmatch(name)
