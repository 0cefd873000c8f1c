"""Requirements as people write them: what is asked for, and in which line."""

from pathlib import Path

import pytest

from pipeline.envs.lockfiles import requirements
from pipeline.envs.lockfiles.requirements import LineKind, read
from pipeline.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "stages").mkdir()
    return tmp_path / "requirements"


def written(folder: Path, text: str | bytes, name: str = "alpha.txt") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def lines(file: Path) -> list[tuple[str, int]]:
    return [(each.text, each.line) for each in read(file)]


def test_comments_and_empty_lines_ask_for_nothing(folder: Path) -> None:
    file = written(folder, "# words\n\nnumpy>=2   # why\n   \nscipy #x\n")
    assert lines(file) == [("numpy>=2", 3), ("scipy", 5)]


def test_a_hash_in_an_address_is_no_comment(folder: Path) -> None:
    assert lines(written(folder, "pip @ https://host/pip.zip#egg=pip\n")) == [("pip @ https://host/pip.zip#egg=pip", 1)]


def test_a_line_that_goes_on_has_the_number_of_its_first_part(folder: Path) -> None:
    assert lines(written(folder, "\nnumpy \\\n  >=2 \\\n  ,<3\nscipy\n")) == [("numpy >=2 ,<3", 2), ("scipy", 5)]


def test_a_file_that_breaks_off_in_the_middle_of_a_line_is_read(folder: Path) -> None:
    assert lines(written(folder, "numpy \\")) == [("numpy", 1)]


@pytest.mark.parametrize("line", ["-r base.txt", "-rbase.txt", "--requirement base.txt", "--requirement=base.txt"])
def test_what_a_file_includes_is_asked_for_with_the_other_file_s_line(folder: Path, line: str) -> None:
    written(folder, "\nnumpy\n", "base.txt")
    (asked,) = read(written(folder, f"{line}\n"))
    assert (asked.text, asked.where, asked.kind) == ("numpy", "requirements/base.txt:2", LineKind.REQUIREMENT)


def test_constraints_bound_what_is_installed(folder: Path) -> None:
    written(folder, "numpy<3\n", "bounds.txt")
    asked = read(written(folder, "-c bounds.txt\nnumpy\n"))
    assert [(each.text, each.kind) for each in asked] == [
        ("numpy<3", LineKind.CONSTRAINT),
        ("numpy", LineKind.REQUIREMENT),
    ]


def test_a_file_outside_the_project_is_shown_with_its_whole_path(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = written(tmp_path_factory.mktemp("other"), "numpy\n", "shared.txt")
    (asked,) = read(written(folder, f"-r {other}\n"))
    assert asked.where == f"{other}:1"


def test_options_are_not_packages(folder: Path) -> None:
    (asked,) = read(written(folder, "--extra-index-url https://host/simple\n"))
    assert asked.kind is LineKind.OPTION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy\n-r missing.txt\n", "requirements/alpha.txt:2: there is no requirements/missing.txt"),
        ("-r alpha.txt\n", "requirements/alpha.txt:1: this includes a file that it is included by"),
        ("-r loop.txt\n", "requirements/loop.txt:1: this includes a file that it is included by"),
        (b"\xff\n", "requirements/alpha.txt: not UTF-8 text"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_place(folder: Path, text: str | bytes, expected: str) -> None:
    written(folder, "-r alpha.txt\n", "loop.txt")
    with pytest.raises(ConfigurationError, match=expected.replace("(", "\\(")):
        read(written(folder, text))


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "./local",
        "../x.whl",
        "/opt/wheels/x.whl",
        "x @ file:///opt/x.whl",
        "file:///x.whl",
        "C:\\x.whl",
        "~/x.whl",
        ".",
    ],
)
def test_files_of_this_machine_are_known_as_such(folder: Path, line: str) -> None:
    (asked,) = read(written(folder, f"{line}\n"))
    assert asked.is_local
    assert asked.kind is LineKind.REQUIREMENT


@pytest.mark.parametrize("line", ["numpy", "x @ https://host/x.whl", "e==1", "x[file]>=2", "git @ git+https://host/x"])
def test_packages_of_an_index_are_not_files_of_this_machine(folder: Path, line: str) -> None:
    (asked,) = read(written(folder, f"{line}\n"))
    assert not asked.is_local


STAGE = """# words
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy>=2",
#   "scipy",
# ]
# ///
"""


def test_a_stage_s_block_is_read_with_the_lines_of_the_stage_s_file(folder: Path) -> None:
    file = written(folder.parent / "stages", STAGE, "work.py")
    assert lines(file) == [("numpy>=2", 5), ("scipy", 6)]
    assert read(file)[0].shown_as == "stages/work.py"


def test_code_and_comments_do_not_change_the_digest(folder: Path) -> None:
    stages = folder.parent / "stages"
    before = requirements.digest(written(stages, STAGE, "work.py"))
    assert requirements.digest(written(stages, f"{STAGE}\ndef run(stage): pass\n", "work.py")) == before
    assert requirements.digest(written(stages, STAGE.replace("scipy", "scipy>1"), "work.py")) != before


def test_spaces_do_not_change_the_digest_and_a_bound_does(folder: Path) -> None:
    before = requirements.digest(written(folder, "numpy\n"))
    assert requirements.digest(written(folder, "  numpy  # why\n\n")) == before
    assert requirements.digest(written(folder, "numpy<3\n")) != before


def test_what_can_not_be_read_has_no_digest(folder: Path) -> None:
    assert requirements.digest(folder / "absent.txt") is None
    assert requirements.digest(None) is None


def test_the_files_that_are_read_are_told_each_once_as_far_as_they_are_there(folder: Path) -> None:
    (folder / "more").mkdir()
    file = written(folder, "-r more/base.txt\n-cbounds.txt\n--requirement=gone.txt\n-r https://host/other.txt\n")
    base = written(folder / "more", "-r ../alpha.txt\nnumpy\n", "base.txt")
    bounds = written(folder, "numpy<3\n", "bounds.txt")
    assert requirements.files(file) == [file, base, bounds]
    assert requirements.files(folder / "nowhere.txt") == []


def test_a_stage_s_file_includes_none(folder: Path) -> None:
    file = written(folder, '# /// script\n# dependencies = ["numpy"]\n# ///\n"""\n-r other.txt\n"""\n', "stage.py")
    assert requirements.files(file) == [file]
