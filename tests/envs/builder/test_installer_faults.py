"""What uv said, recorded from real failures, and what is made of it."""

import pytest

from pipeline.envs.builder import installer_faults
from pipeline.envs.builder.installer_faults import Fault
from tests.conftest import FIXTURES

RECORDED = {
    "503": Fault.NETWORK,
    "429": Fault.NETWORK,
    "close": Fault.NETWORK,
    "cut": Fault.NETWORK,
    "dns": Fault.NETWORK,
    "refused": Fault.NETWORK,
    "timeout": Fault.NETWORK,
    "404": Fault.NOT_FOUND,
    "no_version": Fault.NOT_FOUND,
    "plat": Fault.NOT_FOUND,
    "403": Fault.NO_PERMISSION,
    "wrong_hash": Fault.WRONG_HASH,
    "no_hash": Fault.WRONG_HASH,
    "not_cached": Fault.NOT_CACHED,
    "full": Fault.NO_ROOM,
    "full_venv": Fault.NO_ROOM,
    "altered": Fault.OTHER,
}


def said(name: str) -> str:
    return (FIXTURES / "uv" / f"{name}.txt").read_text()


@pytest.mark.parametrize(("name", "fault"), RECORDED.items())
def test_a_failure_of_uv_is_told_from_the_others(name: str, fault: Fault) -> None:
    assert installer_faults.fault_of(said(name)) is fault


@pytest.mark.parametrize(("name", "fault"), RECORDED.items())
def test_only_what_may_pass_by_itself_is_tried_again(name: str, fault: Fault) -> None:
    assert installer_faults.fault_of(said(name)).is_transient == (fault is Fault.NETWORK)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("cause: Text file busy (os error 26)", Fault.LOCKED),
        ("The process cannot access the file because it is being used by another process. (os error 32)", Fault.LOCKED),
        ("cause: Permission denied (os error 13)", Fault.NO_PERMISSION),
        ("cause: Disk quota exceeded (os error 122)", Fault.NO_ROOM),
        ("", Fault.OTHER),
    ],
)
def test_words_of_other_systems_are_known_as_well(words: str, fault: Fault) -> None:
    assert installer_faults.fault_of(words) is fault


def test_the_explanation_is_the_resolver_s_own_without_its_progress() -> None:
    words = installer_faults.explanation(said("wrong_hash"))
    assert words.startswith("error: Failed to download `quirk==1.0`\n  cause: Hash mismatch")
    assert f"sha256:{'0' * 64}" in words
    assert "Resolved" not in words
    assert installer_faults.explanation("Using Python 3.11\n") == ""


def test_what_is_not_in_the_cache_is_named() -> None:
    assert "quirk was not found in the cache" in installer_faults.explanation(said("not_cached"))
