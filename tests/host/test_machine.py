from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.host import machine
from pipeline.host.cgroups import CgroupLimits, limits
from pipeline.process import CompletedProcess

V2 = "30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_CPU = "32 31 0:29 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
V1_MEMORY = "35 31 0:32 {top} /sys/fs/cgroup/memory rw shared:9 master:2 - cgroup cgroup rw,memory\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def v2(root: Path, own: str, files: dict[str, str]) -> CgroupLimits:
    groups = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    return limits(write(root, {"proc/self/cgroup": f"0::{own}\n", "proc/self/mountinfo": V2, **groups}))


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert limits(tmp_path) == CgroupLimits()


def test_version_2_limits_cpus_and_memory(tmp_path: Path) -> None:
    found = v2(tmp_path, "/job", {"job/cpu.max": "350000 100000\n", "job/memory.max": "1048576\n"})
    assert found == CgroupLimits(cpus=3, memory=1048576)


def test_max_is_no_limit(tmp_path: Path) -> None:
    assert v2(tmp_path, "/job", {"job/cpu.max": "max 100000\n", "job/memory.max": "max\n"}) == CgroupLimits()


def test_a_group_around_ours_may_be_stricter(tmp_path: Path) -> None:
    files = {
        "a/memory.max": "100\n",
        "a/b/memory.max": "max\n",
        "a/b/c/memory.max": "200\n",
        "a/b/c/cpu.max": "max 1\n",
    }
    assert v2(tmp_path, "/a/b/c", files) == CgroupLimits(memory=100)


def test_less_than_one_cpu_is_one(tmp_path: Path) -> None:
    assert v2(tmp_path, "/", {"cpu.max": "20000 100000\n"}).cpus == 1


def test_a_group_outside_of_the_namespace_leaves_what_can_be_seen(tmp_path: Path) -> None:
    assert v2(tmp_path, "/../../other", {"memory.max": "300\n"}).memory == 300


@pytest.mark.parametrize("text", ["", "a b c\n", "0 0\n", "100000 0\n", "-1 100000\n"])
def test_a_quota_that_is_none_limits_nothing(tmp_path: Path, text: str) -> None:
    assert v2(tmp_path, "/", {"cpu.max": text}).cpus is None


def test_version_1_limits_cpus_and_memory_each_in_its_own_hierarchy(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "9:name=systemd:/\n4:memory:/m\n2:cpu,cpuacct:/c\n0::/\n",
        "proc/self/mountinfo": V1_CPU.format(top="/") + V1_MEMORY.format(top="/"),
        "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us": "400000\n",
        "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "4096\n",
    }
    assert limits(write(tmp_path, files)) == CgroupLimits(cpus=4, memory=4096)


def test_a_container_without_a_namespace_sees_its_group_at_the_mount_point(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/docker/0a1b/inner\n",
        "proc/self/mountinfo": V1_MEMORY.format(top="/docker/0a1b"),
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "500\n",
        "sys/fs/cgroup/memory/inner/memory.limit_in_bytes": "600\n",
    }
    assert limits(write(tmp_path, files)).memory == 500


def test_the_strictest_of_machine_affinity_and_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3, 4}, raising=False)
    v2(tmp_path, "/", {"cpu.max": "300000 100000\n", "memory.max": "max\n"})
    write(tmp_path, {"proc/meminfo": "MemFree: 1 kB\nMemTotal:       2048 kB\n"})
    assert machine.detect({}, root=tmp_path) == machine.Machine(cpus=3, memory=2048 * 1024)


def test_a_group_with_more_than_the_machine_has_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {7}, raising=False)
    v2(tmp_path, "/", {"cpu.max": "900000 100000\n", "memory.max": "99999999\n"})
    write(tmp_path, {"proc/meminfo": "MemTotal: 1 kB\n"})
    assert machine.detect({}, root=tmp_path) == machine.Machine(cpus=1, memory=1024)


def test_without_proc_the_system_is_asked(tmp_path: Path) -> None:
    assert machine.detect({}, root=tmp_path).memory > 1 << 20


def test_gpus_are_looked_for_only_where_somebody_wants_one(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").touch(mode=0o755)
    variables, calls = {"PATH": str(tmp_path)}, []

    def run(argv: Sequence[str | Path], *_: object) -> CompletedProcess:
        calls.append(argv)
        return CompletedProcess(0, b"GPU-1, Test Card, 1024\n", b"")

    assert machine.detect(variables, run=run).gpus == ()
    assert calls == []
    assert [card.uuid for card in machine.detect(variables, with_gpus=True, run=run).gpus] == ["GPU-1"]
