"""Hashes of packages from a page of links: uv leaves out of a lock those that the page names."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs import interpreters
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles.lockfile import parse
from pipeline.envs.lockfiles.resolve import LockResolver
from pipeline.envs.packages import package_files
from pipeline.envs.packages.hashes import MissingHashes
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import make_wheel
from tests.package_index import served


@pytest.fixture
def definition(tmp_path: Path, installer: Path, monkeypatch: pytest.MonkeyPatch) -> Definition:
    for name in ("UV_OFFLINE", "UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    folder = tmp_path / "requirements"
    folder.mkdir()
    return Definition("alpha", ">=3.11", folder / "alpha.lock", folder / "alpha.txt", imports=("quirk",))


def resolver(installer: Path, root: Path) -> LockResolver:
    return LockResolver(installer, root, 60, complete=MissingHashes(installer, 60))


def test_a_page_of_links_that_names_hashes_is_locked_fetched_and_built_from(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    (tmp_path / "page").mkdir()
    make_wheel(tmp_path / "page", "quirk", "1.0", "")
    assert definition.requirements
    with served(tmp_path / "page", "me:pass") as place:
        definition.requirements.write_text(
            f"--index-url http://{place}/none\n--find-links http://me:pass@{place}/links/\nquirk\n"
        )
        lock = resolver(builder.uv, tmp_path)
        assert lock.lock(definition) is not None
        assert lock.lock(definition) is None
        (pin,) = parse(definition.locked.read_text()).pins
        assert (pin.name, pin.version, len(pin.hashes)) == ("quirk", "1.0", 1)
        python = interpreters.find(definition, builder.uv)
        found = package_files.located(builder.uv, definition, python, {}, 60)
        assert package_files.chosen(pin, found, python) is not None
        builder.ensure(definition, quiet)
    assert "pass" not in definition.locked.read_text()
    assert "pass" not in builder.logs.joinpath("alpha.log").read_text()


def test_a_file_that_can_not_be_had_leaves_no_lock(
    builder: Builder, definition: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page").mkdir()
    make_wheel(tmp_path / "page", "quirk", "1.0", "")
    assert definition.requirements
    with served(tmp_path / "page") as place:
        definition.requirements.write_text(
            f"--index-url http://{place}/none\n--find-links http://{place}/links/\nquirk\n"
        )
        monkeypatch.setattr(package_files, "files_of", lambda _package: ())
        with pytest.raises(NotReady, match="quirk has no file with a hash"):
            resolver(builder.uv, tmp_path).lock(replace(definition))
    assert not definition.locked.exists()
