"""``pipeline env sbom`` and ``pipeline env licenses`` on a real build."""

import json
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from tests.conftest import Sandbox


def test_the_bill_of_materials_names_the_packages_with_the_lock_s_hashes(ready: Sandbox) -> None:
    document = json.loads(ready.give("pipeline", "env", "sbom", "alpha").out)
    (quirk,) = [each for each in document["components"] if each["name"] == "quirk"]
    assert (document["specVersion"], quirk["version"]) == ("1.6", "1.0")
    assert quirk["hashes"][0]["content"] in (ready.root / "requirements" / "alpha.lock").read_text()


def test_hashes_of_a_lock_that_has_changed_are_left_out(ready: Sandbox) -> None:
    with (ready.root / "requirements" / "alpha.lock").open("a") as lock:
        lock.write("# changed\n")
    document = json.loads(ready.give("pipeline", "env", "sbom", "alpha").out)
    assert [each for each in document["components"] if "hashes" in each] == []


def test_the_bill_of_materials_can_be_written_to_a_file(ready: Sandbox, tmp_path: Path) -> None:
    done = ready.give("pipeline", "env", "sbom", "alpha", "-o", tmp_path / "alpha.cdx.json", "--json")
    assert done.data["file"] == str(tmp_path / "alpha.cdx.json")
    assert json.loads((tmp_path / "alpha.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_a_file_that_cannot_be_written_is_told(ready: Sandbox, tmp_path: Path) -> None:
    done = ready.give("pipeline", "env", "sbom", "alpha", "-o", tmp_path / "none" / "a.json")
    assert done.code == ExitCode.NOT_READY
    assert f"{tmp_path}/none/a.json" in done.error
    assert "No such file" in done.error


def test_packages_that_tell_no_license_are_named(ready: Sandbox) -> None:
    done = ready.give("pipeline", "env", "licenses", "alpha")
    assert "quirk" in done.out.splitlines()[-1]
    (row,) = ready.give("pipeline", "env", "licenses", "alpha", "--json").data
    assert row == {"name": "quirk", "version": "1.0", "license": None, "source": "unknown", "files": []}


def test_what_is_not_built_is_told_with_what_builds_it(sandbox: Sandbox, spawning: None) -> None:
    for command in ("sbom", "licenses"):
        done = sandbox.give("pipeline", "env", command, "alpha")
        assert (done.code, done.next_step) == (ExitCode.NOT_READY, "bootstrap --env alpha")


@pytest.mark.parametrize("command", ["sbom", "licenses"])
def test_what_somebody_else_makes_has_no_record_to_tell_from(sandbox: Sandbox, spawning: None, command: str) -> None:
    sandbox.write("config/environments/alpha.yaml", "interpreter: theirs\n")
    done = sandbox.run("pipeline", "env", command, "alpha")
    assert (done.code, done.next_step) == (2, f"{sandbox.root}/theirs/bin/python -m pip list")
