"""Bytecode that is used again: the same as if it were compiled, and only of what is whole."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.builder import bytecode, bytecode_store
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.bytecode_store import BytecodeStore
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.envs.verification import file_check
from pipeline.progress import quiet
from tests.conftest import wheel_of
from tests.envs.conftest import locked

FILES = {"box/__init__.py": b"", "box/part.py": b"PART = 1\n", "box/tests/test_part.py": b"import box\n"}


@pytest.fixture
def box(definition: Definition, tmp_path: Path) -> Definition:
    return boxed(definition, tmp_path, FILES)


def boxed(
    definition: Definition, folder: Path, files: Mapping[str, bytes], wrong: Mapping[str, bytes] | None = None
) -> Definition:
    """With a package ``box`` alone; its ``RECORD`` has the digests of ``files``; ``wrong`` come instead."""
    wheel = wheel_of(folder / "wheels", "box", files)
    if wrong:
        rewrite(wheel, wrong)
    lock = folder / "box.lock"
    lock.write_text(locked(wheel))
    return replace(definition, lock=lock, imports=("box.part",))


def rewrite(wheel: Path, files: Mapping[str, bytes]) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in {**content, **files}.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)


def code_in(build: Build) -> dict[str, bytes]:
    """All bytecode of the package, without the head that has the time of its source."""
    folder = build.site_packages / "box"
    return {str(path.relative_to(folder)): path.read_bytes()[16:] for path in sorted(folder.rglob("*.pyc"))}


def kept() -> list[Path]:
    folder = cache_folder() / "bytecode"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled from now on."""
    found: list[str] = []
    before = bytecode._compile

    def note(installer: object, sources: list[str]) -> None:
        found.extend(Path(source).name for source in sources)
        before(installer, sources)  # type: ignore[arg-type]

    monkeypatch.setattr(bytecode, "_compile", note)
    return found


def test_a_second_build_compiles_nothing_and_is_as_whole_as_the_first(
    builder: Builder, box: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = builder.ensure(box, quiet)
    assert len(kept()) == 1
    again = compiled(monkeypatch)
    second = builder.ensure(box, quiet, force=True)
    assert not {"__init__.py", "part.py"} & set(again)
    assert second.prefix != first.prefix
    assert code_in(second) == code_in(first)
    assert set(code_in(first)) == {path for path in code_in(second) if "tests" not in path}
    assert file_check.thorough(second).problems == ()


def test_what_is_taken_counts_for_the_source_beside_it(builder: Builder, box: Definition) -> None:
    builder.ensure(box, quiet)
    source = builder.ensure(box, quiet, force=True).site_packages / "box/part.py"
    (file,) = (source.parent / "__pycache__").glob("part.*.pyc")
    numbers = [int.from_bytes(file.read_bytes()[place : place + 4], "little") for place in (4, 8, 12)]
    assert numbers == [0, int(source.stat().st_mtime), source.stat().st_size]
    assert file.stat().st_mode == source.stat().st_mode


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, None])
def test_a_file_of_the_store_that_is_not_whole_is_passed_over(
    builder: Builder, box: Definition, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    first = builder.ensure(box, quiet)
    (file,) = kept()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if damage is None else damage)
    again = compiled(monkeypatch)
    assert code_in(builder.ensure(box, quiet, force=True)).keys() == code_in(first).keys()
    assert "part.py" in again


def test_a_module_that_is_not_what_its_record_says_is_neither_kept_nor_given_bytecode(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    builder.ensure(boxed(definition, tmp_path, FILES), quiet)
    assert len(kept()) == 1
    wrong = boxed(definition, tmp_path, FILES, wrong={"box/part.py": b"PART = 2\n"})
    build = builder.ensure(wrong, quiet)
    (file,) = (build.site_packages / "box/__pycache__").glob("part.*.pyc")
    import marshal

    names: dict[str, object] = {}
    exec(marshal.loads(file.read_bytes()[16:]), names)  # the test's own
    assert names["PART"] == 2
    assert len(kept()) == 1


def test_another_python_gets_other_bytecode(builder: Builder, box: Definition, tmp_path: Path) -> None:
    build = builder.ensure(box, quiet)
    key = build.own_marker.key_input
    for version, abi, is_known in ((key.python, key.abi, True), ("3.9.1", key.abi, False), (key.python, "x", False)):
        store = BytecodeStore(BaseInterpreter(Path("/python"), version, abi))
        for file in (build.site_packages / "box/__pycache__").iterdir():
            file.unlink()
        assert bool(store.place(build.site_packages, 0o022)) == is_known


def test_the_least_recently_used_go(builder: Builder, box: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode_store, "MOST", 0)
    builder.ensure(box, quiet)
    assert kept() == []


def test_where_the_cache_can_t_be_written_to_a_build_is_made_all_the_same(builder: Builder, box: Definition) -> None:
    cache_folder().parent.mkdir(parents=True, exist_ok=True)
    cache_folder().write_text("a file")
    assert code_in(builder.ensure(box, quiet))
