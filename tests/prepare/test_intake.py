"""Movies in folders, and what was seen to before."""

import re
from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.prepare import intake


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def names(found: list[Path]) -> list[str]:
    return [path.name for path in found]


def test_a_folder_stands_for_its_media_files_by_name(tmp_path: Path) -> None:
    put(tmp_path, "b.mkv", "a.MP4", "c.wav", "notes.txt", "a.es.srt", "deeper/d.mkv")
    assert names(intake.named([tmp_path], recursive=False, is_wanted=intake.is_media)) == ["a.MP4", "b.mkv", "c.wav"]
    assert names(intake.named([tmp_path], recursive=True, is_wanted=intake.is_media)) == [
        "a.MP4",
        "b.mkv",
        "c.wav",
        "d.mkv",
    ]


def test_films_come_in_natural_order(tmp_path: Path) -> None:
    put(tmp_path, "film 10.mkv", "film 2.mkv", "Film 1.mkv", "s2/a.mkv", "s10/a.mkv")
    in_order = ["Film 1.mkv", "film 2.mkv", "film 10.mkv"]
    assert names(intake.named([tmp_path], recursive=False, is_wanted=intake.is_media)) == in_order
    assert names(intake.named([tmp_path / "*.mkv"], recursive=False, is_wanted=intake.is_media)) == in_order
    assert names(intake.named(sorted(tmp_path.glob("*.mkv")), recursive=False, is_wanted=intake.is_media)) == in_order
    assert [path.parent.name for path in intake.named([tmp_path], recursive=True, is_wanted=intake.is_media)][3:] == [
        "s2",
        "s10",
    ]


def test_an_order_that_a_person_has_chosen_stays(tmp_path: Path) -> None:
    put(tmp_path, "1.mkv", "2.mkv", "3.mkv")
    assert names(
        intake.named(
            [tmp_path / name for name in ("3.mkv", "1.mkv", "2.mkv")], recursive=False, is_wanted=intake.is_media
        )
    ) == [
        "3.mkv",
        "1.mkv",
        "2.mkv",
    ]


def test_hidden_and_unfinished_files_and_our_own_movies_are_no_movies(tmp_path: Path) -> None:
    put(tmp_path, ".a.mkv", "b.mkv.part", "c.mkv.crdownload", "d.subtitled.mkv", "e.es.burned.mp4", ".x/f.mkv", "g.mkv")
    assert names(intake.named([tmp_path], recursive=True, is_wanted=intake.is_media)) == ["g.mkv"]


def test_a_file_that_is_named_may_have_any_ending(tmp_path: Path) -> None:
    assert intake.named([tmp_path / "film.rec"], recursive=False, is_wanted=intake.is_media) == [tmp_path / "film.rec"]


def test_each_file_is_there_once_however_it_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.mkv", "b.mkv")
    found = intake.named([tmp_path / "b.mkv", tmp_path, tmp_path / "*.mkv"], recursive=False, is_wanted=intake.is_media)
    assert names(found) == ["b.mkv", "a.mkv"]


def test_a_pattern_that_the_shell_left_is_filled_in(tmp_path: Path) -> None:
    put(tmp_path, "a.mkv", "x/b.mkv", "x/y/c.mkv")
    assert names(intake.named([tmp_path / "*.mkv"], recursive=False, is_wanted=intake.is_media)) == ["a.mkv"]
    assert names(intake.named([tmp_path / "**" / "*.mkv"], recursive=False, is_wanted=intake.is_media)) == [
        "a.mkv",
        "b.mkv",
        "c.mkv",
    ]
    with pytest.raises(UsageError, match=r"\*\.avi"):
        intake.named([tmp_path / "*.avi"], recursive=False, is_wanted=intake.is_media)


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    put(tmp_path, "a[1].mkv", "a1.mkv")
    assert names(intake.named([tmp_path / "a[1].mkv"], recursive=False, is_wanted=intake.is_media)) == ["a[1].mkv"]
    assert not intake.is_several([tmp_path / "a[1].mkv"])


def test_a_folder_without_movies_says_where_there_are_some(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        intake.named([tmp_path], recursive=False, is_wanted=intake.is_media)
    put(tmp_path, "deeper/a.mkv")
    with pytest.raises(InputError, match=re.escape(str(tmp_path))) as refused:
        intake.named([tmp_path], recursive=False, is_wanted=intake.is_media)
    assert "--recursive" in str(refused.value.next_step)


def test_a_circle_of_links_is_not_walked(tmp_path: Path) -> None:
    put(tmp_path, "a.mkv")
    (tmp_path / "again").symlink_to(tmp_path)
    assert names(intake.named([tmp_path], recursive=True, is_wanted=intake.is_media)) == ["a.mkv"]


def test_a_workflow_for_any_file_takes_all_that_are_whole(tmp_path: Path) -> None:
    put(tmp_path, "b10.txt", "b2.txt", ".hidden", "c.part", "d.txt~", "deeper/e.csv")
    (tmp_path / "f").symlink_to(tmp_path / "gone")
    assert names(intake.named([tmp_path], recursive=False, is_wanted=intake.is_whole)) == ["b2.txt", "b10.txt"]
    with pytest.raises(InputError, match="no file in"):
        intake.named([tmp_path / "deeper/nothing", _empty(tmp_path)], recursive=False, is_wanted=intake.is_whole)


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"
