"""uv as an oracle: do these lines have a solution, which one, and what did each package's metadata ask for?

Wheels only, for this platform and one Python: nothing is built, and nothing but metadata is downloaded. What a
package requires is what uv says it read (``Requires-Dist`` with markers and extras settled), so any index, cache
and proxy that builds environments serves here, too.
"""

import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar

from pipeline import process, process_tree
from pipeline.conflicts.sides import Line, Side
from pipeline.envs import uv
from pipeline.envs.uv_settings import UvSettings
from pipeline.errors import NotReady

if TYPE_CHECKING:
    from packaging.pylock import PackageWheel

A = TypeVar("A")
B = TypeVar("B")

RESOLVE_SECONDS = 120
AT_ONCE = 2  # a resolver keeps a processor busy
NO_SOLUTION = 1  # uv's exit code; 2 is for all else
UNREACHED = ("network was disabled", "not found in the cache", "network connectivity is disabled")
EDGE = re.compile(r"DEBUG Adding transitive dependency for ([^\s:=\[{]+)\S*==(\S+): (.*)")
DEPENDENCY = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:\{.*\})?(.*)")


@dataclass(frozen=True)
class Question:
    lines: tuple[Line, ...]
    python: str  # the exact version
    free: str = ""  # a package whose version nobody may bound


@dataclass(frozen=True)
class Dependency:
    name: str
    specifier: str  # as a person writes it; empty where any version will do

    def __str__(self) -> str:
        return f"{self.name}{self.specifier}"


@dataclass(frozen=True)
class ResolvedPackage:
    version: str
    wheel_bytes: int | None  # of the wheel for this platform; None where the index doesn't tell


@dataclass(frozen=True)
class Resolution:
    packages: Mapping[str, ResolvedPackage]  # by name; empty where there is no solution
    requires: Mapping[tuple[str, str], tuple[Dependency, ...]]  # by name and version, of every version looked at
    refusal: str = ""  # why there is no solution, as the resolver says it

    @property
    def is_solved(self) -> bool:
        return not self.refusal


class DependencyResolver(Protocol):
    def ask(self, question: Question) -> Resolution:
        """Raises ``NotReady`` where there is no answer, as without a network."""
        ...


class UvResolver:
    """Asks uv. Answers are kept for as long as it lives."""

    def __init__(self, installer: Path, options: Iterable[str] = (), indexes: Sequence[str] = ()) -> None:
        """``options`` are lines of a requirements file; ``indexes`` are asked beside the usual one, as in a build."""
        self._uv = installer
        options = tuple(options)
        self._options = tuple(each for each in options if each != "--pre")  # which uv takes as a setting alone
        self._settings = UvSettings(indexes=tuple(indexes), pre_releases="--pre" in options)
        self._known: dict[object, Resolution] = {}
        self._lock = Lock()
        self.calls = 0

    def ask(self, question: Question) -> Resolution:
        """Raises ``NotReady`` where uv gives no answer: the index can't be reached, or it takes too long."""
        key = (frozenset((line.text, line.is_bound) for line in question.lines), question.python, question.free)
        if key not in self._known:
            self._known[key] = self._ask(question)
        return self._known[key]

    def _ask(self, question: Question) -> Resolution:
        """With uv's cache alone where that has a solution, which takes a tenth of the time."""
        variables = uv.variables(os.environ)
        if self._known or variables.get("UV_OFFLINE"):
            cached = self._run(question, {**variables, "UV_OFFLINE": "1"})
            if cached is not None and cached.is_solved:
                return cached
            if variables.get("UV_OFFLINE"):
                return _known_offline(cached)
        answer = self._run(question, variables)
        assert answer is not None, "only a lookup without the index can be left open"
        return answer

    def _run(self, question: Question, variables: Mapping[str, str]) -> Resolution | None:
        """``None`` where the cache doesn't hold enough to tell."""
        from tempfile import TemporaryDirectory

        with self._lock:
            self.calls += 1
        with TemporaryDirectory(prefix="pipeline-resolve-") as folder:
            arguments = _arguments(question, Path(folder), self._options)
            try:
                with self._settings.options() as configured:
                    done = process.run([self._uv, *configured, *arguments], variables, RESOLVE_SECONDS)
            except process.TimedOut as error:
                raise NotReady(f"no answer from the resolver: {error}", "try again") from error
        log = done.stderr.decode("utf-8", "replace")
        refusal = _refusal(log)
        if done.returncode and variables.get("UV_OFFLINE") and any(each in refusal for each in UNREACHED):
            return None
        if done.returncode not in (0, NO_SOLUTION):
            raise NotReady(
                f"the resolver gave no answer:\n{refusal}", "look at the network and the index, then try again"
            )
        packages = _packages(done.stdout) if done.returncode == 0 else {}
        return Resolution(packages, _requires(log), refusal if done.returncode else "")


def resolver_for(sides: Iterable[Side]) -> UvResolver:
    """One that finds packages wherever one of the sides does."""
    sides = list(sides)
    options = dict.fromkeys(option for side in sides for option in side.options)
    indexes = list(dict.fromkeys(side.index for side in sides if side.index))
    return UvResolver(uv.find(), options, indexes)


def in_parallel(ask: Callable[[A], B], about: Iterable[A]) -> list[B]:
    """What ``ask`` returns for each, in their order, two at a time: each mostly waits for a process of its own.

    The first failure is raised, and the processes that were started for the others are killed.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as threads:
        try:
            return list(threads.map(ask, about))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            process_tree.kill_children()
            raise


def _known_offline(cached: Resolution | None) -> Resolution:
    if cached is None:
        raise NotReady(
            "uv's cache doesn't hold the metadata that this takes, and the network is off (UV_OFFLINE)",
            "try again with the network, without UV_OFFLINE",
        )
    return cached


def _arguments(question: Question, folder: Path, options: Iterable[str]) -> list[str | Path]:
    lines, bounds, free = (folder / name for name in ("lines.in", "bounds.in", "free.in"))
    wanted = [line.text for line in question.lines if not line.is_bound]
    lines.write_text("\n".join([*options, *wanted, ""]), encoding="utf-8")
    bounds.write_text("\n".join(line.text for line in question.lines if line.is_bound), encoding="utf-8")
    free.write_text(question.free, encoding="utf-8")
    # Any interpreter does, since none is started; without one named, uv tries all that the machine has.
    python = ["--python", sys.executable, "--python-version", question.python]
    settings: list[str | Path] = ["--no-build", "--no-header", *python]
    files: list[str | Path] = ["--constraints", bounds, "--overrides", free]
    return ["pip", "compile", "--verbose", "--format", "pylock.toml", *settings, *files, lines]


def _packages(answer: bytes) -> dict[str, ResolvedPackage]:
    from packaging.pylock import Pylock

    packages = Pylock.from_dict(tomllib.loads(answer.decode("utf-8"))).packages
    return {each.name: ResolvedPackage(str(each.version or ""), _bytes_of(each.wheels or ())) for each in packages}


def _bytes_of(wheels: "Sequence[PackageWheel]") -> int | None:
    """The size of the first: uv lists the wheels that fit this platform, and the one first that it would take."""
    for wheel in wheels[:1]:
        if wheel.size is None and (wheel.url or "").startswith("file:"):
            from urllib.parse import urlsplit
            from urllib.request import url2pathname

            return Path(url2pathname(urlsplit(wheel.url or "").path)).stat().st_size
        return wheel.size
    return None


def _refusal(log: str) -> str:
    lines = log.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("error:")), None)
    said = [] if start is None else lines[start:]
    return "\n".join(line for line in said if not line.startswith(("DEBUG ", "TRACE ", "WARN "))).strip()


def _requires(log: str) -> dict[tuple[str, str], tuple[Dependency, ...]]:
    found: dict[tuple[str, str], dict[Dependency, None]] = {}
    for line in log.splitlines():
        match = EDGE.fullmatch(line)
        dependency = DEPENDENCY.fullmatch(match[3]) if match else None
        # A package with an extra or a marker is one of its own to uv, tied to the plain one.
        if match and dependency and dependency[1] != match[1]:
            known = found.setdefault((match[1], match[2]), {})
            known[Dependency(dependency[1], readable(dependency[2]))] = None
    return {package: tuple(dependencies) for package, dependencies in found.items()}


def readable(ranges: str) -> str:
    """uv's notation of a set of versions, as a requirement has it: ``>=1, <1+`` is ``==1``."""
    text = ranges.strip().replace(", ", ",")
    if text == "*":
        return ""
    text = re.sub(r"<([^,|]+) \| >=?\1\+?(?=,| |$)", r"!=\1", text)  # all but one version
    text = re.sub(r"^>=([^,|]+),<=?\1\+$", r"==\1", text)
    text = re.sub(r"(<[^,|]+)\.dev0", r"\1", text)
    return re.sub(r"([0-9a-z])\+(?=$|,| )", r"\1", text)
