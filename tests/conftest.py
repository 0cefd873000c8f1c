"""What tests may touch: no real home, no stray variables, and processes only where a test asks for them."""

import base64
import gc
import hashlib
import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from pipeline.cli import handler
from pipeline.envs import folder_names
from pipeline.run.supervision.interrupts import ASKING

FIXTURES = Path(__file__).parent / "fixtures"
REPOSITORY = Path(__file__).parents[1]
BIN = Path(sys.executable).parent  # where this project's commands are installed

# A shell's background jobs ignore it, which our commands rightly keep to; the tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long a test takes says something about the machine.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")
# For the short loop, which is run at every change: a tenth of the examples. All tests together try all of them. A test
# with a number of its own takes its part from ``examples``.
ALL_EXAMPLES = settings.get_profile("default").max_examples
settings.register_profile("loop", settings.get_profile("default"), max_examples=10)

KEPT_VARIABLES = {
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "XDG_RUNTIME_DIR",  # the tests' own, see below
    "PYTEST_CURRENT_TEST",  # pytest's own, and new in each test
}


def examples(number: int) -> int:
    """As many examples of a property as ``number``, or the part of them that the profile in use tries."""
    return max(1, number * settings().max_examples // ALL_EXAMPLES)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write the snapshots of tests/snapshots again")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that may start processes, so that ``-m "not spawning"`` is a short loop."""
    for item in items:
        if "spawning" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spawning)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """The collector of garbage looks at what tests make, and not at the thousands of tests each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def pytest_sessionfinish() -> None:
    """pytest collects garbage several times at its end. What is still used then, it needn't look through again."""
    gc.collect()
    gc.freeze()


@contextmanager
def own_workers(folder: Path) -> Iterator[None]:
    """Workers that tests start are theirs alone, and end with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield
        if (folder / "pipeline").exists():
            for kind in ("worker", "service"):
                subprocess.run([BIN / "pipeline", kind, "stop", "--all", "--force"], check=True, capture_output=True)


Homes = Generator[Path, bool | None, None]

COMMANDS = {
    "pipeline": "pipeline.cli.main",
    "prepare-job": "pipeline.cli.prepare_job",
    "run-pipeline": "pipeline.cli.run_pipeline",  # to be refused by; what a run starts wants a process of its own
    "bootstrap": "pipeline.cli.bootstrap",
}


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    """An empty folder for each test: the last one again, if nothing was written there."""
    with no_stray_variables(), own_workers(tmp_path_factory.mktemp("runtime")):
        yield empty_homes(tmp_path_factory.getbasetemp())


def empty_homes(folder: Path) -> Homes:
    """Takes ``True`` for a home that nobody else is to get."""
    for number in count():
        home, is_taken = folder / f"home-{number}", False
        home.mkdir()
        while not is_taken and not os.listdir(home):
            is_taken = bool((yield home))


@contextmanager
def no_stray_variables() -> Iterator[None]:
    """Taken away once: for each test again, that was a twentieth of the time of those that start no process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - KEPT_VARIABLES:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def confined(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, homes: Homes) -> None:
    """Each test sees an empty home and only the variables that a machine needs to work. One that doesn't say
    ``spawning`` (or use a fixture that does) can't start a process.

    All of it is one fixture: each costs every test as much as a small test takes.
    """
    for name in os.environ.keys() - KEPT_VARIABLES:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(next(homes)))
    if "spawning" in request.fixturenames:
        homes.send(True)  # by their home, its processes are told from a worker that an earlier test has left alive
        return
    monkeypatch.setattr(subprocess.Popen, "__init__", _refuse_process)
    monkeypatch.setattr(os, "posix_spawn", _refuse_process)


def _refuse_process(*arguments: Any, **_: Any) -> None:
    raise AssertionError(f"this test starts a process without the fixture 'spawning': {arguments}")


@pytest.fixture(scope="session")
def spawning() -> None:
    """Asked for by tests that start processes, or wait long for servers of their own."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What a command with ``--json`` printed, without its envelope."""
        envelope = json.loads(self.out)
        assert envelope["schema"] == 1
        return envelope["data"]

    @property
    def error(self) -> str:
        """The message of the error that it ended with."""
        found = re.search(r"^error: (.*?)(?=^next:  |\Z)", self.err, re.MULTILINE | re.DOTALL)
        return found[1].rstrip() if found else ""

    @property
    def next_step(self) -> str:
        """What it said to do next, a line for each."""
        found = re.search(r"^next:  (.*)", self.err, re.MULTILINE | re.DOTALL)
        return "\n".join(map(str.strip, found[1].splitlines())) if found else ""


def given_here(*words: "str | Path", variables: Mapping[str, str], folder: Path | None = None) -> Result:
    """One of our commands, as its own process would carry it out, with what it printed and its exit code."""
    heeded = {number: signal.getsignal(number) for number in ASKING}
    mask = os.umask(0o022)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True, errors="backslashreplace")
    try:
        with pytest.MonkeyPatch.context() as patch, open(os.devnull, encoding="utf-8") as nothing:
            for name, value in variables.items():
                patch.setenv(name, value)
            if folder:
                patch.chdir(folder)
            patch.setattr(sys, "argv", [str(BIN / words[0]), *map(str, words[1:])])
            for name, stream in (("stdin", nothing), ("stdout", out), ("stderr", err)):
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as left:
                _perform(str(words[0]), [*map(str, words[1:])])
    finally:
        os.umask(mask)
        for number, heed in heeded.items():
            signal.signal(number, heed)
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    return Result(int(left.value.code or 0), said, complained)


def _perform(command: str, words: list[str]) -> None:
    module = importlib.import_module(COMMANDS[command])
    if command == "run-pipeline":  # its own words are read without click
        sys.exit(handler.code_of(lambda: module.perform(words)))
    handler.run(module.command)


@dataclass(frozen=True)
class Sandbox:
    """A project in a temporary folder, and our commands on it."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def run(
        self,
        *words: "str | Path",
        variables: Mapping[str, str] | None = None,
        timeout: float = 120,
        given: bytes = b"",  # on the standard input
    ) -> Result:
        """Run one of our commands on this project, as a person would."""
        done = subprocess.run(
            [BIN / words[0], *words[1:]],
            env={**os.environ, "PIPELINE_ROOT": str(self.root), **(variables or {})},
            input=given,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def give(self, *words: "str | Path", variables: Mapping[str, str] | None = None) -> Result:
        """As ``run``, in this process: for what isn't about one, at a tenth of the cost."""
        return given_here(*words, variables={"PIPELINE_ROOT": str(self.root), **(variables or {})})

    def start(self, *words: "str | Path") -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [BIN / words[0], *words[1:]],
            env={**os.environ, "PIPELINE_ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def prepare(self, workflow: str, *words: str) -> str:
        """Prepare a job on ``input.txt`` and return its id."""
        if not (self.root / "input.txt").exists():
            self.write("input.txt", "some input\n")
        done = self.give("prepare-job", self.root / "input.txt", "--workflow", workflow, *words)
        assert done.code == 0, done.err
        return done.out.strip()

    def workflow(self, name: str, stages: str, head: str = "") -> None:
        """Write a workflow for any file; ``stages`` is YAML for the mapping, one line each."""
        body = "\n".join(f"  {line}" for line in stages.strip().splitlines())
        self.write(f"config/workflows/{name}.yaml", f"input: file\n{head}\nstages:\n{body}\n")

    def job(self, id: str) -> Path:
        return self.root / "jobs" / id

    def events(self, id: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.job(id) / "journal.jsonl").read_bytes().splitlines()]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A project with the fixture stages and definitions of two environments; nothing is built."""
    return make_sandbox(tmp_path / "project", tmp_path / "wheels")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Sandbox:
    """As ``sandbox``, with both environments built; shared, so only for reading."""
    folder = tmp_path_factory.mktemp("built")
    sandbox = make_sandbox(folder / "project", folder / "wheels")
    done = sandbox.give("bootstrap", "--all", variables=offline(folder))
    assert done.code == 0, done.err
    return sandbox


@pytest.fixture
def ready(sandbox: Sandbox, built: Sandbox) -> Iterator[Sandbox]:
    """A project of this test's own whose environments are built (they stand in the shared one's folder)."""
    (sandbox.root / "venv").symlink_to(built.root / "venv")
    yield sandbox
    assert {"alpha", "beta"} <= set(os.listdir(built.root / "venv")), "other tests need these builds"


def offline(folder: Path) -> dict[str, str]:
    """Variables with which uv sees only the fixture wheels."""
    return {
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(folder / "wheels"),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
    }


def build_folders(folder: Path) -> list[Path]:
    """The folders of builds among these, finished or not."""
    return sorted(path for path in folder.glob("*") if folder_names.parsed(path.name))


def make_sandbox(root: Path, wheels: Path) -> Sandbox:
    for folder in (wheels, *(root / name for name in ("config/environments", "requirements", "stages"))):
        folder.mkdir(parents=True, exist_ok=True)
    (root / "config/pipeline.yaml").write_bytes(b"default_workflows: []\ngrace_seconds: 1\n")
    for name, version in (("alpha", "1.0"), ("beta", "2.0")):
        wheel, content = quirk_wheel(version)
        (wheels / wheel).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (root / f"config/environments/{name}.yaml").write_bytes(b'python: ">=3.11"\nimports: [quirk]\n')
        (root / f"requirements/{name}.txt").write_bytes(f"quirk=={version}\n".encode())
        (root / f"requirements/{name}.lock").write_bytes(f"quirk=={version} \\\n    --hash=sha256:{digest}\n".encode())
    for name, source in fixture_stages().items():
        (root / "stages" / name).write_bytes(source)
    return Sandbox(root)


@cache
def quirk_wheel(version: str) -> tuple[str, bytes]:
    """The name and the content of a wheel whose module knows its version."""
    with TemporaryDirectory() as folder:
        wheel = make_wheel(Path(folder), "quirk", version, f"VERSION = {version!r}\n")
        return wheel.name, wheel.read_bytes()


@cache
def fixture_stages() -> dict[str, bytes]:
    return {stage.name: stage.read_bytes() for stage in (FIXTURES / "stages").glob("*.py")}


def make_wheel(folder: Path, name: str, version: str, source: str, metadata: str = "") -> Path:
    """A real wheel with one module; the same bytes every time, so that its hash can stand in a lock.

    ``metadata``: further lines of it, such as ``Requires-Dist: other>=2``.
    """
    return wheel_of(folder, name, {f"{name}.py": source.encode()}, version, metadata)


def wheel_of(
    folder: Path,
    name: str,
    files: Mapping[str, bytes],
    version: str = "1.0",
    metadata: str = "",
    without_digest: Collection[str] = (),
) -> Path:
    """As ``make_wheel``, with these files, recorded as they are, or ``without_digest``."""
    info = f"{name}-{version}.dist-info"
    every = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f'"{path}",,' if path in without_digest else f'"{path}",{_record_hash(data)},{len(data)}'
        for path, data in every.items()
    ]
    every[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in every.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return wheel


def _record_hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@pytest.fixture
def ended_workers(spawning: None) -> Iterator[None]:
    """For tests that leave workers, which other tests would take for forgotten processes."""
    yield
    subprocess.run([BIN / "pipeline", "worker", "stop", "--all", "--force"], check=True, capture_output=True)


@pytest.fixture
def waited() -> Iterator[None]:
    """Fails a test that leaves one of its own processes behind."""
    import psutil

    yield
    left = [process for process in psutil.Process().children(recursive=True) if process.is_running()]
    assert not left, left


def also(*values: Any) -> list[Any]:
    """Further cases of a test, of the same kind as those that are always tried."""
    return [pytest.param(value, marks=pytest.mark.exhaustive) for value in values]
