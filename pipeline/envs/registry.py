"""Which build a name stands for.

``venv/NAME`` points to a build in ``venv/.builds``; the pointer is replaced in one step, so a run that has
resolved it keeps its build while a repair makes another. A name is a label; the key is the identity.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.envs import keys
from pipeline.envs.build import Build
from pipeline.envs.verification import health
from pipeline.files import replaced

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition

MARKER = ".pipeline-ready.json"
RETIRED = ".pipeline-damaged.json"  # the marker's name in a build that was found damaged
NAMED = r"(?P<name>[a-z][a-z0-9_-]*)-[0-9a-f]{16}\.[0-9a-f]{8}"  # a build's folder
FIELDS = {"name", "prefix", "interpreter", "files", "site_packages", "fingerprint", "promises"}


class Registry:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.builds = root / ".builds"

    def pointer(self, name: str) -> Path:
        return self.root / name

    def lock(self, name: str) -> Path:
        """Held by whoever builds, repairs or removes what the name stands for."""
        return self.builds / f"{name}.lock"

    def new_place(self, name: str, key: str) -> Path:
        """A folder that was never used: an older build stays with its jobs."""
        # The real path, which is the one that is compared when somebody asks whether the build was moved.
        return Path(os.path.realpath(self.builds), f"{label(name, key)}.{os.urandom(4).hex()}")

    def live(self, name: str) -> Build | None:
        """The build that the name points to, whatever its state; ``None`` where there is none that was finished."""
        return self._read(name, self.pointer(name))

    def at(self, name: str, prefix: Path) -> Build | None:
        """The finished build of this name at this place."""
        return self._read(name, prefix)

    def with_key(self, name: str, key: str) -> Build | None:
        """The live build if it has this key, else an older one that does."""
        return next(self.all_with_key(name, key), None)

    def all_with_key(self, name: str, key: str) -> Iterator[Build]:
        """The finished builds that have this key, the live one first."""
        folders = [self.pointer(name), *sorted(self.builds.glob(f"{label(name, key)}*"))]
        builds = (self._read(name, folder) for folder in folders)
        return (build for build in builds if build is not None and build.key == key)

    def problem(self, definition: "Definition") -> str | None:
        """Why the live build can't be used for this definition."""
        build = self.live(definition.name)
        return misfit(definition, build) if build else "it isn't built"

    def obstacle(self, name: str) -> str | None:
        """Why the name can't be made to stand for a build: something that isn't ours is in its place."""
        pointer = self.pointer(name)
        in_the_way = pointer.exists() and not pointer.is_symlink()
        return f"{pointer} is in the way: it isn't something that bootstrap made" if in_the_way else None

    def point(self, name: str, prefix: Path) -> None:
        """Let the name stand for another build, in one step."""
        pointer = self.pointer(name)
        for left in self.root.glob(f".{name}.*.pointer"):  # by a process that was killed here; we hold the name's lock
            left.unlink()
        target = os.path.relpath(os.path.realpath(prefix), os.path.realpath(self.root))
        with replaced(pointer, flush=False, temporary=f".{name}.{os.getpid()}.pointer") as beside:
            beside.symlink_to(target, target_is_directory=True)

    def retire(self, prefix: Path) -> None:
        """Let a damaged build count no more. It stays: stages that run in it may not need what is damaged."""
        with contextlib.suppress(FileNotFoundError):  # somebody else has
            os.replace(prefix / MARKER, prefix / RETIRED)

    def _read(self, name: str, folder: Path) -> Build | None:
        try:
            # Resolved once: what is used from here on doesn't move when the pointer does.
            prefix = Path(os.path.realpath(folder))
            record = json.loads((prefix / MARKER).read_bytes())
        except (OSError, ValueError):
            return None
        return Build(name, prefix, record["key"], record) if _is_whole(name, record) else None


def misfit(definition: "Definition", build: Build) -> str | None:
    """Why a finished build isn't what the definition asks for, or isn't what it was."""
    built_for, wanted = build.record["key_input"].get("accelerator", "any"), definition.variant or "any"
    if built_for != wanted:  # told before the lock, which differs for that reason
        return f"it was built for {built_for} hardware, and what is wanted here is for {wanted}"
    if build.record["key_input"]["lock"] != definition.lock_digest():
        return f"its lock {definition.locked.name} has changed since it was built"
    if build.record["promises"] != definition.promises():
        return f"its imports, smoke script, variables or programs have changed in {definition.file} since it was built"
    return _lock_problem(definition, build) or definition.python_problem(build.python_version) or health.damage(build)


def label(name: str, key: str) -> str:
    """A build's folder name; enough of the key to tell builds apart for a person, never for a decision."""
    return f"{name}-{key.removeprefix('sha256:')[:16]}"


def name_of(folder: str) -> str | None:
    """The environment that a build's folder is named after; ``None`` where it isn't named like a build."""
    match = re.fullmatch(NAMED, folder)
    return match["name"] if match else None


def _is_whole(name: str, record: Any) -> bool:
    """Whether a marker is one that we wrote, for this name, and not torn or edited: its key proves its own input."""
    if not isinstance(record, dict) or not record.keys() >= FIELDS or record["name"] != name:
        return False
    if not isinstance(record["files"], dict) or not isinstance(record["site_packages"], str):
        return False
    fingerprint = record["fingerprint"]
    if not isinstance(fingerprint, dict) or not isinstance(fingerprint.get("records"), dict):
        return False
    key_input = record.get("key_input")
    return isinstance(key_input, dict) and record.get("key") == keys.key_of(key_input)


def _lock_problem(definition: "Definition", build: Build) -> str | None:
    """Where something else is asked for than when it was built, the lock may give it all the same.

    A record from before this was written down says nothing of it, so the lock is looked at each time.
    """
    from pipeline.envs.lockfiles import agreement, requirements

    if requirements.digest(definition.requirements) == build.record.get("requirements"):
        return None
    return agreement.mismatch(definition)
