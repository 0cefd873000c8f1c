"""What models cost: against the bare programs, in the same run, from a hub on this machine.

verify       pipeline model verify of 1 GB / sha256sum of the same files
fetch        pipeline model fetch of 1 GB, each byte verified as it comes / hf download of the same repository
again_mib    what a fetch that was killed at 90 % asks for again beyond the missing tenth, in MiB
look_ms      the look at a model of 20 files before each use, in milliseconds
list_s       pipeline model list, in seconds; list_ratio: / importing click, rich and jsonschema

The hub serves from memory and counts what it sends. Both sides fetch into an empty folder each time, which is removed
outside the measured time. Ours also flushes what it fetched to the disk, which the other side doesn't.

Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from figures import Figures, add_options, stop
from measuring import BIN, PROJECT, Failed, call, median_ratio, timed

sys.path.insert(0, str(PROJECT))
from tests.models.hub import FIRST, REPOSITORY, Behaviour, serving

FILES = 4
SIZE = 256 << 20  # bytes of each
LOOKS = 2000
LIMITS = {"verify": 1.2, "fetch": 1.15, "again_mib": 8.0, "look_ms": 0.1, "list_s": 0.3}


@dataclass
class Bench:
    """A project of its own, and a hub that its commands are sent to."""

    folder: Path
    address: str
    hub: Behaviour
    pairs: int
    figures: Figures
    project: Path = field(init=False)

    def __post_init__(self) -> None:
        self.project = self.folder / "project"
        for part in ("config", "requirements"):
            shutil.copytree(PROJECT / part, self.project / part)
        call(self.project, "bootstrap", "--env", "model-hub")
        self.pipeline("add", "big", f"huggingface:{REPOSITORY}", "--files", "*.bin")

    @property
    def variables(self) -> dict[str, str]:
        return {
            **os.environ,
            "HF_ENDPOINT": self.address,
            "HF_HOME": str(self.folder / "hf"),
            "HF_HUB_DISABLE_XET": "1",
        }

    @property
    def store(self) -> Path:
        return self.project / "models" / ".store"

    def pipeline(self, *words: str) -> float:
        return timed([BIN / "pipeline", "--root", self.project, "model", *words], self.variables)

    def fetch(self) -> float:
        shutil.rmtree(self.store, ignore_errors=True)
        return self.pipeline("fetch", "big")

    def download(self) -> float:
        place = self.folder / "bare"
        shutil.rmtree(place, ignore_errors=True)
        client = self.project / "venv" / "model-hub" / "bin" / "hf"
        return timed([client, "download", REPOSITORY, "--revision", FIRST, "--local-dir", place], self.variables)


def verify(bench: Bench) -> None:
    bench.fetch()
    (folder,) = bench.store.glob("big-*")
    bare = partial(timed, ["sha256sum", *sorted(folder.glob("*.bin"))])
    bench.figures.measure("verify", partial(median_ratio, bench.pairs, partial(bench.pipeline, "verify", "big"), bare))


def fetch(bench: Bench) -> None:
    bench.figures.measure("fetch", partial(median_ratio, bench.pairs, bench.fetch, bench.download))


def again(bench: Bench) -> None:
    bench.figures.measure("again_mib", partial(_again, bench))


def _again(bench: Bench) -> float:
    """Raises ``Failed`` where the fetch ended before it could be killed."""
    shutil.rmtree(bench.store, ignore_errors=True)
    total = FILES * SIZE
    child = subprocess.Popen(
        [BIN / "pipeline", "--root", bench.project, "model", "fetch", "big"],
        env=bench.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while _present(bench.store) < total * 0.9:
        if child.poll() is not None:
            raise Failed("the fetch ended before it was killed")
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    time.sleep(1)  # the kernel ends the client, and the hub notices
    missing, before = total - _present(bench.store), bench.hub.sent
    bench.pipeline("fetch", "big")
    return (bench.hub.sent - before - missing) / (1 << 20)


def _present(store: Path) -> int:
    return sum(path.stat().st_size for path in store.glob(".big+*/*.bin*")) if store.is_dir() else 0


def look(bench: Bench) -> None:
    bench.figures.measure("look_ms", partial(_look, bench.folder))


def _look(folder: Path) -> float:
    from pipeline.config.models import FolderSource, ModelSpec
    from pipeline.digests import sha256_of_file
    from pipeline.models import fetch as fetching
    from pipeline.models.sources import Fetcher
    from pipeline.models.store import ModelStore

    source = folder / "twenty"
    source.mkdir(exist_ok=True)
    for number in range(20):
        (source / f"{number}.json").write_text("{}")
    files = {path.name: sha256_of_file(path).removeprefix("sha256:") for path in source.iterdir()}
    spec, store = ModelSpec("twenty", files, (FolderSource(source),), ()), ModelStore(folder / "models")
    fetching.ensure(store, spec, Fetcher(Path("uv")), lambda _step: None)
    times = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        if store.problem(spec.name, spec.digest) is not None:
            raise Failed("the model isn't whole")
        times.append(time.perf_counter() - start)
    return median(times) * 1000


def listing(bench: Bench) -> None:
    ours = partial(bench.pipeline, "list")
    bare = partial(timed, [BIN / "python", "-c", "import click, rich.table, jsonschema"])
    bench.figures.measure("list_s", lambda: median([ours() for _ in range(2 * bench.pairs + 1)]))
    bench.figures.measure("list_ratio", partial(median_ratio, bench.pairs, ours, bare))


PARTS: Mapping[str, Callable[[Bench], None]] = {
    "verify": verify,
    "fetch": fetch,
    "again": again,
    "look": look,
    "list": listing,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    arguments = parser.parse_args()
    figures = Figures(limits=dict(LIMITS))
    blocks = {f"{number}.bin": bytes([number]) * SIZE for number in range(FILES)}
    hub = Behaviour(revisions={FIRST: blocks})
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder, serving(hub) as address:
        try:
            bench = Bench(Path(folder), address, hub, arguments.pairs, figures)
            for name in arguments.only or PARTS:
                PARTS[name](bench)
        except Failed as failed:
            return stop(failed)
    return figures.end(arguments)


if __name__ == "__main__":
    sys.exit(main())
