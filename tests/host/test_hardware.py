"""What is kept of the look at a machine, when it is made again, and whose word counts more."""

import json
import os
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ExitCode, NotReady, UsageError
from pipeline.host import hardware
from pipeline.host.detection import Hardware
from pipeline.host.gpus import Gpu
from pipeline.project import ProjectFolder
from pipeline.values import replace

CARD = Gpu("GPU-1", "Test Card", 8 << 30)
FOUND = Hardware("Test CPU", 4, 16 << 30, "cu128", (CARD, Gpu("GPU-2", "ünï", None)), ("3g.20gb",), "550.54", "12.8")
TROUBLED = replace(FOUND, accelerator=None, problem="the driver says nothing")


class Detection:
    """Counts how often it is asked."""

    def __init__(self, found: Hardware = FOUND) -> None:
        self.found = found
        self.calls = 0

    def __call__(self, variables: Mapping[str, str]) -> Hardware:
        self.calls += 1
        return self.found


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    (tmp_path / "project/config").mkdir(parents=True)
    return ProjectFolder(tmp_path / "project")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system's files that decide the signature."""
    for name, text in {"proc/meminfo": "MemTotal: 16777216 kB\n", "proc/sys/kernel/random/boot_id": "one\n"}.items():
        file = tmp_path / "system" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "system/dev").mkdir()
    return tmp_path / "system"


def cache(project: ProjectFolder) -> Path:
    return project.config / "hardware_cache.json"


def hosts(project: ProjectFolder) -> dict[str, Any]:
    found = json.loads(cache(project).read_bytes())["hosts"]
    assert isinstance(found, dict)
    return found


def test_a_machine_is_looked_at_once(project: ProjectFolder, root: Path) -> None:
    detect = Detection()
    first = hardware.saved_report(project, detect, root=root)
    assert hardware.saved_report(project, detect, root=root) == first
    assert detect.calls == 1
    assert first.hardware == FOUND


def test_on_request_it_is_looked_at_again(project: ProjectFolder, root: Path) -> None:
    hardware.saved_report(project, Detection(), root=root)
    other = Detection(replace(FOUND, accelerator="cpu"))
    assert hardware.saved_report(project, other, refresh=True, root=root).hardware.accelerator == "cpu"
    assert hardware.saved_report(project, Detection(), root=root).hardware.accelerator == "cpu"


CHANGES = {
    "started again": ("proc/sys/kernel/random/boot_id", "two\n"),
    "more memory": ("proc/meminfo", "MemTotal: 33554432 kB\n"),
    "a card more": ("dev/nvidia1", ""),
    "another driver": ("proc/driver/nvidia/version", "NVRM version: 2\n"),
    "a display card": ("sys/class/drm/card0/x", ""),
    "another nvidia-smi": ("bin/nvidia-smi", "#!/bin/sh\n"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_longer_fits_is_looked_at_again(
    project: ProjectFolder, root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(root / "bin"))
    detect = Detection()
    hardware.saved_report(project, detect, root=root)
    file = root / CHANGES[name][0]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CHANGES[name][1])
    file.chmod(0o755)
    hardware.saved_report(project, detect, root=root)
    assert detect.calls == 2


def test_memory_that_sways_and_devices_of_a_running_program_change_nothing(project: ProjectFolder, root: Path) -> None:
    detect = Detection()
    hardware.saved_report(project, detect, root=root)
    (root / "proc/meminfo").write_text("MemTotal: 16777300 kB\n")
    (root / "dev/nvidia-uvm").touch()
    hardware.saved_report(project, detect, root=root)
    assert detect.calls == 1


def test_hosts_that_share_a_project_keep_an_entry_each(
    project: ProjectFolder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host, accelerator in (("head", "cpu"), ("node", "cu128")):
        monkeypatch.setattr("platform.node", lambda host=host: host)
        hardware.saved_report(project, Detection(replace(FOUND, accelerator=accelerator)), root=root)
    assert {host: entry["hardware"]["accelerator"] for host, entry in hosts(project).items()} == {
        "head": "cpu",
        "node": "cu128",
    }


def test_names_that_come_and_go_do_not_pile_up(
    project: ProjectFolder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(hardware.HOSTS + 3):
        monkeypatch.setattr("platform.node", lambda number=number: f"container-{number:03}")
        hardware.saved_report(project, Detection(), root=root)
    assert len(hosts(project)) == hardware.HOSTS
    assert "container-000" not in hosts(project)


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"schema": 1}',
    b'{"schema": 1, "hosts": []}',
    b'{"schema": 2, "hosts": {}}',
    b'{"schema": 1, "hosts": {"x": NaN}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:30]))
def test_a_broken_cache_is_made_again(project: ProjectFolder, root: Path, data: bytes) -> None:
    cache(project).write_bytes(data)
    assert hardware.saved_report(project, Detection(), root=root).hardware == FOUND
    assert len(hosts(project)) == 1


EDITED: list[dict[str, Any]] = [
    {"accelerator": 5},
    {"accelerator": "warp"},
    {"gpus": 3},
    {"gpus": [{"uuid": "x"}]},
    {"gpus": [{"uuid": "x", "name": "y", "memory": "much"}]},
    {"cpus": "four"},
    {"cpu": None},
    {"slices": [1]},
    {"more": 1},
]


@pytest.mark.parametrize("fields", EDITED, ids=str)
def test_an_entry_that_was_edited_to_nonsense_is_looked_at_again(
    project: ProjectFolder, root: Path, fields: dict[str, Any]
) -> None:
    hardware.saved_report(project, Detection(), root=root)
    content = json.loads(cache(project).read_bytes())
    (entry,) = content["hosts"].values()
    entry["hardware"].update(fields)
    cache(project).write_text(json.dumps(content))
    detect = Detection()
    assert hardware.saved_report(project, detect, root=root).hardware == FOUND
    assert detect.calls == 1


@pytest.mark.parametrize("looked_at", [4e9, "today", None, 1e400])
def test_a_time_that_can_not_be_is_no_time(project: ProjectFolder, root: Path, looked_at: object) -> None:
    hardware.saved_report(project, Detection(), root=root)
    content = json.loads(cache(project).read_bytes())
    (entry,) = content["hosts"].values()
    entry["looked_at"] = looked_at
    cache(project).write_text(json.dumps(content))
    detect = Detection()
    hardware.saved_report(project, detect, root=root)
    assert detect.calls == 1


def test_a_cache_that_can_not_be_written_costs_only_the_look(project: ProjectFolder, root: Path) -> None:
    project.config.rmdir()
    detect = Detection()
    found = hardware.saved_report(project, detect, root=root)
    assert found.hardware == FOUND
    assert found.problem == "No such file or directory"
    assert hardware.saved_report(project, detect, root=root).hardware == FOUND
    assert detect.calls == 2


def test_what_a_killed_writer_left_is_removed_when_it_is_old(project: ProjectFolder, root: Path) -> None:
    old, new = (project.config / f".hardware_cache.json.{name}.tmp" for name in ("old", "new"))
    for left in (old, new):
        left.touch()
    os.utime(old, (1, 1))
    hardware.saved_report(project, Detection(), root=root)
    assert not old.exists()
    assert new.exists()


def test_many_at_once_leave_a_whole_file(project: ProjectFolder, root: Path) -> None:
    threads = [
        threading.Thread(
            target=hardware.saved_report, args=(project, Detection()), kwargs={"refresh": True, "root": root}
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(hosts(project)) == 1
    assert stat.S_ISREG(cache(project).stat().st_mode)
    assert [path.name for path in project.config.iterdir()] == ["hardware_cache.json"]


def test_a_driver_in_trouble_is_not_asked_by_every_command(project: ProjectFolder, root: Path) -> None:
    detect = Detection(TROUBLED)
    for _ in range(2):
        assert hardware.saved_report(project, detect, root=root).hardware == TROUBLED
    assert detect.calls == 1


def test_a_driver_in_trouble_is_asked_again_after_a_while(
    project: ProjectFolder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = Detection(TROUBLED)
    hardware.saved_report(project, detect, root=root)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + hardware.PROBLEM_SECONDS + 1)
    hardware.saved_report(project, detect, root=root)
    assert detect.calls == 2


def accelerator(project: ProjectFolder, chosen: str | None, detect: hardware.Detect) -> str:
    return hardware.accelerator(chosen, lambda: hardware.saved_report(project, detect))


def test_a_look_writes_nothing_until_it_is_saved(project: ProjectFolder, root: Path) -> None:
    found = hardware.report(project, Detection(), root=root)
    assert not (project.config / hardware.FILE).exists()
    assert hardware.save(project, found).unsaved is None
    assert hardware.report(project, Detection(), root=root).unsaved is None


def test_the_machine_decides_where_nobody_said_anything(project: ProjectFolder) -> None:
    assert accelerator(project, None, Detection()) == "cu128"


def test_the_settings_go_before_the_machine_which_is_not_even_asked(project: ProjectFolder) -> None:
    detect = Detection()
    assert accelerator(project, "cu118", detect) == "cu118"
    assert detect.calls == 0


def test_the_variable_goes_before_the_settings(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hardware.VARIABLE, "cpu")
    assert accelerator(project, "cu118", Detection()) == "cpu"


@pytest.mark.parametrize("word", ["gpu", "cuda", "cu12.8", "CPU", "cu128 "])
def test_a_variable_that_names_no_accelerator_is_refused(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv(hardware.VARIABLE, word)
    with pytest.raises(UsageError, match=hardware.VARIABLE):
        accelerator(project, None, Detection())


def test_a_card_that_can_not_be_asked_is_never_taken_for_none(project: ProjectFolder) -> None:
    with pytest.raises(NotReady, match="the driver says nothing") as refused:
        accelerator(project, None, Detection(TROUBLED))
    assert "PIPELINE_ACCELERATOR=cpu" in str(refused.value.next_step)
    assert refused.value.exit_code == ExitCode.NOT_READY
