"""What a new lock changes, in words."""

from pipeline.envs.lockfiles.changes import changes
from pipeline.envs.lockfiles.lockfile import LockFile, Pin


def lock(*pins: tuple[str, str]) -> LockFile:
    return LockFile(tuple(Pin(name, version, line) for line, (name, version) in enumerate(pins, 1)))


def test_each_package_has_its_own_sign() -> None:
    before = lock(("gone", "1.0"), ("moved", "1.0"), ("same", "1.0"))
    after = lock(("moved", "2.0"), ("new", "1.0"), ("same", "1.0"))
    assert [str(change) for change in changes(before, after)] == ["- gone 1.0", "moved 1.0 → 2.0", "+ new 1.0"]


def test_versions_for_different_machines_stand_together() -> None:
    before, after = lock(("numpy", "2.0")), lock(("numpy", "2.0"), ("numpy", "2.2"))
    assert [str(change) for change in changes(before, after)] == ["numpy 2.0 → 2.0, 2.2"]


def test_a_first_lock_adds_everything() -> None:
    assert [str(change) for change in changes(None, lock(("numpy", "2.0")))] == ["+ numpy 2.0"]
