"""Building an environment: single-flight, at its final place, proved before it counts.

The ready marker is written last and by one rename; a folder without it is nobody's environment and is
removed by whoever builds next.
"""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline import process
from pipeline.envs import interpreters, keys, provided, uv
from pipeline.envs.definition import Build, Definition
from pipeline.envs.keeping.notes import Notes
from pipeline.envs.proving import deep, health
from pipeline.envs.registry import MARKER, RETIRED, Registry, label, misfit
from pipeline.envs.variables import without_python
from pipeline.errors import NotReady
from pipeline.files import dump_json, sync_all, write_whole
from pipeline.locks import exclusive

Tell = Callable[[str], None]  # what is being done now, for a person who waits

SDK = Path(__file__).parents[2] / "sdk"


@dataclass(frozen=True)
class Builder:
    registry: Registry
    uv: Path
    logs: Path
    time_limit: float  # seconds, for each step that an installer takes
    steering: Mapping[str, str] = field(default_factory=dict)  # variables for uv: where packages come from, this time

    def ensure(self, definition: Definition, tell: Tell, force: bool = False) -> Build:
        """The healthy live build, made now if need be. Raises ``NotReady`` with the installer's own words."""
        if not force and (build := self._usable(definition)):
            return build
        with self._alone(definition.name, tell):
            if not force and (build := self._usable(definition)):
                return build
            return self._build(definition, tell, force)

    def repair(self, definition: Definition, damaged: Path, tell: Tell) -> Build:
        """A whole build in place of the damaged one at this prefix, which somebody else may have made meanwhile.

        Its damaged packages are installed from their source where uv's cache shares the damage.
        Raises ``NotReady``.
        """
        with self._alone(definition.name, tell):
            live = self._usable(definition)
            build = live if live and live.prefix != damaged else self._build(definition, tell, force=True)
            self.registry.retire(damaged)
            return build

    @contextlib.contextmanager
    def _alone(self, name: str, tell: Tell) -> Iterator[None]:
        self._make_folders()
        with exclusive(self.registry.builds / f"{name}.lock", lambda who: tell(f"waiting for {who}")):
            yield

    def _usable(self, definition: Definition) -> Build | None:
        return None if self.registry.problem(definition) else self.registry.live(definition.name)

    def _build(self, definition: Definition, tell: Tell, force: bool) -> Build:
        if reason := self.registry.obstacle(definition.name):
            raise NotReady(f"environment '{definition.name}' can't be built: {reason}", "move it away")
        tell("choosing Python")
        interpreter = interpreters.find(definition, self.uv)
        key_input = keys.key_input(definition, interpreter)
        key = keys.key_of(key_input)
        self._sweep(definition.name)
        earlier = () if force else self.registry.all_with_key(definition.name, key)
        if fitting := next((build for build in earlier if misfit(definition, build) is None), None):
            self.registry.point(definition.name, fitting.prefix)
            return fitting
        prefix, started = self._new_place(definition.name, key), time.monotonic()
        try:
            otherwise = self._install(definition, interpreter, prefix, tell)
            sync_all()  # a power cut must not leave the marker with half the packages behind it
            write_whole(prefix / MARKER, dump_json(_record(definition, key, key_input, prefix, otherwise)))
        except BaseException:
            shutil.rmtree(prefix, ignore_errors=True)
            raise
        self.registry.point(definition.name, prefix)
        Notes(self.registry.root).built(definition.name, prefix, time.monotonic() - started)
        return Build(definition.name, prefix, key, json.loads((prefix / MARKER).read_bytes()))

    def _install(
        self, definition: Definition, interpreter: interpreters.BaseInterpreter, prefix: Path, tell: Tell
    ) -> Mapping[str, str | None]:
        """Returns the files that their publisher made otherwise than its ``RECORD`` says, with their digests."""
        log_path = self.logs / f"{definition.name}.log"
        with log_path.open("wb") as log:
            self._install_packages(definition, interpreter, prefix, log, tell)
            otherwise: Mapping[str, str | None] = {}
            if damaged := deep.damaged(_site_packages(prefix)):
                # uv links files from its cache: what damaged an environment has damaged the cache, and uv trusts it.
                packages = sorted({each.package for each in damaged})
                tell(f"forgetting the damaged {', '.join(packages)} in uv's cache")
                self._uv(definition, log, "cache", "clean", *packages)
                shutil.rmtree(prefix)
                self._install_packages(definition, interpreter, prefix, log, tell)
                # The archive's own hash was in the lock, so that what differs now was published so.
                otherwise = {each.file: each.digest for each in deep.damaged(_site_packages(prefix))}
            provided.place(definition, prefix, _site_packages(prefix))
            tell("proving")
            python = Build(definition.name, prefix, "", {}).python
            self._compile_runner(python, log)
            reason = health.fails_to_import(definition, python, prefix)
            if reason:
                raise NotReady(f"environment '{definition.name}' was installed, but {reason}", f"read {log_path}")
        return otherwise

    def _install_packages(
        self,
        definition: Definition,
        interpreter: interpreters.BaseInterpreter,
        prefix: Path,
        log: IO[bytes],
        tell: Tell,
    ) -> None:
        tell("creating")
        self._uv(definition, log, "venv", "--no-project", "--python", interpreter.executable, prefix)
        tell("installing")
        python = Build(definition.name, prefix, "", {}).python
        sync = ("pip", "sync", "--require-hashes", "--compile-bytecode", "--allow-empty-requirements", "--python")
        self._uv(definition, log, *sync, python, definition.locked)

    def _uv(self, definition: Definition, log: IO[bytes], *arguments: str | Path) -> None:
        variables = {**uv.variables(without_python(os.environ), self._cache_shares_disk()), **self.steering}
        try:
            done = process.run([self.uv, *arguments], variables, self.time_limit, log)
        except process.TimedOut as error:
            raise NotReady(f"environment '{definition.name}': {error}", f"read {log.name}") from error
        if done.returncode:
            words = "\n".join(process.tail(Path(log.name), 12))
            raise NotReady(f"environment '{definition.name}' can't be built:\n{words}", f"read {log.name}")

    def _compile_runner(self, python: Path, log: IO[bytes]) -> None:
        """Bytecode of our runner for this interpreter's version, beside the source where that can be written."""
        argv: list[str | Path] = [python, "-I", "-m", "compileall", "-q", SDK / "stagekit"]
        with contextlib.suppress(process.TimedOut):  # a stage starts without it, a little later
            process.run(argv, without_python(os.environ), self.time_limit, log)

    def _cache_shares_disk(self) -> bool:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # may have no home
        return uv.cache_shares_disk(Path(os.environ.get("UV_CACHE_DIR") or Path(home, "uv")), self.registry.builds)

    def _make_folders(self) -> None:
        for folder in (self.registry.builds, self.logs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise NotReady(f"{folder} can't be made: {error.strerror}", "move away what is in its place") from error

    def _sweep(self, name: str) -> None:
        """Remove what an interrupted build left. We hold the name's lock, so nobody of ours is at work on it.

        An installer whose parent was killed may be; what it still writes is removed by the next build.
        """
        ours = re.compile(re.escape(name) + r"-[0-9a-f]{16}\.[0-9a-f]{8}")
        for prefix in self.registry.builds.iterdir():
            finished = (prefix / MARKER).is_file() or (prefix / RETIRED).is_file()
            if ours.fullmatch(prefix.name) and not finished:
                shutil.rmtree(prefix, ignore_errors=True)

    def _new_place(self, name: str, key: str) -> Path:
        """A place that was never used: an older build stays with its jobs, and a killed one's installer may live."""
        # The real path, which is the one that is compared when somebody asks whether the build was moved.
        return Path(os.path.realpath(self.registry.builds), f"{label(name, key)}.{os.urandom(4).hex()}")


def _record(
    definition: Definition,
    key: str,
    key_input: dict[str, object],
    prefix: Path,
    otherwise: Mapping[str, str | None],
) -> dict[str, object]:
    build = Build(definition.name, prefix, key, {})
    site_packages = _site_packages(prefix)
    base = os.stat(build.python)
    return {
        "schema": 1,
        "name": definition.name,
        "key": key,
        "key_input": key_input,
        "promises": definition.promises(),
        "prefix": str(prefix),
        "interpreter": [base.st_size, base.st_mtime_ns],
        "files": health.files(prefix, provided.files(definition, prefix, site_packages)),
        "site_packages": str(site_packages.relative_to(prefix)),
        "fingerprint": health.fingerprint(site_packages),
        "otherwise": otherwise,  # files that their publisher made otherwise than its RECORD says
    }


def _site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3*/site-packages"), prefix / "Lib" / "site-packages")
