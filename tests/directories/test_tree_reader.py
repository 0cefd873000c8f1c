"""Directories as outputs: what is read of them, and what can't be one."""

import itertools
import os
import shutil
import socket
import stat
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.digests import content_digest
from pipeline.directories import manifest, tree_reader
from pipeline.directories.own_files import make_own
from pipeline.directories.placement import TreePlacer
from pipeline.directories.scan import TreeItem, any_signature_of, scan
from pipeline.directories.tree_reader import DirectoryUnusable, digest_of, read
from pipeline.signatures import Signature
from pipeline.values import decode, encode

ODD = ["new\nline", os.fsdecode(b"\xff\xfe"), "\u00e9", "e\u0301", "a b", "-rf", ".hidden", "%41", '"quoted"']


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Files at ten levels, odd names, an empty folder, a program, a file of many blocks, links."""
    top = tmp_path / "outputs/tiles"
    deepest = top.joinpath(*"abcdefghij")
    deepest.mkdir(parents=True)
    (top / "empty").mkdir()
    for name in ODD:
        (deepest / name).write_text(name, errors="surrogateescape")
    (top / "tool").write_text("#!/bin/sh\n")
    (top / "tool").chmod(0o755)
    (top / "large").write_bytes(os.urandom(tree_reader.CHUNK + 1))
    (top / "nothing").touch()
    (top / "a/to_tool").symlink_to("../tool")
    (top / "to_folder").symlink_to("a/b")
    return top


def test_a_directory_has_one_digest_over_all_that_is_in_it(directory: Path) -> None:
    found = read(directory).manifest
    assert {each.path.rpartition("/")[2] for each in found.entries} >= set(ODD)
    assert found.files == len(ODD) + 3
    assert found.size == sum(
        each.stat().st_size for each in directory.rglob("*") if each.is_file() and not each.is_symlink()
    )
    assert found.digest == digest_of(directory)
    assert found.digest.startswith("blake3-tree:")


def test_a_manifest_is_read_as_it_was_written(directory: Path) -> None:
    found = read(directory).manifest
    manifest.write(directory, found)
    assert decode(encode(found), manifest.Manifest) == found
    assert manifest.read(directory, found.digest) == found
    assert manifest.read(directory, "blake3-tree:" + "0" * 64) is None


def appends(top: Path) -> None:
    (top / "nothing").write_text("x")


def loses_a_right(top: Path) -> None:
    (top / "tool").chmod(0o644)


def leads_elsewhere(top: Path) -> None:
    (top / "to_folder").unlink()
    (top / "to_folder").symlink_to("a")


def is_renamed(top: Path) -> None:
    (top / "empty").rename(top / "hollow")


def has_another_kind(top: Path) -> None:
    (top / "nothing").unlink()
    (top / "nothing").mkdir()


CHANGES = [appends, loses_a_right, leads_elsewhere, is_renamed, has_another_kind]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_gives_another_digest_and_is_told_by_name(directory: Path, change: Callable[[Path], None]) -> None:
    before = read(directory)
    change(directory)
    after = read(directory)
    assert after.manifest.digest != before.manifest.digest
    assert after.signature != before.signature
    assert list(manifest.differences(before.manifest, after.manifest))


def test_many_differences_are_counted_and_the_first_few_named(directory: Path) -> None:
    before = read(directory).manifest
    for number in range(20):
        (directory / f"new-{number:02}").touch()
    words = manifest.described(before, read(directory).manifest)
    assert words.startswith("20 of ")
    assert words.endswith("new-04 (new) and 15 more")


def test_bytes_that_change_with_size_and_time_as_they_were_change_the_signature(directory: Path) -> None:
    before, file = read(directory).signature, directory / "tool"
    status = file.stat()
    file.write_text("#!/bin/SH\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert any_signature_of(directory) != before


def test_a_copy_has_the_same_digest_wherever_it_is(directory: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(directory, copy, symlinks=True)
    assert digest_of(copy) == digest_of(directory)


@pytest.mark.parametrize(("size", "blocks", "threads"), [(1, 0, 1), (1, 8, 2), (9, 0, 2)])
def test_only_what_comes_from_a_disk_or_is_large_is_read_in_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, blocks: int, threads: int
) -> None:
    monkeypatch.setattr(tree_reader, "AT_ONCE", 4)
    monkeypatch.setattr(tree_reader, "SMALL", 8)
    count = itertools.count(0, blocks)
    monkeypatch.setattr(tree_reader, "_blocks_read", lambda: next(count))
    readers = set()
    digest = tree_reader.file_digest

    def noted(directory: str, file: TreeItem) -> str:
        readers.add(threading.current_thread() is threading.main_thread())
        return digest(directory, file)

    monkeypatch.setattr(tree_reader, "file_digest", noted)
    for number in range(20):
        (tmp_path / f"{number}.bin").write_bytes(bytes([number]) * size)
    found = read(tmp_path).manifest
    assert (False in readers) == (threads > 1)
    assert [each.content for each in found.entries] == [
        content_digest(tmp_path / each.path).removeprefix("blake3:") for each in found.entries
    ]


@pytest.mark.long
def test_the_place_of_files_in_many_threads_doesn_t_count(tmp_path: Path) -> None:
    for name in ("first", "second"):
        for number in sorted(range(1000), reverse=name == "second"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}").write_text(f"{number}")
    assert digest_of(tmp_path / "first") == digest_of(tmp_path / "second")


def makes_a_pipe(top: Path) -> None:
    os.mkfifo(top / "special")


def makes_a_socket(top: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        here = Path.cwd()
        os.chdir(top)  # the path of a socket has at most a hundred bytes
        try:
            opened.bind("special")
        finally:
            os.chdir(here)


def leads_out(top: Path) -> None:
    (top / "special").symlink_to("../../secret")


def leads_out_by_a_link(top: Path) -> None:
    (top / "here").symlink_to(".")
    (top / "special").symlink_to("here/../../secret")


def leads_out_and_back(top: Path) -> None:
    (top / "special").symlink_to(f"../{top.name}/tool")


def leads_to_the_system(top: Path) -> None:
    (top / "special").symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    "make", [makes_a_pipe, makes_a_socket, leads_out, leads_out_by_a_link, leads_out_and_back, leads_to_the_system]
)
def test_what_is_no_file_of_its_own_is_refused_by_name(directory: Path, make: Callable[[Path], None]) -> None:
    make(directory)
    with pytest.raises(DirectoryUnusable, match="special"):
        read(directory, make_own(directory))


def test_a_file_that_changes_while_it_is_read_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = tree_reader._digests

    def and_changes(top: Path, files: Sequence[TreeItem]) -> list[str]:
        found = digests(top, files)
        (directory / "nothing").write_text("later")
        return found

    monkeypatch.setattr(tree_reader, "_digests", and_changes)
    with pytest.raises(DirectoryUnusable, match="while it was read"):
        read(directory)


def test_a_file_that_goes_while_it_is_read_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = tree_reader._wait_until_settled

    def and_goes(signature: Signature) -> None:
        wait(signature)
        (directory / "nothing").unlink()

    monkeypatch.setattr(tree_reader, "_wait_until_settled", and_goes)
    with pytest.raises(DirectoryUnusable, match="while it was read"):
        read(directory)


def test_a_signature_is_settled_when_it_was_read(directory: Path) -> None:
    (directory / "nothing").write_text("just now")
    assert read(directory).signature.is_settled(time.time_ns())


def test_names_of_the_same_bytes_elsewhere_become_files_of_their_own(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "person.txt").write_text("mine")
    os.link(tmp_path / "person.txt", directory / "linked")
    os.link(directory / "tool", directory / "same")
    make_own(directory)
    assert (tmp_path / "person.txt").stat().st_nlink == 1
    assert (directory / "linked").read_text() == "mine"
    assert all(os.access(directory / name, os.X_OK) for name in ("tool", "same"))


def test_a_link_that_names_its_place_is_kept_as_one_that_doesn_t(directory: Path) -> None:
    (directory / "a/absolute").symlink_to(directory / "empty")
    read(directory, make_own(directory))
    assert (directory / "a/absolute").readlink() == Path("../empty")


def test_the_owner_may_read_and_remove_everything(directory: Path) -> None:
    (directory / "a").chmod(0o500)
    (directory / "tool").chmod(0o111)
    make_own(directory)
    assert stat.S_IMODE((directory / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "tool").stat().st_mode) == 0o511


@pytest.mark.parametrize("has_links", [True, False])
def test_a_placed_directory_is_the_same(directory: Path, tmp_path: Path, has_links: bool) -> None:
    placer, target = TreePlacer(), tmp_path / "placed"
    placer._links &= has_links
    placer.place(directory, scan(directory), target)
    assert digest_of(target) == digest_of(directory)
    shared = (target / "tool").stat().st_ino == (directory / "tool").stat().st_ino
    assert not shared or not (directory / "tool").stat().st_mode & stat.S_IWUSR
    assert os.access(target / "tool", os.X_OK)


def test_a_link_in_place_of_a_directory_has_no_signature(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(directory)
    with pytest.raises(NotADirectoryError):
        any_signature_of(tmp_path / "link")
    with pytest.raises(NotADirectoryError):
        scan(tmp_path / "link")
