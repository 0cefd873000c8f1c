"""What uv writes, recorded from real builds and failures: how far it is, and why it failed."""

import pytest

from pipeline.envs.builder import uv_output
from pipeline.envs.builder.uv_output import InstallFailure
from tests.conftest import FIXTURES

COLD = (FIXTURES / "uv" / "cold.txt").read_text()  # of a build with an empty cache
RECORDED = {
    "503": InstallFailure.NETWORK,
    "429": InstallFailure.NETWORK,
    "close": InstallFailure.NETWORK,
    "cut": InstallFailure.NETWORK,
    "dns": InstallFailure.NETWORK,
    "refused": InstallFailure.NETWORK,
    "timeout": InstallFailure.NETWORK,
    "404": InstallFailure.NOT_FOUND,
    "no_version": InstallFailure.NOT_FOUND,
    "plat": InstallFailure.NOT_FOUND,
    "403": InstallFailure.NO_PERMISSION,
    "wrong_hash": InstallFailure.WRONG_HASH,
    "no_hash": InstallFailure.WRONG_HASH,
    "not_cached": InstallFailure.NOT_CACHED,
    "full": InstallFailure.NO_ROOM,
    "full_venv": InstallFailure.NO_ROOM,
    "altered": InstallFailure.OTHER,
}


def recorded(name: str) -> str:
    return (FIXTURES / "uv" / f"{name}.txt").read_text()


@pytest.mark.parametrize(("name", "failure"), RECORDED.items())
def test_a_failure_of_uv_is_told_from_the_others(name: str, failure: InstallFailure) -> None:
    assert uv_output.failure_of(recorded(name)) is failure


@pytest.mark.parametrize(("name", "failure"), RECORDED.items())
def test_only_what_may_pass_by_itself_is_tried_again(name: str, failure: InstallFailure) -> None:
    assert uv_output.failure_of(recorded(name)).is_transient == (failure is InstallFailure.NETWORK)


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        ("cause: Text file busy (os error 26)", InstallFailure.LOCKED),
        (
            "The process cannot access the file because it is being used by another process. (os error 32)",
            InstallFailure.LOCKED,
        ),
        ("cause: Permission denied (os error 13)", InstallFailure.NO_PERMISSION),
        ("cause: Disk quota exceeded (os error 122)", InstallFailure.NO_ROOM),
        ("", InstallFailure.OTHER),
    ],
)
def test_words_of_other_systems_are_known_as_well(words: str, failure: InstallFailure) -> None:
    assert uv_output.failure_of(words) is failure


def test_the_explanation_is_the_resolver_s_own_without_its_progress() -> None:
    words = uv_output.explanation(recorded("wrong_hash"))
    assert words.startswith("error: Failed to download `quirk==1.0`\n  cause: Hash mismatch")
    assert f"sha256:{'0' * 64}" in words
    assert "Resolved" not in words
    assert uv_output.explanation("Using Python 3.11\n") == ""


def test_what_is_not_in_the_cache_is_named() -> None:
    assert "quirk was not found in the cache" in uv_output.explanation(recorded("not_cached"))


def until(words: str) -> str:
    """What uv had written up to the end of a line."""
    return COLD[: COLD.index(words) + len(words)]


def test_nothing_is_told_before_anything_is_resolved() -> None:
    assert not uv_output.has_resolved("Using Python 3.11.7 environment at: v\n")
    assert uv_output.has_resolved(until("Resolved 23 packages"))


def test_what_is_being_downloaded_is_named_with_its_size() -> None:
    assert uv_output.step(until("av (34.1MiB)"), 0) == (
        "downloading faster-whisper (1.1MiB), av (34.1MiB) of 23 packages"
    )


def test_what_has_arrived_is_counted() -> None:
    assert uv_output.step(until("Downloaded av"), 0) == (
        "downloading ctranslate2 (40.6MiB) of 23 packages, 6 of 7 large ones are here"
    )


def test_small_packages_are_fetched_without_names() -> None:
    assert uv_output.step("Resolved 2 packages in 5ms\n", 0) == "fetching 2 packages"


def test_one_package_is_told_as_one() -> None:
    assert uv_output.step("Resolved 1 package in 5ms\n", 0) == "fetching 1 package"


def test_a_package_that_is_built_is_named() -> None:
    assert uv_output.step("Resolved 2 packages in 5ms\n   Building odd==1.0\n", 0) == "building odd==1.0 of 2 packages"


def test_packages_that_are_there_are_counted() -> None:
    assert uv_output.step(until("Prepared 23 packages"), 7) == "installing 7 of 23 packages"
