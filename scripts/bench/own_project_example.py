"""From an empty folder to the result of two stages in two environments with clashing pins."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contenders import FILES as PEERS
from contenders import install
from measuring import BIN, PROJECT, Failed, median_ratios, output, timed
from own_project_parts import OwnProjectBench

FILES = PEERS / "two_environments"
INPUTS = PROJECT / "pipeline" / "scaffold" / "examples" / "arrays"
COMMANDS = (
    ("pipeline", "init", "--example", "arrays"),
    ("pipeline", "env", "lock"),
    ("bootstrap",),
    ("pipeline", "run", "arrays", "numbers.csv"),
)


@dataclass(frozen=True)
class Tool:
    """Another tool. Words of its commands may hold {bin} and {files}."""

    requirement: str
    command: tuple[str, ...]  # as its manual has two steps with an environment each
    note: str
    by_hand: tuple[str, ...] = ()  # with environments that its steps make with uv, which its manual doesn't tell

    @property
    def name(self) -> str:
        return self.requirement.partition("==")[0]


SNAKEMAKE = ("{bin}/snakemake", "--cores", "2", "--quiet", "all")
TOOLS = (
    Tool(
        "doit==0.37.0",
        ("{bin}/doit", "-f", "{files}/dodo.py", "--dir", ".", "-n", "2", "-P", "thread"),
        "it knows no environments, and its tasks are commands: here those of uv",
    ),
    Tool(
        "snakemake==9.27.1",
        (*SNAKEMAKE, "-s", "{files}/documented/Snakefile", "--software-deployment-method", "conda"),
        "an environment for each rule (conda:), made by conda",
        (*SNAKEMAKE, "-s", "{files}/Snakefile"),
    ),
    Tool(
        "metaflow==2.19.39",
        ("{bin}/python", "{files}/documented/metaflow_pypi.py", "--environment=pypi", "run"),
        "an environment for each step (@pypi), made by micromamba",
        ("{bin}/python", "{files}/metaflow_two_environments.py", "run"),
    ),
)
BY_HAND = "not its manual's way: its steps call uv, and nothing proves or keeps what they make"
BYTECODE = "ours also have bytecode for all but tests, files of their own, and a proof of each file and import"
LIMITS = {
    "example_commands": 4.0,
    "example": 1.3,
    "example_compiled": 1.3,
    **{f"example_{tool.name}": 1.0 for tool in TOOLS},
}


@dataclass
class Contest:
    """Each run gets a new folder. All stay to the end: where thousands of inodes were just freed, ext4 without
    a journal makes each new file slow (``Ours.forget``), which only those feel that make files of their own."""

    bench: OwnProjectBench
    uv: Path
    python: Path
    runs: int = 0

    def fresh(self) -> Path:
        self.runs += 1
        folder = self.bench.folder / f"run-{self.runs}"
        (folder / "project").mkdir(parents=True)
        return folder

    def ours(self, first: bool = False) -> float:
        """``first``: with nothing in our own cache, where bytecode and the contents of wheels are; uv's stays warm."""
        folder = self.fresh()
        variables = _clean(folder)
        if first:
            uv_cache = output([self.uv, "cache", "dir"]).strip()
            variables.update(XDG_CACHE_HOME=str(folder / "cache"), UV_CACHE_DIR=uv_cache)
        seconds = sum(timed([BIN / word, *words], variables, folder / "project") for word, *words in COMMANDS)
        _require_result((folder / "project" / "jobs").glob("*/output/*.json"))
        return seconds

    def second(self) -> float:
        """Another project of the same user, whose environments are those of the first one."""
        folder = self.fresh()
        variables = {**_clean(folder), "XDG_DATA_HOME": str(self.bench.folder / "data")}
        (folder / "first").mkdir()
        for place in ("first", "project"):
            seconds = sum(timed([BIN / word, *words], variables, folder / place) for word, *words in COMMANDS)
        return seconds

    def by_hand(self, options: str = "") -> float:
        folder = self.fresh() / "project"
        make: list[str | Path] = ["bash", FILES / "make_environment.sh"]
        variables = self.variables(folder, options)
        commands: list[list[str | Path]] = [
            [*make, "env1", INPUTS / "requirements" / "numpy1.txt"],
            [*make, "env2", INPUTS / "requirements" / "numpy2.txt"],
            [folder / "env1" / "bin" / "python", FILES / "read_numbers.py", INPUTS / "numbers.csv", "numbers.npy"],
            [folder / "env2" / "bin" / "python", FILES / "describe.py", "numbers.npy", "summary.json"],
        ]
        seconds = sum(timed(argv, variables, folder) for argv in commands)
        _require_result(folder.glob("summary.json"))
        return seconds

    def by_tool(self, command: Sequence[str]) -> float:
        folder = self.fresh() / "project"
        seconds = timed(command, self.variables(folder), folder)
        _require_result(folder.glob("summary.json"))
        return seconds

    def command_of(self, tool: Tool, words: Sequence[str]) -> list[str]:
        environment = install((tool.requirement,), self.bench.peers)
        return [word.format(bin=environment / "bin", files=FILES) for word in words]

    def variables(self, folder: Path, options: str = "") -> dict[str, str]:
        return {
            **_clean(folder.parent),
            "UV": str(self.uv),
            "PYTHON": str(self.python),
            "SYNC_OPTIONS": options,
            "FILES": str(FILES),
            "INPUTS": str(INPUTS),
            "OUT": str(folder),
            "USERNAME": "bench",
            "METAFLOW_HOME": str(self.bench.peers / "metaflow-home"),
            "METAFLOW_DEFAULT_DATASTORE": "local",
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder.parent),
        }


def measure(bench: OwnProjectBench) -> None:
    bench.figures.measure("example_commands", lambda: float(len(COMMANDS)))
    uv = Path(output(["bash", "-c", f'. "{PROJECT}/scripts/setup.sh" && find_uv']).strip())
    contest = Contest(
        bench, uv, Path(output([BIN / "python", "-c", "import sys; print(sys._base_executable)"]).strip())
    )
    names = ["example", "example_compiled", "example_first", "example_second"]
    bench.figures.measure_all(names, partial(_by_hand, contest, names), BYTECODE)
    for tool in TOOLS:
        bench.figures.measure(f"example_{tool.name}", partial(_by_tool, contest, tool), tool.note)
        if tool.by_hand:
            name = f"example_{tool.name}_by_hand"
            bench.figures.measure(name, partial(_against, contest, tool, tool.by_hand), BY_HAND)


def _by_hand(contest: Contest, names: Sequence[str]) -> dict[str, float]:
    """Ours, the compiled one, ours with an empty cache and for a second time, each against the plain commands."""
    sides = (
        contest.ours,
        partial(contest.by_hand, "--compile-bytecode"),
        partial(contest.ours, first=True),
        contest.second,
    )
    plain, other, first, second = median_ratios(contest.bench.pairs, sides, contest.by_hand)
    return dict(zip(names, (plain, round(plain / other, 3), first, second), strict=True))


def _by_tool(contest: Contest, tool: Tool) -> float:
    """Raises ``Failed`` where its manual's way doesn't work on this machine, such as one that can't reach conda's."""
    try:
        contest.by_tool(contest.command_of(tool, tool.command))
    except Failed as failed:
        raise Failed(f"its manual's way ({tool.note}) doesn't work on this machine: {failed}") from failed
    return _against(contest, tool, tool.command)


def _against(contest: Contest, tool: Tool, words: Sequence[str]) -> float:
    command = contest.command_of(tool, words)
    return median_ratios(contest.bench.pairs, [contest.ours], partial(contest.by_tool, command))[0]


def _clean(folder: Path) -> dict[str, str]:
    """Without what is about another project or environment, and with a folder for what a user keeps.

    uv's cache and the interpreters that it installed stay where they are.
    """
    others = ("PYTHON", "VIRTUAL_ENV", "PIPELINE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    installed = kept.get("UV_PYTHON_INSTALL_DIR", str(Path.home() / ".local" / "share" / "uv" / "python"))
    return {**kept, "XDG_DATA_HOME": str(folder / "data"), "UV_PYTHON_INSTALL_DIR": installed}


def _require_result(files: Iterable[Path]) -> None:
    if len(list(files)) != 1:
        raise Failed("it ended without its result")
