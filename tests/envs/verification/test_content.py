"""Every file that a package recorded is looked at, and nothing else is taken for damage."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs.verification import content, health
from tests.envs.conftest import Whole


@pytest.fixture
def site_packages(to_damage: Whole) -> Path:
    return to_damage.build.site_packages


def told(site_packages: Path) -> list[str]:
    return [str(each) for each in content.damaged(site_packages)]


def test_what_was_just_built_is_whole(site_packages: Path) -> None:
    assert content.damaged(site_packages) == []


def cut_off(folder: Path) -> None:
    os.truncate(folder / "quirk.py", 3)


def same_size_and_time(folder: Path) -> None:
    file = folder / "quirk.py"
    status = file.stat()
    file.write_bytes(file.read_bytes().replace(b"1.0", b"1.9"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(folder: Path) -> None:
    (folder / "quirk.py").unlink()


def folder_in_its_place(folder: Path) -> None:
    (folder / "quirk.py").unlink()
    (folder / "quirk.py").mkdir()


def dangling(folder: Path) -> None:
    (folder / "quirk.py").unlink()
    (folder / "quirk.py").symlink_to("nowhere")


def circle(folder: Path) -> None:
    (folder / "quirk.py").unlink()
    (folder / "quirk.py").symlink_to("quirk.py")


def without_record(folder: Path) -> None:
    (folder / "quirk-1.0.dist-info/RECORD").unlink()


def binary_record(folder: Path) -> None:
    (folder / "quirk-1.0.dist-info/RECORD").write_bytes(b"\xff\xfe\0")


def record_with_no_number(folder: Path) -> None:
    (folder / "quirk-1.0.dist-info/RECORD").write_text("quirk.py,sha256=x,many\n")


DAMAGE: dict[Callable[[Path], None], str] = {
    cut_off: "quirk: quirk.py has 3 bytes instead of 16",
    same_size_and_time: "quirk: quirk.py has other content",
    remove: "quirk: quirk.py is missing",
    folder_in_its_place: "quirk: quirk.py can't be read: Is a directory",
    dangling: "quirk: quirk.py is missing",
    circle: "quirk: quirk.py can't be read: Too many levels of symbolic links",
    without_record: "quirk: quirk-1.0.dist-info/RECORD can't be read: No such file or directory",
    binary_record: "quirk: quirk-1.0.dist-info/RECORD can't be read: 'utf-8' codec",
    record_with_no_number: "quirk: quirk-1.0.dist-info/RECORD can't be read: invalid literal",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_named_by_package_and_file(site_packages: Path, damage: Callable[[Path], None]) -> None:
    damage(site_packages)
    (line,) = told(site_packages)
    assert line.startswith(DAMAGE[damage])


def test_a_changed_byte_is_seen_here_and_not_by_the_quick_look(to_damage: Whole, site_packages: Path) -> None:
    same_size_and_time(site_packages)
    assert health.problem(to_damage.build) is None
    assert told(site_packages)


def test_bytecode_the_record_itself_and_files_of_no_package_are_not_looked_at(site_packages: Path) -> None:
    for compiled in (site_packages / "__pycache__").iterdir():
        compiled.write_bytes(b"")
    (site_packages / "foreign.py").touch()
    record = site_packages / "quirk-1.0.dist-info/RECORD"
    with record.open("a") as file:
        file.write(
            "\nquirk.pyc,sha256=x,3\nno/hash.py,,\nother/kind.py,crc32=x,3\nany/length.py,shake_128=x,3\nlonely\n"
        )
    assert told(site_packages) == []


def test_names_with_commas_and_quotes_are_read(site_packages: Path) -> None:
    with (site_packages / "quirk-1.0.dist-info/RECORD").open("a") as file:
        file.write('"a ""b"", c.py",sha256=x,3\n')
    (problem,) = told(site_packages)
    assert problem.startswith('quirk: a "b", c.py ')


def test_what_the_publisher_got_wrong_is_known_and_still_looked_at(site_packages: Path) -> None:
    same_size_and_time(site_packages)
    (found,) = content.damaged(site_packages)
    otherwise = {found.file: found.digest}
    assert content.damaged(site_packages, otherwise) == []
    cut_off(site_packages)
    assert [str(each) for each in content.damaged(site_packages, otherwise)] == ["quirk: quirk.py has other content"]


def test_a_file_that_the_publisher_left_out_is_no_damage(site_packages: Path) -> None:
    remove(site_packages)
    assert content.damaged(site_packages, {"quirk.py": None}) == []
