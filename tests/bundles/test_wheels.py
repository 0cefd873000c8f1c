"""The folder of package files: filled from where the installer finds them, and never believed without a hash."""

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.bundles.wheels import Wheels, pins_for
from pipeline.envs import interpreters
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.packages.package_files import PackageFile
from pipeline.errors import ConfigurationError, NotReady
from pipeline.progress import quiet
from tests.conftest import make_wheel
from tests.envs.conftest import locked


@pytest.fixture
def wheels(tmp_path: Path, installer: Path) -> Wheels:
    return Wheels(tmp_path / "cache" / "wheels", installer, 60)


@pytest.fixture
def python(installer: Path, definition: Definition) -> BaseInterpreter:
    return interpreters.find(definition, installer)


def test_the_very_files_of_the_lock_are_fetched(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    (file,) = wheels.fetch(definition, python, quiet)
    assert file.read_bytes() == (tmp_path / "wheels" / file.name).read_bytes()
    assert os.listdir(wheels.folder) == [file.name]


def test_what_is_there_is_not_asked_for_again(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    wheels.fetch(definition, python, quiet)
    shutil.rmtree(tmp_path / "wheels")
    shutil.rmtree(tmp_path / "uv-cache", ignore_errors=True)
    assert len(replace(wheels, uv=Path("/nonexistent/uv")).fetch(definition, python, quiet)) == 1


def test_an_altered_file_is_fetched_again(wheels: Wheels, definition: Definition, python: BaseInterpreter) -> None:
    (file,) = wheels.fetch(definition, python, quiet)
    whole = file.read_bytes()
    file.write_bytes(whole + b"x")
    assert wheels.fetch(definition, python, quiet) == [file]
    assert file.read_bytes() == whole


def test_an_altered_file_at_its_source_is_refused_and_named(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    (source,) = (tmp_path / "wheels").iterdir()
    source.write_bytes(source.read_bytes() + b"x")
    with pytest.raises(NotReady, match=r"environment 'alpha'.*quirk"):
        wheels.fetch(definition, python, quiet)
    assert os.listdir(wheels.folder) == []


def test_a_package_that_is_nowhere_is_told_in_the_installer_s_words(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "wheels")
    (tmp_path / "wheels").mkdir()
    with pytest.raises(NotReady, match="quirk") as refused:
        wheels.fetch(definition, python, quiet)
    assert refused.value.next_step == "bootstrap --prefetch --env alpha"


def test_a_lock_that_brings_nothing_needs_nothing(
    wheels: Wheels, definition: Definition, python: BaseInterpreter
) -> None:
    definition.locked.write_text("")
    assert wheels.fetch(definition, python, quiet) == []


def test_a_pin_without_a_hash_is_refused(wheels: Wheels, definition: Definition, python: BaseInterpreter) -> None:
    definition.locked.write_text("quirk==1.0\n")
    with pytest.raises(ConfigurationError, match=r"alpha\.lock: line 1: quirk") as refused:
        pins_for(definition, python)
    assert refused.value.next_step == "pipeline env lock alpha"


def test_a_torn_lock_is_refused(definition: Definition, python: BaseInterpreter) -> None:
    definition.locked.write_text("qui rk==\n")
    with pytest.raises(ConfigurationError, match=r"alpha\.lock: line 1: 'qui rk=='"):
        pins_for(definition, python)


def test_a_package_that_is_only_there_as_source_is_fetched_as_source(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    source = tmp_path / "wheels" / "odd_one-1.0.tar.gz"
    source.write_bytes(b"an archive")
    digest = hashlib.sha256(b"an archive").hexdigest()
    definition.locked.write_text(f"odd-one==1.0 --hash=sha256:{digest}\n")
    wheels.folder.mkdir(parents=True)
    shutil.copy(source, wheels.folder)
    assert [file.name for file in wheels.fetch(definition, python, quiet)] == [source.name]


def test_two_environments_share_a_file(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, tmp_path: Path
) -> None:
    other = replace(definition, name="other", lock=tmp_path / "other.lock")
    more = locked(make_wheel(tmp_path / "wheels", "second", "1.0", ""))
    other.locked.write_text(definition.locked.read_text() + more)
    wheels.fetch(definition, python, quiet)
    assert len(wheels.fetch(other, python, quiet)) == 2
    assert len(os.listdir(wheels.folder)) == 2


def test_warming_leaves_nothing_behind(wheels: Wheels, definition: Definition, python: BaseInterpreter) -> None:
    files = wheels.fetch(definition, python, quiet)
    wheels.warm_cache(definition, python, files)
    assert os.listdir(wheels.folder) == [files[0].name]


def test_a_read_only_or_full_folder_is_told(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere/file")

    monkeypatch.setattr("pipeline.bundles.wheels.download", refuse)
    with pytest.raises(NotReady, match=r"/somewhere/file.*No space left on device"):
        wheels.fetch(definition, python, quiet)


def test_what_is_far_is_not_fetched_offline(
    wheels: Wheels, definition: Definition, python: BaseInterpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipeline.envs.packages.package_files.chosen", lambda pin, *_: PackageFile(pin, "x.whl", "https://far/x")
    )
    with pytest.raises(NotReady, match=r"x\.whl.*UV_OFFLINE"):
        wheels.fetch(definition, python, quiet)
