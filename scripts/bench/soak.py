"""Does every stage end as it should? 100,000 that do nothing, cold and in workers, while the processors are kept busy.

Each slice is a job of its own, run by `run-pipeline` with two stages at a time; the ways to start take turns. A stage
that doesn't do its work at the first attempt, or does it with a warning, has an end that nothing explains: then the
exit code is 1. Shown are, for each way, how many stages ran, how many in a second, and how they ended.

With --spoil, one stage of each job kills itself, to see that the soak shows it.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ours
from measuring import Failed
from ours import Ours

FINISHED = "finished"
SLOTS = 2
# It ends when the soak ends, however that ends.
BURNER = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(1_000_000))\n"
DEADLY = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
{policy}# ///
import os


def run(stage):
    os.kill(os.getpid(), 9)
"""


@dataclass
class Tally:
    """What became of the stages that were started in one way."""

    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def stages(self) -> int:
        return self.ends.total()

    @property
    def unexplained(self) -> int:
        return self.stages - self.ends[FINISHED]


def main() -> None:
    arguments = _arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        try:
            tallies = _soak(arguments, Path(folder))
        except Failed as failed:
            sys.exit(str(failed))
    _show(tallies, arguments.json)
    sys.exit(any(tally.unexplained for tally in tallies.values()))


def _soak(arguments: argparse.Namespace, folder: Path) -> Mapping[str, Tally]:
    project = ours.make(folder / "project", [arguments.slice])
    workflow = f"wide{arguments.slice}"
    if arguments.spoil:
        _spoil(project, workflow)
    tallies = {way: Tally() for way in arguments.ways}
    with project.own_workers(), _burners(arguments.burners):
        end = time.monotonic() + arguments.minutes * 60
        while sum(tally.stages for tally in tallies.values()) < arguments.stages and time.monotonic() < end:
            way = min(tallies, key=lambda way: tallies[way].stages)
            _run(project, workflow, way, tallies[way])
            print(_line(way, tallies[way]), file=sys.stderr)
    return tallies


def _run(project: Ours, workflow: str, way: str, tally: Tally) -> None:
    """One slice. A run that fails says so in its journal, which is all that counts."""
    id = project.prepare(workflow)
    start = time.monotonic()
    with contextlib.suppress(Failed):
        project.run(id, way, SLOTS)
    tally.seconds += time.monotonic() - start
    journal = project.root / "jobs" / id / "journal.jsonl"
    tally.ends.update(_ends(map(json.loads, journal.read_bytes().splitlines())))


def _ends(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """How each stage ended, by its name in the journal; ``finished`` is the only one that is expected."""
    ends: dict[str, str] = {}
    for event in events:
        stage, name = event.get("stage", ""), event["event"]
        if name == "stage_started":
            ends.setdefault(stage, "it has no end")
        elif name in {"stage_failed", "stage_skipped"}:
            ends[stage] = event.get("reason", name)
        elif name == "stage_finished" and ends.get(stage) == "it has no end":
            ends[stage] = "; ".join(event.get("warnings", ())) or FINISHED
    yield from ends.values()


def _spoil(project: Ours, workflow: str) -> None:
    (project.root / "stages" / "deadly.py").write_text(DEADLY.format(policy=ours.POLICY))
    file = project.root / "config" / "workflows" / f"{workflow}.yaml"
    file.write_text(f"{file.read_text()}  deadly: {{uses: deadly}}\n")


@contextlib.contextmanager
def _burners(count: int) -> Iterator[None]:
    """So many processes that do nothing but keep a processor busy."""
    burners = [subprocess.Popen([sys.executable, "-c", BURNER]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def _line(way: str, tally: Tally) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in tally.ends.most_common())
    return f"{way:8}{tally.stages:8} stages  {tally.stages / tally.seconds:6.1f} in a second  {kinds}"


def _show(tallies: Mapping[str, Tally], as_json: bool) -> None:
    if as_json:
        figures = {
            way: {"stages": tally.stages, "seconds": round(tally.seconds, 1), "ends": dict(tally.ends)}
            for way, tally in tallies.items()
        }
        print(json.dumps(figures, indent=2))
        return
    for way, tally in tallies.items():
        if tally.stages:
            print(_line(way, tally))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pipeline-bench"
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stages", type=int, default=100_000, help="of all ways together")
    parser.add_argument("--slice", type=int, default=1000, help="stages of one job")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="no slice begins later than so")
    parser.add_argument(
        "--ways", type=lambda text: text.split(","), default=ours.STARTS, help=f"of {','.join(ours.STARTS)}"
    )
    parser.add_argument("--burners", type=int, default=3)
    parser.add_argument("--spoil", action="store_true", help="one stage of each job kills itself")
    parser.add_argument("--folder", type=Path, default=cached, help="where the project is made, and removed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
