"""What is on the disk for certain, as far as the flushes of a run tell; and the worst that a power cut may do."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.sdk.protocol import Order

STAGES = "/stages/"


@dataclass
class Disk:
    """Files by the size, and folders by the names, that no power cut takes away."""

    sizes: dict[str, int] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> "Disk":
        """All that stands there now."""
        disk = cls()
        for folder, folders, files in os.walk(root):
            disk.names[folder] = {*folders, *files}
            disk.sizes.update({path: os.lstat(path).st_size for path in _paths(folder, files)})
        return disk

    def apply(self, event: dict[str, Any]) -> None:
        """Something that a run did (see ``Steps.trace``)."""
        if "size" in event:
            self.sizes[event["flushed"]] = event["size"]
        elif "names" in event:
            self.names[event["flushed"]] = {*event["names"]}
        elif "moved" in event:
            source, target = event["moved"]
            self.sizes.pop(target, None)
            self.sizes = {_moved(path, source, target): size for path, size in self.sizes.items()}
            self.names = {_moved(path, source, target): names for path, names in self.names.items()}

    def has(self, path: str, root: str) -> bool:
        """Whether the file, and each folder's name down to it from ``root``, is there for certain."""
        while path != root:
            folder, name = os.path.split(path)
            if name not in self.names.get(folder, ()):
                return False
            path = folder
        return True


def events(trace: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []


def cut(root: Path, disk: Disk, with_names: bool) -> None:
    """Turn a folder into what a power cut may have left: nothing that isn't certain, or its names without content."""
    for folder, folders, files in os.walk(root):
        certain = disk.names.get(folder, set())
        for path in _paths(folder, files):
            if os.lstat(path).st_size > disk.sizes.get(path, 0):
                os.truncate(path, disk.sizes.get(path, 0))
        for left in [] if with_names else map(Path, _paths(folder, {*folders, *files} - certain)):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        folders[:] = [name for name in folders if Path(folder, name).is_dir()]


def complaints(trace: Sequence[dict[str, Any]], disk: Disk, job: Path) -> Iterator[str]:
    """Where a run counted on something that a power cut could still have taken away."""
    written: list[dict[str, Any]] = []  # lines of the journal that aren't flushed
    finished: set[str] = set()  # attempts that are committed for certain, as STAGE/NUMBER
    for event in trace:
        disk.apply(event)
        if event.get("flushed") == str(job / "journal.jsonl"):
            finished |= {f"{line['stage']}/{line['attempt']}" for line in written if line["event"] == "stage_finished"}
            written.clear()
        if "write" in event:
            written.append(json.loads(event["write"]))
            yield from _uncertain_outputs(written[-1], disk, job)
        if "order" in event:
            yield from _uncertain_inputs(event["order"], finished, job)


def _uncertain_outputs(line: dict[str, Any], disk: Disk, job: Path) -> Iterator[str]:
    for output in line.get("outputs", {}).values():
        path = str(job / "stages" / line["stage"] / str(line["attempt"]) / "outputs" / output["file"])
        if disk.sizes.get(path) != output["size"] or not disk.has(path, str(job)):
            yield f"{path} was committed before it was on the disk"
    for name in line.get("delivered", ()):
        if not disk.has(str(job / "output" / name), str(job)):
            yield f"{name} was told to be delivered before it was on the disk"


def _uncertain_inputs(order: str, finished: set[str], job: Path) -> Iterator[str]:
    file = Path(Order.decode(order.encode()).invocation)
    invocation = json.loads(file.read_bytes())
    for path in (path for paths in invocation["inputs"].values() for path in paths):
        if path.startswith(f"{job}{STAGES}") and "/".join(Path(path).parts[-4:-2]) not in finished:
            yield f"{file.parent} was started before {path} was committed for certain"


def _moved(path: str, source: str, target: str) -> str:
    """What a file, or anything in a folder, is called afterwards."""
    return target + path.removeprefix(source) if path == source or path.startswith(source + os.sep) else path


def _paths(folder: str, names: Iterator[str] | Sequence[str] | set[str]) -> list[str]:
    return [os.path.join(folder, name) for name in names]
