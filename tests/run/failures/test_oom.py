"""The kernel's counters, read from files as it writes them."""

import sys
from pathlib import Path

import pytest

from pipeline.run.failures import oom
from pipeline.run.failures.oom import OomKills

V2 = "30 20 0:26 {root} {mount} rw,nosuid - cgroup2 cgroup rw\n"
V1 = "31 20 0:32 {root} {mount} rw - cgroup cgroup rw,memory\n32 20 0:33 / /nowhere rw - cgroup cgroup rw,cpu\n"


def machine(folder: Path, groups: str, mounts: str, vmstat: str = "nr_free 1\noom_kill 7\n") -> Path:
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(groups)
    (proc / "self/mountinfo").write_text(mounts)
    (proc / "vmstat").write_text(vmstat)
    return proc


def counter(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_text(text)


def test_version_2_is_read_from_our_own_group(tmp_path: Path) -> None:
    counter(tmp_path / "cg/user/me", "memory.events", "low 0\noom 4\noom_kill 3\noom_group_kill 0\n")
    proc = machine(tmp_path, "0::/user/me\n", V2.format(root="/", mount=tmp_path / "cg"))
    assert oom.read(proc) == OomKills(group=3, machine=7)


def test_version_1_is_read_from_the_memory_controller(tmp_path: Path) -> None:
    counter(tmp_path / "cg/box", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    proc = machine(tmp_path, "4:cpu:/other\n3:memory:/box\n0::/\n", V1.format(root="/", mount=tmp_path / "cg"))
    assert oom.read(proc) == OomKills(group=2, machine=7)


@pytest.mark.parametrize("root", ["/docker/abc", "/somewhere/else"])
def test_a_mount_that_begins_at_the_container_is_the_container_s(tmp_path: Path, root: str) -> None:
    counter(tmp_path / "cg", "memory.events", "oom_kill 1\n")
    proc = machine(tmp_path, "0::/docker/abc\n", V2.format(root=root, mount=tmp_path / "cg"))
    assert oom.read(proc).group == 1


def test_what_can_not_be_read_is_none(tmp_path: Path) -> None:
    assert oom.read(tmp_path / "no proc") == OomKills(None, None)


@pytest.mark.parametrize("vmstat", ["", "oom_kill", "oom_kill many\n", "oom_killer 3\n"])
def test_what_is_no_count_is_none(tmp_path: Path, vmstat: str) -> None:
    assert oom.read(machine(tmp_path, "0::/\n", "", vmstat)) == OomKills(None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="there are no such counters elsewhere")
def test_this_machine_s_counters_are_read_or_absent_and_never_fall() -> None:
    first, second = oom.read(), oom.read()
    for before, after in ((first.group, second.group), (first.machine, second.machine)):
        assert (before is None and after is None) or (before or 0) <= (after or 0)
