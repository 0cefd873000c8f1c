"""A bundle's form: whole, the same every time, and refused with the member's name before anything is written."""

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.bundles import archive
from pipeline.digests import sha256_of_bytes
from pipeline.errors import InputError
from tests.conftest import also

HEADING = {"schema": 1}
MEMBERS = {"wheels/a.whl": b"a wheel", "project/requirements/a.lock": b"a lock"}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    archive.write(tmp_path / "b.tar", HEADING, MEMBERS)
    return tmp_path / "b.tar"


def forged(file: Path, *members: tarfile.TarInfo, described: Mapping[str, Any] | None = None) -> Path:
    """A bundle with these members after its manifest, which tells of each but what ``described`` says otherwise."""
    content = {member.name: b"x" * member.size for member in members}
    files = {name: {"size": len(data), "sha256": sha256_of_bytes(data)} for name, data in content.items()}
    manifest = json.dumps({"files": files if described is None else described}).encode()
    with tarfile.open(file, "w") as tar:
        head = tarfile.TarInfo(archive.MANIFEST)
        head.size = len(manifest)
        tar.addfile(head, io.BytesIO(manifest))
        for member in members:
            tar.addfile(member, io.BytesIO(content[member.name]) if member.isreg() else None)
    return file


def plain(name: str, size: int = 1) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def test_what_is_written_can_be_read(bundle: Path, tmp_path: Path) -> None:
    opened = archive.read(bundle)
    archive.unpack(opened, tmp_path / "out")
    assert (opened.manifest["schema"], opened.size) == (1, 13)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in MEMBERS} == MEMBERS


def test_the_same_content_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    archive.write(again, HEADING, dict(reversed(MEMBERS.items())))
    assert again.read_bytes() == bundle.read_bytes()


def test_a_file_of_the_disk_goes_in_like_bytes(bundle: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "a wheel"
    wheel.write_bytes(MEMBERS["wheels/a.whl"])
    wheel.chmod(0o700)
    os.utime(wheel, (1, 1))
    archive.write(tmp_path / "again.tar", HEADING, {**MEMBERS, "wheels/a.whl": wheel})
    assert (tmp_path / "again.tar").read_bytes() == bundle.read_bytes()


def test_a_very_long_name_survives(tmp_path: Path) -> None:
    name = "wheels/" + "ä" * 120
    archive.write(tmp_path / "b.tar", HEADING, {name: b"x"})
    archive.unpack(archive.read(tmp_path / "b.tar"), tmp_path / "out")
    assert (tmp_path / "out" / name).read_bytes() == b"x"


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (plain("../out"), "leads out of its folder"),
        (plain("wheels/../../out"), "leads out of its folder"),
        (plain("/etc/passwd"), "has an absolute path"),
        (plain("C:/windows"), "has an absolute path"),
        (plain("wheels//a"), "leads out of its folder"),
        (plain("wheels\\..\\a"), "character"),
        (plain("wheels/a\nb"), "character"),
        (plain("wheels/con.whl"), "not every system"),
        (plain("wheels/a. "), "not every system"),
        (special("wheels/a", tarfile.SYMTYPE, "/etc/passwd"), "is a link to /etc/passwd"),
        (special("wheels/a", tarfile.LNKTYPE, "../../etc/passwd"), "is a link to"),
        (special("wheels/a", tarfile.CHRTYPE), "isn't a plain file"),
        (special("wheels/a", tarfile.FIFOTYPE), "isn't a plain file"),
        (special("wheels", tarfile.DIRTYPE), "isn't a plain file"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_an_unsafe_member_is_refused_and_named(tmp_path: Path, member: tarfile.TarInfo, why: str) -> None:
    with pytest.raises(InputError, match="is refused") as refused:
        archive.read(forged(tmp_path / "b.tar", member))
    assert why in refused.value.message
    assert os.listdir(tmp_path) == ["b.tar"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["wheels/a", "wheels/a"], "is there twice"),
        (["wheels/a", "wheels/A"], "are one name on some systems"),
        (["wheels/\u00e9", "wheels/e\u0301"], "are one name on some systems"),
        (["wheels", "wheels/a"], "is a file and the folder of"),
        (["manifest.json"], "is there twice"),
    ],
)
def test_names_that_clash_are_refused(tmp_path: Path, names: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        archive.read(forged(tmp_path / "b.tar", *map(plain, names)))


def test_a_member_that_the_manifest_does_not_tell_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wheels/a"):
        archive.read(forged(tmp_path / "b.tar", plain("wheels/a"), described={}))


def test_a_member_that_is_missing_is_named(tmp_path: Path) -> None:
    described = {"wheels/a": {"size": 1, "sha256": "sha256:0"}}
    with pytest.raises(InputError, match="wheels/a"):
        archive.read(forged(tmp_path / "b.tar", described=described))


def test_a_member_of_another_size_is_named(tmp_path: Path) -> None:
    described = {"wheels/a": {"size": 2, "sha256": "sha256:0"}}
    with pytest.raises(InputError, match=r"wheels/a .*1.*2"):
        archive.read(forged(tmp_path / "b.tar", plain("wheels/a"), described=described))


def test_an_altered_member_is_refused_and_named(bundle: Path, tmp_path: Path) -> None:
    data = bundle.read_bytes()
    bundle.write_bytes(data.replace(b"a wheel", b"a whale"))
    with pytest.raises(InputError, match=r"wheels/a\.whl"):
        archive.unpack(archive.read(bundle), tmp_path / "out")


@pytest.mark.parametrize("kept", [0, 100, 600, 1300, *also(*range(1, 5000, 97))])
def test_a_torn_bundle_is_refused(bundle: Path, tmp_path: Path, kept: int) -> None:
    data = bundle.read_bytes()
    end = data.rindex(b"a wheel")
    bundle.write_bytes(data[: min(kept, end)])
    with pytest.raises(InputError):
        archive.unpack(archive.read(bundle), tmp_path / "out")


def test_a_bundle_that_ends_within_its_last_file_is_refused(bundle: Path) -> None:
    data = bundle.read_bytes()
    bundle.write_bytes(data[: data.rindex(b"a wheel") + 3])
    with pytest.raises(InputError, match=r"b\.t"):
        archive.read(bundle)


@pytest.mark.parametrize("manifest", [b"", b"[", b"[]", b'{"files": []}', b'{"files": {"a": 1}}', b"[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, manifest: bytes) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        head = tarfile.TarInfo(archive.MANIFEST)
        head.size = len(manifest)
        tar.addfile(head, io.BytesIO(manifest))
    with pytest.raises(InputError, match=r"b\.tar.*manifest"):
        archive.read(tmp_path / "b.tar")


@pytest.mark.parametrize("content", [b"", b"just some words, no archive", b"\x1f\x8b\x08 compressed"])
def test_what_is_no_bundle_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(InputError, match="bundle"):
        archive.read(tmp_path / "b.tar")


def test_a_compressed_one_is_refused(bundle: Path, tmp_path: Path) -> None:
    import gzip

    (tmp_path / "b.tgz").write_bytes(gzip.compress(bundle.read_bytes()))
    with pytest.raises(InputError, match=r"b\.t"):
        archive.read(tmp_path / "b.tgz")


def test_a_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tar.*No such file"):
        archive.read(tmp_path / "none.tar")


def test_a_file_that_changes_while_it_is_bundled_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, real = tmp_path / "wheel", archive._described
    wheel.write_bytes(b"before")

    def changing(content: archive.Content) -> dict[str, Any]:
        described = real(content)
        wheel.write_bytes(b"after!")
        return described

    monkeypatch.setattr(archive, "_described", changing)
    with pytest.raises(InputError, match="wheel"):
        archive.write(tmp_path / "b.tar", HEADING, {"wheels/a": wheel})
    assert os.listdir(tmp_path) == ["wheel"]


def test_a_bundle_that_was_there_stays_where_the_new_one_fails(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bundle.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        archive.write(bundle, HEADING, {})
    assert (bundle.read_bytes(), os.listdir(bundle.parent)) == (before, [bundle.name])


@pytest.fixture
def small_disk(tmp_path: Path, spawning: None) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can't be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        archive.write(small_disk / "b.tar", HEADING, {"wheels/a": b"x" * 1_000_000})
    assert os.listdir(small_disk) == []


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("size", [1 << 62, (1 << 80) - 1, 1 << 30, -1, -(1 << 40)])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_size_that_no_file_has_is_refused(bundle: Path, tmp_path: Path, size: int, kind: bytes) -> None:
    data = bundle.read_bytes()
    with tarfile.open(bundle) as tar:
        tar.next()
        second = tar.next()
    assert second is not None
    (tmp_path / "huge.tar").write_bytes(data[: second.offset] + header(second.name, size, kind) + b"x" * 1024)
    with pytest.raises(InputError, match="isn't a whole archive"):
        archive.read(tmp_path / "huge.tar")


@pytest.mark.parametrize("more", [b"\0", b"x", b"\0" * tarfile.RECORDSIZE, b"PK\3\4" * 100])
def test_what_follows_its_end_is_refused(bundle: Path, more: bytes) -> None:
    with bundle.open("ab") as file:
        file.write(more)
    with pytest.raises(InputError, match=f"{len(more)} bytes follow its end"):
        archive.read(bundle)


def test_what_stands_in_the_zeros_of_its_end_is_refused(bundle: Path) -> None:
    with bundle.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    with pytest.raises(InputError, match="something else than zeros"):
        archive.read(bundle)


def test_a_bundle_whose_end_is_missing_is_refused(bundle: Path) -> None:
    os.truncate(bundle, bundle.stat().st_size - 1)
    with pytest.raises(InputError, match="its end is missing"):
        archive.read(bundle)
