"""What differs between two locks, and the locks between them."""

import pytest

from pipeline.conflicts.lock_changes import LockDifference, difference
from pipeline.errors import ConfigurationError


def pin(text: str, *digits: str) -> str:
    return " \\\n".join([text, *(f"    --hash=sha256:{digit * 64}" for digit in digits or ("a",))]) + "\n"


def apart(good: str, bad: str) -> LockDifference:
    return difference(good, bad, "3.11.7", ("good.lock", "bad.lock"))


def changes(good: str, bad: str) -> list[str]:
    return [str(each) for each in apart(good, bad).changes]


def test_packages_that_went_up_down_came_and_went() -> None:
    good = pin("up==1.0") + pin("down==2.0") + pin("gone==1.0") + pin("same==1.0")
    bad = pin("up==2.0", "b") + pin("down==1.0", "b") + pin("new==1.0") + pin("same==1.0")
    assert changes(good, bad) == ["down 2.0 → 1.0", "gone 1.0 (removed)", "new 1.0 (added)", "up 1.0 → 2.0"]


def test_what_is_for_another_platform_or_python_is_no_change_here() -> None:
    good = (
        pin("a==1.0 ; sys_platform == 'nowhere'")
        + pin("b==1 ; python_version < '3.11'")
        + pin("b==2 ; python_version >= '3.11'")
    )
    bad = (
        pin("a==2.0 ; sys_platform == 'nowhere'")
        + pin("b==3 ; python_version < '3.11'")
        + pin("b==2 ; python_version >= '3.11'")
    )
    assert changes(good, bad) == []


def test_one_version_with_other_files_is_a_change_and_with_more_files_is_none() -> None:
    assert changes(pin("a==1.0", "a"), pin("a==1.0", "b")) == ["a 1.0 (other files)"]
    assert changes(pin("a==1.0", "a"), pin("a==1.0", "a", "b")) == []


def test_a_lock_between_the_two_keeps_the_hashes_of_each() -> None:
    locks = apart(pin("a==1.0", "1", "2") + pin("b==1.0", "3"), pin("a==2.0", "4") + pin("b==2.0", "5", "6"))
    first = next(change for change in locks.changes if change.name == "a")
    assert locks.lock([first]) == pin("a==2.0", "4") + pin("b==1.0", "3")
    assert locks.lock(locks.changes) == pin("a==2.0", "4") + pin("b==2.0", "5", "6")


def test_comments_are_left_out_and_indexes_of_both_are_kept() -> None:
    good = (
        "# by hand\n--index-url https://one.example\n" + pin("a==1.0") + "    # via\n    #   -r a.txt\n" + pin("b==1.0")
    )
    bad = pin("a==2.0") + "--extra-index-url https://two.example\n" + pin("b==1.0")
    whole = apart(good, bad).lock([])
    assert whole == "--index-url https://one.example\n--extra-index-url https://two.example\n" + pin("a==1.0") + pin(
        "b==1.0"
    )


def test_a_package_that_is_added_or_removed_comes_and_goes_whole() -> None:
    locks = apart(pin("a==1.0"), pin("b==1.0"))
    assert locks.lock([]) == pin("a==1.0")
    assert locks.lock(locks.changes) == pin("b==1.0")


def test_a_lock_without_hashes_is_told_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"bad\.lock:2: b "):
        apart(pin("a==1.0"), "# comment\nb==1.0\n")


def test_an_empty_lock_is_one() -> None:
    assert changes("", pin("a==1.0")) == ["a 1.0 (added)"]
