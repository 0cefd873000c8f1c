"""Options of requirements files, as pip writes them."""

from pathlib import Path

import pytest

from pipeline.envs.lockfiles import options, requirements
from pipeline.envs.lockfiles.options import RequirementOptions, kinds_of_files
from pipeline.envs.lockfiles.requirements import RequirementLine
from pipeline.errors import ConfigurationError


def lines(folder: Path, text: str) -> tuple[RequirementLine, ...]:
    (folder / "requirements").mkdir(exist_ok=True)
    file = folder / "requirements" / "own.txt"
    file.write_text(text)
    return requirements.read(file)


@pytest.mark.parametrize(
    "text", ["-i https://a\n", "--index-url https://a\n", "--index-url=https://a\n", "-ihttps://a\n", "-i ${PLACE}\n"]
)
def test_an_index_is_written_in_several_ways(tmp_path: Path, text: str) -> None:
    found = options.of_lines(lines(tmp_path, text), tmp_path, {"PLACE": "https://a"})
    assert found == RequirementOptions(default_index="https://a")


def test_a_line_may_have_several_options_and_folders_are_meant_from_their_file(tmp_path: Path) -> None:
    text = "--extra-index-url https://a --extra-index-url=https://b\n-f ../files\n--find-links https://c\n--pre\n"
    assert options.of_lines(lines(tmp_path, text), tmp_path, {}) == RequirementOptions(
        indexes=("https://a", "https://b"), find_links=(str(tmp_path / "files"), "https://c"), pre_releases=True
    )


def test_kinds_of_files_add_up_until_none() -> None:
    found = kinds_of_files(["--no-binary Some_Package,other", "--no-binary=third", "--only-binary :all:"])
    assert found == {"--no-binary": {"some-package", "other", "third"}, "--only-binary": {":all:"}}
    assert kinds_of_files(["--no-binary :all:", "--no-binary :none:"])["--no-binary"] == frozenset()


@pytest.mark.parametrize(
    "line", ["--trusted-host a", "--pre --frob", "x==1 --no-deps", "--index-url", "x @ git+https://token@host/x"]
)
def test_what_would_be_ignored_or_shown_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError, match=r"requirements/own\.txt:2: ") as refused:
        options.check(lines(tmp_path, f"x\n{line}\n"))
    assert "token" not in refused.value.message


@pytest.mark.parametrize(
    "line",
    ["x==1 --hash=sha256:00", "-c https://host/constraints.txt", "x @ git+ssh://git@host/x", "x @ https://h/x.whl"],
)
def test_what_is_understood_is_not(tmp_path: Path, line: str) -> None:
    options.check(lines(tmp_path, f"{line}\n"))
