"""Which build a name stands for.

``venv/NAME`` points to a build in ``venv/.builds``; the pointer is replaced in one step, so a run that has
resolved it keeps its build while a repair makes another. A name is a label; the key is the identity.
"""

import json
import os
from pathlib import Path

from pipeline.envs import health
from pipeline.envs.definition import Build, Definition

MARKER = ".pipeline-ready.json"


class Registry:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.builds = root / ".builds"

    def pointer(self, name: str) -> Path:
        return self.root / name

    def live(self, name: str) -> Build | None:
        """The build that the name points to, whatever its state; ``None`` where there is none that was finished."""
        return self._read(name, self.pointer(name))

    def with_key(self, name: str, key: str) -> Build | None:
        """The live build if it has this key, else an older one that does."""
        live = self.live(name)
        if live is not None and live.key == key:
            return live
        older = (self._read(name, prefix) for prefix in sorted(self.builds.glob(f"{label(name, key)}*")))
        return next((build for build in older if build is not None and build.key == key), None)

    def problem(self, definition: Definition) -> str | None:
        """Why the live build can't be used for this definition."""
        build = self.live(definition.name)
        if build is None:
            return "it isn't built"
        if build.record["key_input"]["lock"] != definition.lock_digest():
            return f"its lock {definition.lock.name} has changed since it was built"
        return _python_problem(definition, build) or health.damage(build)

    def point(self, name: str, prefix: Path) -> None:
        """Let the name stand for another build, in one step."""
        pointer = self.pointer(name)
        beside = pointer.with_name(f".{name}.{os.getpid()}.pointer")
        beside.unlink(missing_ok=True)
        beside.symlink_to(os.path.relpath(prefix, self.root), target_is_directory=True)
        os.replace(beside, pointer)

    def _read(self, name: str, folder: Path) -> Build | None:
        try:
            # Resolved once: what is used from here on doesn't move when the pointer does.
            prefix = Path(os.path.realpath(folder))
            record = json.loads((prefix / MARKER).read_bytes())
            return Build(name, prefix, record["key"], record)
        except (OSError, ValueError, KeyError):
            return None


def label(name: str, key: str) -> str:
    """A build's folder name; enough of the key to tell builds apart for a person, never for a decision."""
    return f"{name}-{key.removeprefix('sha256:')[:16]}"


def _python_problem(definition: Definition, build: Build) -> str | None:
    from packaging.specifiers import SpecifierSet

    version = build.record["key_input"]["python"]
    if version in SpecifierSet(definition.python):
        return None
    return f"it has Python {version}, and {definition.python} is wanted"
