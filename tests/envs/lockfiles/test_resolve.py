"""Locks made by the real resolver from tiny wheels."""

import base64
import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.lockfiles.resolve import LockResolver, Upgrade
from pipeline.errors import ConfigurationError, NotReady
from pipeline.progress import quiet
from tests.conftest import also
from tests.package_index import sdist


@pytest.fixture
def wheels(installer: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        wheel(folder, "quirk", version)
        wheel(folder, "needed", version)
    wheel(folder, "needing", "1.0", "needed", "quirk<2 ; extra == 'old'")
    return folder


@pytest.fixture
def definition(tmp_path: Path, wheels: Path) -> Definition:
    folder = tmp_path / "project" / "requirements"
    folder.mkdir(parents=True)
    return Definition("alpha", ">=3.11", folder / "alpha.lock", requirements=folder / "alpha.txt")


@pytest.fixture
def resolver(tmp_path: Path, installer: Path) -> LockResolver:
    return LockResolver(installer, tmp_path / "project", time_limit=60)


def wheel(folder: Path, name: str, version: str, *needs: str) -> None:
    info = f"{name}-{version}.dist-info"
    metadata = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *metadata, "Provides-Extra: old", ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in files.items()}
    rows = [
        f"{path},sha256={base64.urlsafe_b64encode(digests[path]).rstrip(b'=').decode()},{len(files[path])}"
        for path in files
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,", ""])}.items():
            archive.writestr(path, text)


def ask(definition: Definition, text: str) -> Definition:
    assert definition.requirements is not None
    definition.requirements.write_text(text)
    return definition


def pins(definition: Definition) -> list[str]:
    lines = definition.locked.read_text().splitlines()
    return [line.removesuffix(" \\") for line in lines if line[:1].isalpha()]


def told(resolver: LockResolver, definition: Definition, upgrade: Upgrade | None = None) -> list[str] | None:
    changes = resolver.lock(definition, upgrade or Upgrade())
    return None if changes is None else [str(change) for change in changes]


def test_a_first_lock_has_every_pin_with_its_hashes_and_who_asked(
    definition: Definition, resolver: LockResolver
) -> None:
    assert told(resolver, ask(definition, "needing\n")) == ["+ needed 2.0", "+ needing 1.0"]
    text = definition.locked.read_text()
    assert text.startswith("# locked for Python >=3.11\nneeded==2.0 \\\n    --hash=sha256:")
    assert "    # via -r requirements/alpha.txt\n" in text
    assert agreement.problem(definition) is None


def test_a_first_lock_makes_the_folder_of_locks(tmp_path: Path, definition: Definition, resolver: LockResolver) -> None:
    stage = tmp_path / "project" / "stages" / "alpha.py"
    stage.parent.mkdir()
    stage.write_text('# /// script\n# requires-python = ">=3.11"\n# dependencies = ["quirk"]\n# ///\n')
    definition.locked.parent.rmdir()
    resolver.lock(replace(definition, requirements=stage))
    assert "quirk==2.0" in definition.locked.read_text()


def test_no_path_and_no_address_of_the_machine_is_in_a_lock(
    definition: Definition, resolver: LockResolver, tmp_path: Path
) -> None:
    resolver.lock(ask(definition, "needing\n"))
    text = definition.locked.read_text()
    assert str(tmp_path) not in text
    assert "://" not in text
    assert "find-links" not in text


def test_pins_stay_until_they_are_to_move(definition: Definition, resolver: LockResolver) -> None:
    resolver.lock(ask(definition, "quirk<2\nneeded<2\n"))
    ask(definition, "quirk\nneeded\n")
    assert told(resolver, definition) is None
    assert told(resolver, definition, Upgrade(packages=("quirk",))) == ["quirk 1.0 → 2.0"]
    assert told(resolver, definition, Upgrade(everything=True)) == ["needed 1.0 → 2.0"]


def test_a_pin_that_no_longer_fits_moves_alone(definition: Definition, resolver: LockResolver) -> None:
    resolver.lock(ask(definition, "quirk<2\nneeded<2\n"))
    assert told(resolver, ask(definition, "quirk>=2\nneeded\n")) == ["quirk 1.0 → 2.0"]


def test_what_is_asked_for_no_more_leaves_the_lock(definition: Definition, resolver: LockResolver) -> None:
    resolver.lock(ask(definition, "quirk\nneeding\n"))
    assert told(resolver, ask(definition, "quirk\n")) == ["- needed 2.0", "- needing 1.0"]


def test_a_lock_that_nothing_changes_is_not_written(definition: Definition, resolver: LockResolver) -> None:
    resolver.lock(ask(definition, "quirk\n"))
    before = definition.locked.stat().st_mtime_ns
    assert told(resolver, definition) is None
    assert definition.locked.stat().st_mtime_ns == before


def test_nothing_asked_for_is_a_lock_of_nothing(definition: Definition, resolver: LockResolver) -> None:
    assert told(resolver, ask(definition, "# nothing yet\n")) == []
    assert definition.locked.read_text() == "# locked for Python >=3.11\n"


@pytest.mark.parametrize("asked", ["quirk>=3\n", *also("absent\n", "quirk<2\nquirk>=2\n")])
def test_what_can_not_be_resolved_is_explained_and_leaves_the_lock(
    definition: Definition, resolver: LockResolver, asked: str
) -> None:
    resolver.lock(ask(definition, "quirk\n"))
    before = definition.locked.read_bytes()
    with pytest.raises(NotReady) as refused:
        resolver.lock(ask(definition, asked))
    assert re.search(r"'alpha'.*alpha\.lock", refused.value.message)
    assert "your requirements are unsatisfiable" in refused.value.message
    assert re.search(r"requirements/alpha\.txt.*\npipeline env lock alpha$", str(refused.value.next_step))
    assert definition.locked.read_bytes() == before
    assert sorted(file.name for file in definition.locked.parent.iterdir()) == ["alpha.lock", "alpha.txt"]


def test_a_conflict_above_the_range_is_none(definition: Definition, resolver: LockResolver) -> None:
    ask(definition, "quirk>=2\nquirk<2 ; python_full_version >= '3.13'\n")
    with pytest.raises(NotReady):
        resolver.lock(definition)
    resolver.lock(replace(definition, python=">=3.11,<3.13"))
    assert pins(definition) == ["quirk==2.0"]


def test_a_marker_says_no_more_than_is_not_in_the_range(definition: Definition, resolver: LockResolver) -> None:
    ask(definition, "quirk ; sys_platform == 'linux'\nneeded\n")
    resolver.lock(replace(definition, python=">=3.11,<3.14"))
    assert pins(definition) == ["needed==2.0", "quirk==2.0 ; sys_platform == 'linux'"]


def test_extras_stay_so_that_a_change_of_them_is_seen(definition: Definition, resolver: LockResolver) -> None:
    resolver.lock(ask(definition, "needing[old]\n"))
    assert pins(definition) == ["needed==2.0", "needing[old]==1.0", "quirk==1.0"]
    assert agreement.problem(definition) is None
    resolver.lock(ask(definition, "needing\n"))
    assert "the extra old of needing" in str(agreement.problem(ask(definition, "needing[old]\n")))


def test_a_lock_that_was_damaged_by_hand_is_made_again(definition: Definition, resolver: LockResolver) -> None:
    ask(definition, "quirk\n").locked.write_text("<<<<<<< HEAD\nquirk==1.0\n")
    assert told(resolver, definition) == ["+ quirk 2.0"]


def test_a_file_of_this_machine_can_not_be_locked(definition: Definition, resolver: LockResolver, wheels: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^requirements/alpha\.txt:2: "):
        resolver.lock(ask(definition, f"quirk\n{wheels}/quirk-1.0-py3-none-any.whl\n"))


def test_what_a_file_includes_is_locked_for_that_file(definition: Definition, resolver: LockResolver) -> None:
    (definition.locked.parent / "base.txt").write_text("quirk\n")
    resolver.lock(ask(definition, "-r base.txt\nneeded\n"))
    assert "# via -r requirements/base.txt" in definition.locked.read_text()
    assert agreement.problem(definition) is None
    (definition.locked.parent / "base.txt").write_text("needed\n")
    assert re.search(r"quirk 2\.0 .*requirements/base\.txt", str(agreement.problem(definition)))


def test_a_stage_s_block_is_locked_for_the_stage(
    definition: Definition, resolver: LockResolver, tmp_path: Path
) -> None:
    stage = tmp_path / "project" / "stages" / "alpha.py"
    stage.parent.mkdir()
    stage.write_text('# /// script\n# requires-python = ">=3.11"\n# dependencies = ["quirk"]\n# ///\n')
    own = replace(definition, requirements=stage)
    assert told(resolver, own) == ["+ quirk 2.0"]
    assert "    # via stages/alpha.py\n" in definition.locked.read_text()
    stage.write_text('# /// script\n# requires-python = ">=3.11"\n# dependencies = ["needed"]\n# ///\n')
    assert "stages/alpha.py:3: needed " in str(agreement.problem(own))
    assert re.search(r"quirk 2\.0 .*stages/alpha\.py", str(agreement.problem(own)))


def test_the_machine_s_own_configuration_of_the_resolver_is_not_read(
    definition: Definition, resolver: LockResolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "config"
    (home / "uv").mkdir(parents=True)
    (home / "uv" / "uv.toml").write_text('[pip]\nprerelease = "nonsense"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    resolver.lock(replace(ask(definition, "quirk\n"), python=">=3.11,<3.14"))
    assert pins(definition) == ["quirk==2.0"]


def test_a_resolver_that_takes_too_long_is_ended(definition: Definition, tmp_path: Path, waited: None) -> None:
    slow = tmp_path / "uv"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(NotReady, match="0 s"):
        LockResolver(slow, tmp_path / "project", time_limit=0.2).lock(ask(definition, "quirk\n"))


@pytest.fixture
def address(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a server with the usual index under ``usual``, and one that has a build of quirk for cu128 under ``cu128``."""
    wheel(tmp_path / "served", "quirk", "2.0+cu128")
    for index, files in (("usual", wheels), ("cu128", tmp_path / "served")):
        for file in files.glob("*.whl"):
            folder = tmp_path / "served" / index / file.name.partition("-")[0]
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / file.name)
    for folder in (tmp_path / "served").glob("*/*/"):
        links = "".join(f'<a href="{quote(file.name)}">{file.name}</a>' for file in folder.glob("*.whl"))
        (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    handler = partial(QuietHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name in ("UV_OFFLINE", "UV_NO_INDEX", "UV_FIND_LINKS"):
            monkeypatch.delenv(name)
        base = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{base}/usual")
        yield base
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        pass


def test_a_variant_s_index_is_used_beside_the_usual_one_and_is_not_named_in_the_lock(
    definition: Definition, resolver: LockResolver, builder: Builder, address: str
) -> None:
    variant = replace(ask(definition, "quirk\nneeded\n"), variant="cu128", index=f"{address}/cu128", imports=("quirk",))
    resolver.lock(variant)
    assert pins(variant) == ["needed==2.0", "quirk==2.0+cu128"]
    assert "127.0.0.1" not in variant.locked.read_text()
    build = builder.ensure(variant, quiet)
    assert build.own_marker.key_input.accelerator == "cu128"
    assert (build.site_packages / "quirk-2.0+cu128.dist-info").is_dir()


@pytest.mark.exhaustive  # the resolver tries again for some seconds
def test_an_index_that_can_not_be_reached_is_no_reason_to_change_the_requirements(
    definition: Definition, resolver: LockResolver, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(NotReady, match="'alpha'") as refused:
        resolver.lock(ask(definition, "quirk\n"))
    assert "pipeline env lock alpha" in str(refused.value.next_step)


def test_the_variables_of_a_definition_reach_what_is_built_to_see_what_it_requires(
    resolver: LockResolver, definition: Definition, wheels: Path
) -> None:
    requires = "('Requires-Dist: quirk\\n' if os.environ.get('WITH_QUIRK') == 'yes' else '')"
    sdist(wheels, "steered", "''", metadata=requires)
    told(resolver, ask(definition, "steered\n"))
    assert pins(definition) == ["steered==1.0"]
    told(resolver, replace(definition, variables=(("WITH_QUIRK", "yes"),)))
    assert pins(definition) == ["quirk==2.0", "steered==1.0"]
    told(resolver, definition)
    assert pins(definition) == ["steered==1.0"]


def test_they_reach_a_package_that_another_one_brings(
    resolver: LockResolver, definition: Definition, wheels: Path
) -> None:
    sdist(wheels, "demanding", "''", "assert os.environ['ALLOWED'] == 'yes'", "'Requires-Dist: quirk\\n'")
    wheel(wheels, "bringing", "1.0", "demanding")
    allowing = replace(ask(definition, "bringing\n"), variables=(("ALLOWED", "yes"),))
    told(resolver, allowing)
    assert pins(definition) == ["bringing==1.0", "demanding==1.0", "quirk==2.0"]
