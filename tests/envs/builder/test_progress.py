"""How far an installer has come, from a recording of what it says with an empty cache."""

from pipeline.envs.builder import progress
from tests.conftest import FIXTURES

SAID = (FIXTURES / "uv" / "cold.txt").read_text()


def until(words: str) -> str:
    """What it had said up to and with a line."""
    return SAID[: SAID.index(words) + len(words)]


def test_nothing_is_told_before_anything_is_resolved() -> None:
    assert not progress.has_begun("Using Python 3.11.7 environment at: v\n")
    assert progress.has_begun(until("Resolved 23 packages"))


def test_what_is_being_downloaded_is_named_with_its_size() -> None:
    assert progress.stage(until("av (34.1MiB)"), 0) == (
        "downloading faster-whisper (1.1MiB), av (34.1MiB) of 23 packages"
    )


def test_what_has_arrived_is_counted() -> None:
    assert progress.stage(until("Downloaded av"), 0) == (
        "downloading ctranslate2 (40.6MiB) of 23 packages, 6 of 7 large ones are here"
    )


def test_small_packages_are_fetched_without_names() -> None:
    assert progress.stage("Resolved 2 packages in 5ms\n", 0) == "fetching 2 packages"


def test_one_package_is_told_as_one() -> None:
    assert progress.stage("Resolved 1 package in 5ms\n", 0) == "fetching 1 package"


def test_a_package_that_is_built_is_named() -> None:
    assert progress.stage("Resolved 2 packages in 5ms\n   Building odd==1.0\n", 0) == "building odd==1.0 of 2 packages"


def test_packages_that_are_there_are_counted() -> None:
    assert progress.stage(until("Prepared 23 packages"), 7) == "installing 7 of 23 packages"


def test_all_are_there_when_the_installer_says_so() -> None:
    assert not progress.is_installed(until("Prepared 23 packages"))
    assert progress.is_installed(until("Installed 23 packages"))
    assert progress.stage(until("Installed 23 packages"), 23) == "compiling 23 packages"
