"""Files that several packages install: told where they matter, and decided by an order."""

import pytest

from pipeline.envs.verification.shared_files import (
    UNKNOWN,
    differing_by_case,
    files_in_place_of_folders,
    last_installed,
    owners_of,
    shared_files,
    undecided,
)


def test_a_file_with_two_contents_is_shared_and_one_with_the_same_content_is_not() -> None:
    packages = {"one": {"a.py": "1", "ns/__init__.py": "0"}, "two": {"a.py": "2", "ns/__init__.py": "0"}}
    (shared,) = shared_files(packages)
    assert (shared.file, dict(shared.contents)) == ("a.py", {"one": "1", "two": "2"})


@pytest.mark.parametrize(
    "file",
    ["jwt/__init__.py", "cv2/cv2.so", "thing.pth", "pkg/data.json", "../../../bin/tool", "../../../etc/x.conf"],
)
def test_what_a_program_may_read_must_be_decided(file: str) -> None:
    reason = undecided(shared_files({"one": {file: "1"}, "two": {file: "2"}}), ())
    assert reason is not None
    assert "one and two" in reason
    assert file.rpartition("../")[2] in reason


@pytest.mark.parametrize(
    "file",
    ["LICENSE", "tests/__init__.py", "README.md", "conftest.py", "../../../share/man/man1/x.1", "../../../LICENSE"],
)
def test_what_nobody_reads_is_the_alphabet_s_first(file: str) -> None:
    shared = shared_files({"two": {file: "2"}, "one": {file: "1"}})
    assert undecided(shared, ()) is None
    assert last_installed(shared, ()) == ["one"]


def test_the_first_preferred_package_comes_last() -> None:
    shared = shared_files({"a": {"x.py": "1", "y.py": "1"}, "b": {"x.py": "2"}, "c": {"y.py": "3", "x.py": "3"}})
    assert owners_of(shared, ("b",)) == ("a", "c")
    assert undecided(shared, ("c", "b")) is None
    assert last_installed(shared, ("c", "b")) == ["c"]
    assert last_installed(shared, ("b", "a")) == ["a", "b"]


def test_all_files_of_a_pair_are_one_sentence() -> None:
    files = {f"jwt/{name}.py" for name in ("jwk", "jwt", "utils", "exceptions")}
    shared = shared_files({"jwt": dict.fromkeys(files, "1"), "pyjwt": dict.fromkeys(files, "2")})
    assert undecided(shared, ()) == "jwt and pyjwt both install jwt/jwk.py and 3 more, with different content"


BY_CASE = {"one": {"Tool/core.py": "1"}, "two": {"tool/core.py": "2"}}


def test_files_that_differ_by_case_are_one_where_case_is_ignored() -> None:
    assert shared_files(BY_CASE) == ()
    (shared,) = shared_files(BY_CASE, ignores_case=True)
    assert shared.spellings == ("Tool/core.py", "tool/core.py")
    reason = undecided([shared], ()) or ""
    assert all(word in reason for word in ("one and two", *shared.spellings))
    assert undecided([shared], ("two",)) is None


def test_letters_with_accents_are_compared_as_such_disks_do() -> None:
    packages = {"one": {"caf\u00e9.py": "1"}, "two": {"Cafe\u0301.py": "2"}}
    assert len(shared_files(packages, ignores_case=True)) == 1


@pytest.mark.parametrize(
    "packages",
    [
        {"one": {"Tool.py": "1"}, "two": {"tool.py": "1"}},  # the same content
        {"one": {"tool.py": "1"}, "two": {"tool.py": "2"}},  # one name: told elsewhere
        {"one": {"Tool.py": "1", "tool.py": "2"}, "two": {}},  # of one package, which knows what it does
        {"one": {"README.md": "1"}, "two": {"Readme.md": "2"}},
    ],
)
def test_nothing_is_told_by_case_that_no_program_could_mistake(packages: dict[str, dict[str, str]]) -> None:
    assert differing_by_case(packages, ()) is None


def test_what_differs_by_case_is_told_on_every_disk() -> None:
    assert "Tool/core.py and tool/core.py" in str(differing_by_case(BY_CASE, ()))
    assert differing_by_case(BY_CASE, ("one",)) is None


def test_a_file_in_the_place_of_another_package_s_folder_is_named() -> None:
    place = files_in_place_of_folders
    packages = {"a": {"thing": "x", "a/one.py": "x"}, "b": {"thing/inner/two.py": "x", "a/three.py": "x"}}
    assert place(packages) == "a installs the file thing, which is a folder of b"
    assert place({"a": {"../../../etc": "x"}, "b": {"../../../etc/conf": "x"}}) == (
        "a installs the file etc, which is a folder of b"
    )
    assert place({"a": {"same/one.py": "x"}, "b": {"same/two.py": "x"}}) is None


def test_contents_that_nobody_knows_count_as_different() -> None:
    (shared,) = shared_files({"a": {"x.py": UNKNOWN}, "b": {"x.py": UNKNOWN}, "c": {"y.py": UNKNOWN}})
    assert shared.file == "x.py"
