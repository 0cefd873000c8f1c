"""Beginning a project: all of it or nothing, and nothing in the way of what is there."""

import os
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.scaffold import new_files, new_project
from pipeline.scaffold.example_files import BARE, EXAMPLES, files_of
from pipeline.scaffold.new_files import NewFile

WORDS = EXAMPLES["words"]


def begin(folder: Path) -> None:
    new_project.write(new_project.draft(folder, WORDS))


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_project_has_the_example_s_files_schemas_and_lines_in_gitignore(tmp_path: Path) -> None:
    begin(tmp_path / "a/b")
    there = tree(tmp_path / "a/b")
    assert {each.path: each.content for each in files_of(WORDS)}.items() <= there.items()
    assert {"config/.schemas/workflow.json", "config/.schemas/.gitignore", ".gitignore"} <= there.keys()
    assert b"\n/venv/\n" in there[".gitignore"]


def test_a_draft_writes_nothing(tmp_path: Path) -> None:
    new_project.draft(tmp_path / "new", WORDS)
    assert not (tmp_path / "new").exists()


def test_other_files_stay_and_gitignore_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.o\n/venv")  # without a line break at the end
    (tmp_path / ".gitignore").chmod(0o600)
    begin(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["*.o", "/venv"]
    assert "/venv/" not in lines
    assert "/jobs/" in lines
    assert (tmp_path / ".gitignore").stat().st_mode & 0o777 == 0o600


def test_a_gitignore_with_all_lines_stays_as_it_is(tmp_path: Path) -> None:
    begin(tmp_path / "first")
    (tmp_path / "second").mkdir()
    (tmp_path / "second/.gitignore").write_bytes((tmp_path / "first/.gitignore").read_bytes())
    assert new_project.draft(tmp_path / "second", WORDS).ignored is None


@pytest.mark.parametrize(
    ("in_the_way", "named"),
    [
        ("text.txt", "text.txt is there already"),
        ("stages/count_words.py", "stages/count_words.py is there already"),
        ("config", "config is a file"),
        ("requirements", "requirements is a file"),
    ],
)
def test_a_file_in_the_way_is_named_and_nothing_is_written(tmp_path: Path, in_the_way: str, named: str) -> None:
    place = tmp_path / in_the_way
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")
    with pytest.raises(UsageError, match=named):
        begin(tmp_path)
    assert tree(tmp_path) == {in_the_way: b"mine"}


def test_schemas_of_an_earlier_time_are_not_in_the_way(tmp_path: Path) -> None:
    begin(tmp_path)
    whole = tree(tmp_path)
    for name in ("config", "requirements", "stages"):
        for path in (tmp_path / name).rglob("*"):
            if path.is_file() and ".schemas" not in path.parts:
                path.unlink()
    (tmp_path / "text.txt").unlink()
    begin(tmp_path)
    assert tree(tmp_path) == whole


def test_all_that_is_in_the_way_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("mine")
    (tmp_path / "stages").symlink_to(tmp_path.parent)
    with pytest.raises(UsageError, match=r"(?s)stages is a link that leads out.*text.txt is there"):
        begin(tmp_path)


def test_a_link_that_leads_nowhere_is_in_the_way_too(tmp_path: Path) -> None:
    (tmp_path / "text.txt").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"text\.txt"):
        begin(tmp_path)
    assert not (tmp_path / "nowhere").exists()


def test_a_gitignore_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/.gitignore").symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match="gitignore"):
        begin(tmp_path / "new")
    assert os.listdir(tmp_path / "new") == [".gitignore"]


def test_a_gitignore_that_can_t_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    monkeypatch.setattr("pipeline.scaffold.git_ignore.os.access", lambda path, mode: False)
    with pytest.raises(UsageError, match="gitignore"):
        begin(tmp_path)
    assert tree(tmp_path) == {".gitignore": b"mine\n"}


def test_a_folder_that_can_t_be_looked_into_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pipeline.scaffold.new_project.os.scandir", scan)
    with pytest.raises(UsageError, match="can't be read: Permission denied"):
        begin(tmp_path)


@pytest.mark.parametrize("inner", ["sub", "sub/deeper"])
def test_a_project_can_t_stand_in_another_one(tmp_path: Path, inner: str) -> None:
    begin(tmp_path)
    with pytest.raises(UsageError, match="lies in the project"):
        begin(tmp_path / inner)
    assert not (tmp_path / "sub").exists()


@pytest.mark.parametrize(("inner", "is_found"), [("sub", True), ("a/b/c/d", True), ("a/b/c/d/e", False)])
def test_nor_around_one(tmp_path: Path, inner: str, is_found: bool) -> None:
    begin(tmp_path / inner)
    if not is_found:
        begin(tmp_path)
        return
    with pytest.raises(UsageError, match=f"has the project {inner} in it"):
        begin(tmp_path)


@pytest.mark.parametrize("inner", ["venv/x", "node_modules/x", ".cache/x"])
def test_what_tools_have_made_is_not_looked_through(tmp_path: Path, inner: str) -> None:
    begin(tmp_path / inner)
    begin(tmp_path)
    assert (tmp_path / "config").is_dir()
    assert (tmp_path / inner / "config").is_dir()


def test_nor_by_way_of_a_link(tmp_path: Path) -> None:
    begin(tmp_path / "outer")
    (tmp_path / "outer/sub").mkdir()
    (tmp_path / "link").symlink_to("outer/sub")
    for place in ("link", "link/below"):
        with pytest.raises(UsageError, match="lies in the project"):
            begin(tmp_path / place)


def test_nor_around_another_one(tmp_path: Path) -> None:
    begin(tmp_path / "inner")
    with pytest.raises(UsageError, match="inner"):
        begin(tmp_path)


def test_nor_around_all_of_a_person_s_or_of_the_machine_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in (tmp_path, Path("/")):
        with pytest.raises(UsageError, match="every other"):
            begin(folder)
    begin(tmp_path / "below")


def test_a_project_is_begun_once(tmp_path: Path) -> None:
    begin(tmp_path)
    with pytest.raises(UsageError, match="already"):
        begin(tmp_path)


@pytest.mark.parametrize("name", ["con", "NUL.txt", "a:b", "a?", "end.", "end ", "-x", "~x", "a\nb", "x" * 300])
def test_a_folder_that_not_every_system_can_have_is_not_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        begin(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["my project", "Ünïcode", "a'b", "$x", "a.b"])
def test_a_folder_with_an_unusual_name_is(tmp_path: Path, name: str) -> None:
    begin(tmp_path / name)
    assert (tmp_path / name / "config/pipeline.yaml").is_file()


def test_a_folder_that_is_there_keeps_its_name_unless_no_project_can_have_it(tmp_path: Path) -> None:
    (tmp_path / "aux").mkdir()
    begin(tmp_path / "aux")
    (tmp_path / "a:b").mkdir()
    with pytest.raises(UsageError, match="':'"):
        begin(tmp_path / "a:b")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        with pytest.raises(UsageError, match="is a file"):
            begin(tmp_path / place)


def test_what_can_t_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def create(path: Path, content: bytes) -> None:
        if path.name == "count_words.py":
            raise PermissionError(13, "Permission denied", str(path))
        made.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(new_files, "_create", create)
    with pytest.raises(UsageError, match=r"count_words.py.*Permission denied"):
        begin(tmp_path / "a/b")
    assert made
    assert os.listdir(tmp_path) == []


def test_nor_does_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")

    def interrupted(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new_files, "_append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path)
    assert tree(tmp_path) == {".gitignore": b"mine\n"}
    assert os.listdir(tmp_path) == [".gitignore"]


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    files = (NewFile("a/first", b"1"), NewFile("second", b"2"))
    new_files.require_room(tmp_path, files, "")
    (tmp_path / "second").write_text("somebody's")
    with pytest.raises(FileExistsError):
        new_files.write(tmp_path, files)
    assert tree(tmp_path) == {"second": b"somebody's"}
    assert os.listdir(tmp_path) == ["second"]


def test_others_may_not_write_what_is_made_whatever_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        begin(tmp_path / "new")
    finally:
        os.umask(mask)
    assert [path for path in (tmp_path / "new").rglob("*") if path.stat().st_mode & 0o022] == []


def test_settings_alone_are_a_project_too(tmp_path: Path) -> None:
    project = new_project.draft(tmp_path, BARE)
    assert project.shown_files == ["config/pipeline.yaml"]
