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


def test_the_models_are_listed_with_commit_license_and_the_digests_of_their_files(ready: Sandbox) -> None:
    lock = {"repository": "someone/heard", "revision": "1" * 40, "license": "apache-2.0"}
    lock["files"] = {"model.bin": {"sha256": "a" * 64, "size": 3}}  # type: ignore[assignment]
    ready.write("requirements/models/heard.lock", json.dumps(lock))
    other = f"other:\n  license: own terms\n  files: {{x: {'b' * 64}}}\n  sources: [{{folder: models/other}}]\n"
    entries = "heard: {sources: [{huggingface: someone/heard}]}\nnew: {sources: [{huggingface: someone/new}]}\n"
    ready.write("config/models.yaml", f"{entries}{other}")
    definition = ready.root / "config/environments/alpha.yaml"
    definition.write_text(f"{definition.read_text()}models: [heard]\n")
    words = ("--model", "other", "--model", "new", "--model", "heard")
    document = json.loads(ready.give("pipeline", "env", "sbom", "alpha", *words).out)
    found = {each["name"]: each for each in document["components"] if each["type"] == "machine-learning-model"}
    assert found.keys() == {"heard", "new", "other"}
    heard = found["heard"]
    assert (heard["version"], heard["purl"]) == ("1" * 40, f"pkg:huggingface/someone/heard@{'1' * 40}")
    assert heard["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (file,) = heard["components"]
    assert (file["name"], file["hashes"]) == ("model.bin", [{"alg": "SHA-256", "content": "a" * 64}])
    assert found["other"]["licenses"] == [{"license": {"name": "own terms"}}]
    assert "components" not in found["new"]
    used = next(each["dependsOn"] for each in document["dependencies"] if each["ref"] == "environment/alpha")
    assert "model/heard" in used
