"""Other tools, each in an environment of its own, running the same stages the way their manuals do it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from measuring import BIN, BOUND, LOOP, PROJECT, Failed, timed

FILES = Path(__file__).parent / "peers"
TAKE = """import sys
with open(sys.argv[1]) as source, open(sys.argv[2], "w") as target:
    target.write(source.read() + sys.argv[3])
"""
POOL = """import subprocess, sys
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    list(pool.map(lambda _: subprocess.run([sys.argv[2], sys.argv[3]], check=True), range(int(sys.argv[1]))))
"""
REDUN = """[executors.default]
type = local
max_workers = 2
"""


@dataclass(frozen=True)
class Peer:
    """``argv`` and ``parallel`` (added where stages are independent) may hold {bin}, {files}, {home}, {out}, …"""

    name: str
    requirements: tuple[str, ...]
    argv: tuple[str, ...]
    parallel: tuple[str, ...] = ()
    many: bool = True  # whether it does 1,000 stages within a minute


PEERS = (
    Peer("doit", ("doit==0.37.0",), ("{bin}/doit", "-f", "{files}/dodo.py"), ("-n", "2", "-P", "thread")),
    Peer(
        "luigi",
        ("luigi==3.8.1",),
        ("{bin}/luigi", "--module", "luigi_stages", "All", "--local-scheduler"),
        ("--workers", "2"),
    ),
    Peer(
        "snakemake",
        ("snakemake==9.27.1",),
        ("{bin}/snakemake", "-s", "{files}/Snakefile", "--directory", "{out}", "--cores", "2"),
        many=False,
    ),
    Peer(
        "redun",
        ("redun==0.44.1",),
        (
            *("{bin}/redun", "--config", "{home}", "run", "{files}/redun_stages.py", "main"),
            *("--shape", "{shape}", "--out", "{out}", "--count", "{count}"),
        ),
        many=False,
    ),
    # later versions of fastapi lack what this version of prefect calls
    Peer("prefect", ("prefect==3.8.8", "fastapi==0.139.*"), ("{bin}/python", "{files}/prefect_flow.py"), many=False),
)
WFCOMMONS = ("wfcommons==1.6",)


@dataclass(frozen=True)
class Field:
    """Where all but ours run: the interpreter of the stages, what it runs, and a folder for state."""

    folder: Path
    python: Path

    def script(self, shape: str) -> Path:
        return self.folder / ("take.py" if shape == "files" else "noop.py")

    def bare(self, shape: str, count: int) -> float:
        """The stages in a loop, or where they are independent in a pool of two threads."""
        program = self.folder / ("loop.py" if shape == "chain" else "pool.py")
        return timed([BIN / "python", program, str(count), self.python, self.script(shape)])


def make(folder: Path, python: Path) -> Field:
    folder.mkdir()
    for name, text in (("noop.py", ""), ("take.py", TAKE), ("loop.py", LOOP), ("pool.py", POOL), ("input.txt", "x")):
        (folder / name).write_text(text)
    return Field(folder, python)


@dataclass
class Installation:
    """A peer in its environment. Its state (a data base, a cache) stays from run to run, as a user's does."""

    peer: Peer
    environment: Path
    field: Field
    runs: int = 0

    def fresh(self, shape: str, count: int) -> float:
        """All stages run."""
        self.runs += 1
        out = self.field.folder / self.peer.name / str(self.runs)
        return self.again(shape, count, out)

    def again(self, shape: str, count: int, out: Path) -> float:
        """Stages whose outputs stand in ``out`` have nothing to do."""
        out.mkdir(parents=True, exist_ok=True)
        names = {"bin": self.environment / "bin", "files": FILES, "home": self.home, "out": out}
        words = self.peer.argv + (() if shape == "chain" else self.peer.parallel)
        argv = [word.format(**names, shape=shape, count=count) for word in words]
        return timed(argv, self._variables(shape, count, out), self.field.folder)

    @property
    def home(self) -> Path:
        folder = self.field.folder / self.peer.name / "home"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / "redun.ini").write_text(REDUN)
        return folder

    def _variables(self, shape: str, count: int, out: Path) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))},
            "PATH": f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(FILES),  # where luigi finds its module
            "PYTHON": str(self.field.python),
            "SCRIPT": str(self.field.script(shape)),
            "INPUT": str(self.field.folder / "input.txt"),
            "SHAPE": shape,
            "COUNT": str(count),
            "OUT": str(out),
            "HOME": str(self.home),
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }


def install(requirements: tuple[str, ...], folder: Path) -> Path:
    """An environment with the requirements, made once. Raises ``Failed``."""
    name, _, version = requirements[0].partition("==")
    environment = folder / "peers" / f"{name}-{version}"
    made_from = environment / ".made-from"
    wanted = "\n".join((*requirements, str(Path(BIN / "python").resolve())))
    if not (made_from.exists() and made_from.read_text() == wanted):
        uv = _run(["bash", "-c", f'. "{PROJECT}/scripts/setup.sh" && find_uv']).strip()
        options = ["--quiet", "--no-config"]
        _run([uv, "venv", *options, "--no-project", "--clear", "--python", str(BIN / "python"), str(environment)])
        _run([uv, "pip", "install", *options, "--compile-bytecode", "--python", str(environment), *requirements])
        made_from.write_text(wanted)
    return environment


def _run(argv: list[str], variables: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False, timeout=BOUND)
    if done.returncode:
        raise Failed(f"it can't be installed: {(done.stderr.strip().splitlines() or ['no word why'])[-1].strip()}")
    return done.stdout
