"""``pipeline env sbom`` on a real build."""

import json
import os
from pathlib import Path

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


def test_a_pipe_or_a_device_is_written_into_and_stays_one(ready: Sandbox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    done = ready.give("pipeline", "env", "sbom", "alpha", "-o", tmp_path / "pipe")
    assert done.code == 0, done.err
    assert json.loads(os.read(reading, 1 << 20))["bomFormat"] == "CycloneDX"
    assert (tmp_path / "pipe").is_fifo()
    os.close(reading)
