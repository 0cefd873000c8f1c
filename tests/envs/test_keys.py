"""What an environment's key depends on, and what it doesn't."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs import keys
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.values import plain

INTERPRETER = BaseInterpreter(Path("/usr/bin/python3.11"), "3.11.7", "cpython-311-x86_64-linux-gnu")


@pytest.fixture
def definition(tmp_path: Path) -> Definition:
    (tmp_path / "alpha.lock").write_text("quirk==1.0 --hash=sha256:00\n")
    return Definition("alpha", ">=3.10", tmp_path / "alpha.lock", imports=("quirk",))


def key(definition: Definition, interpreter: BaseInterpreter = INTERPRETER, base: dict[str, str] | None = None) -> str:
    return keys.key_of(keys.key_input(definition, interpreter, base or {}))


def test_a_key_is_the_whole_digest(definition: Definition) -> None:
    assert key(definition).startswith("sha256:")
    assert len(key(definition)) == len("sha256:") + 64


def test_one_byte_of_the_lock_makes_another_key(definition: Definition) -> None:
    before = key(definition)
    definition.locked.write_bytes(definition.locked.read_bytes() + b"#")
    assert key(definition) != before


@pytest.mark.parametrize("change", [{"version": "3.11.8"}, {"abi": "cpython-311d-x86_64-linux-gnu"}])
def test_another_interpreter_makes_another_key(definition: Definition, change: dict[str, str]) -> None:
    assert key(definition, replace(INTERPRETER, **change)) != key(definition)  # type: ignore[arg-type]  # strings only


def test_another_platform_makes_another_key(definition: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(definition)
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-aarch64")
    assert key(definition) != before


def test_names_and_places_make_no_difference(definition: Definition, tmp_path: Path) -> None:
    lock = tmp_path / "elsewhere.lock"
    lock.write_bytes(definition.locked.read_bytes())
    same = replace(definition, name="beta", lock=lock, description="other words", python=">=3.9")
    assert key(same, replace(INTERPRETER, executable=Path("/opt/python"))) == key(definition)


def test_a_key_is_the_one_that_builds_on_the_disk_have(definition: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-x86_64")
    assert key(definition) == "sha256:9913e3737391451b644765687a9dd9e678d7debbd1fecf0ac5ecea88a2be43fb"


def test_the_input_names_what_could_differ(definition: Definition) -> None:
    assert plain(keys.key_input(definition, INTERPRETER, {})).keys() == {
        "schema",
        "lock",
        "python",
        "abi",
        "platform",
        "accelerator",
    }


def test_what_steers_a_build_makes_another_key_and_other_variables_do_not(definition: Definition) -> None:
    assert key(definition, base={"LANG": "de", "EDITOR": "ed"}) == key(definition)
    keys_of_builds = {
        key(definition),
        key(definition, base={"CFLAGS": "-O3"}),
        key(definition, base={"CMAKE_ARGS": "-DX=1"}),
        key(replace(definition, variables=(("MYFLAG", "one"),))),
        key(replace(definition, variables=(("MYFLAG", "two"),))),
        key(replace(definition, build_after=(("quirk", ("torch",)),))),
        key(replace(definition, preferred=("quirk",))),
    }
    assert len(keys_of_builds) == 7
