"""A package that isn't whole, or isn't a package, is refused before anything of it is written."""

import gzip
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError, NotReady
from pipeline.packages import manifest, store
from tests.packages.conftest import Manifest, changed, content_of, described, write

WORKFLOW = "project/config/workflows/tested.yaml"


def refused(file: Path, match: str) -> None:
    with pytest.raises(InputError, match=match):
        manifest.read(file)
    assert not store.root().exists()


def add(name: str, data: bytes = b"x") -> Callable[[Manifest, dict[str, Any]], None]:
    def change(manifest: Manifest, files: dict[str, Any]) -> None:
        files[name] = data
        manifest["files"][name] = described(data)

    return change


def special(kind: bytes, target: str = "") -> Callable[[Manifest, dict[str, Any]], None]:
    def change(manifest: Manifest, files: dict[str, Any]) -> None:
        member = tarfile.TarInfo("project/stages/more.py")
        member.type, member.linkname = kind, target
        files["a link"] = member
        manifest["files"][member.name] = described(b"")

    return change


def test_a_whole_package_is_read(package: Path) -> None:
    found = manifest.read(package)
    assert (found.name, found.identity[:7], len(found.digest)) == ("tested", "tested-", 64)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(package: Path, kind: bytes) -> None:
    refused(changed(package, special(kind, "/etc/passwd")), "is a link|isn't a plain file")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x",
        "project/../../x",
        "project/stages/../../../x",
        "C:/x",
        "project/stages/con.py",
        "project/stages/com1.txt",
        "project/stages/LPT9",
        "project/stages/a.",
        "project/stages/a ",
        "project/stages/a:b",
        "project/stages/a\\b",
        "project/stages/a\nb",
    ],
)
def test_names_that_lead_out_or_that_a_system_can_t_have_are_refused(package: Path, name: str) -> None:
    refused(changed(package, add(name)), "is refused")


@pytest.mark.parametrize(
    "name",
    [
        "project/venv/alpha/bin/python",
        "project/cache/results/x",
        "project/jobs/job-1/job.json",
        "project/models/x/model.bin",
        "project/logs/x",
        "project/config/pipeline.yaml",
        "project/Config/Pipeline.yaml",
        "project/config/hardware_cache.json",
        "project/extended/stages/x.py",
        "project/package.json",
        "project/.git/hooks/post-checkout",
        "project/stages/modules/.hidden/x",
    ],
)
def test_what_commands_make_and_settings_aren_t_brought_by_a_package(package: Path, name: str) -> None:
    refused(changed(package, add(name)), "isn't a file that a package can bring")


def test_two_members_of_one_name_are_refused(package: Path) -> None:
    written, files = content_of(package)
    with tarfile.open(write(package, written, files), "a") as tar:
        tar.addfile(tarfile.TarInfo(WORKFLOW))
    refused(package, "is there twice")


def test_names_that_are_one_on_other_systems_are_refused(package: Path) -> None:
    refused(changed(package, add(WORKFLOW.replace("tested", "Tested"))), "one name on some systems")


def test_an_unknown_key_is_refused(package: Path) -> None:
    refused(changed(package, lambda manifest, _: manifest.update(post_install="rm")), "post_install")
    refused(changed(package, lambda manifest, _: manifest["files"][WORKFLOW].update(mode=1)), "mode")


@pytest.mark.parametrize(("key", "value"), [("schema", 2), ("requires", "99.0"), ("requires", "0.1.1")])
def test_a_package_of_a_newer_version_says_which_it_needs(package: Path, key: str, value: object) -> None:
    newer = changed(package, lambda manifest, _: manifest.update({key: value, "more": 1}))
    with pytest.raises(NotReady) as caught:
        manifest.read(newer)
    assert caught.value.next_step is not None
    assert "install" in caught.value.next_step


def test_a_newer_schema_of_the_same_version_is_told_as_such(package: Path) -> None:
    newer = changed(package, lambda manifest, _: manifest.update(schema=2))
    with pytest.raises(NotReady, match="schema 2"):
        manifest.read(newer)


@pytest.mark.parametrize("value", [0, -1, "1", None, True, 1.5])
def test_a_schema_that_never_was_is_refused(package: Path, value: object) -> None:
    refused(changed(package, lambda manifest, _: manifest.update(schema=value)), "schema")


def test_a_changed_byte_is_refused(package: Path) -> None:
    data = package.read_bytes()
    place = data.rindex(b"def run")
    package.write_bytes(data[:place] + b"D" + data[place + 1 :])
    refused(package, "is damaged")


def test_a_file_that_is_missing_and_one_too_many_are_refused(package: Path) -> None:
    refused(changed(package, lambda _, files: files.pop(WORKFLOW)), "is missing")
    refused(changed(package, lambda _, files: files.update({"project/stages/more.py": b"x"})), "isn't in its manifest")


def test_a_file_that_is_larger_than_the_manifest_says_is_refused(package: Path) -> None:
    refused(changed(package, lambda _, files: files.update({WORKFLOW: b"x" * 10_000_000})), "bytes, not")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_package_is_refused(package: Path, share: float) -> None:
    data = package.read_bytes()
    package.write_bytes(data[: int(len(data) * share)])
    refused(package, "isn't a")


@pytest.mark.long
def test_a_compressed_file_is_no_package_so_that_nothing_grows(package: Path) -> None:
    package.write_bytes(gzip.compress(package.read_bytes() + bytes(50_000_000)))
    refused(package, "isn't a")


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x03\x04" + bytes(5000), bytes(20_000)])
def test_a_file_that_is_no_archive_is_refused(package: Path, data: bytes) -> None:
    package.write_bytes(data)
    refused(package, "isn't a|is refused")


def test_a_file_that_can_t_be_read_is_told(package: Path, tmp_path: Path) -> None:
    refused(tmp_path / "nothing.pkg", "can't be read")
    with pytest.raises(InputError) as caught:
        manifest.read(tmp_path / "nothing.pkg")
    assert str(caught.value.next_step).endswith(f"\nls -l {tmp_path}")
    refused(tmp_path, "can't be read")
    package.chmod(0)
    if not os.access(package, os.R_OK):
        refused(package, "can't be read")


def test_a_manifest_must_speak_of_what_is_there(package: Path) -> None:
    refused(changed(package, lambda manifest, _: manifest.update(name="other")), "has no config/workflows/other.yaml")
    refused(changed(package, lambda manifest, _: manifest.update(extends=True)), "don't go together")
    refused(changed(package, lambda manifest, _: manifest.update(platform="linux-x86_64")), "don't go together")
    refused(changed(package, add("models/m/weights.bin")), "of no model")

    def another_lock(manifest: Manifest, _: dict[str, Any]) -> None:
        manifest["environments"]["alpha"]["project/requirements/alpha.lock"] = f"sha256:{0:064}"

    refused(changed(package, another_lock), "isn't in it")


def test_a_bundle_of_environments_names_the_command_for_it(package: Path) -> None:
    with pytest.raises(InputError) as caught:
        manifest.read(changed(package, lambda manifest, _: manifest.update(kind="environment-bundle")))
    assert str(caught.value.next_step).startswith("bootstrap --from-bundle ")


def test_no_word_of_a_manifest_can_steer_a_terminal(package: Path) -> None:
    entry = {"digest": f"sha256:{0:064}", "inside": False}
    refused(changed(package, lambda manifest, _: manifest.update(models={"a\x1b[2J": entry})), "models")
    refused(changed(package, lambda manifest, _: manifest.update(platform="a\x1b[2J")), "platform")
