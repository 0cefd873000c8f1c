"""What `demux` and `mux` of a one-hour movie cost beside a bare ffmpeg; for ``orchestration.py``."""

import contextlib
import itertools
import json
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from measuring import BIN, PROJECT, Failed, Spent, call, spend, timed

CUE = "1\n00:00:01,000 --> 00:00:03,000\nA cue.\n"
ONE_CUE = f"""# /// script
# [tool.pipeline.stage]
# environment = "common"
# [tool.pipeline.stage.outputs]
# srt = "en.srt"
# ///
def run(stage):
    stage.output("srt").write_text({CUE!r})
"""
ONLY = {
    "demux": "stages:\n  demux: {cache: false, inputs: {media: job.input}}\n",
    "mux": "stages:\n  one_cue: {}\n"
    "  mux: {cache: false, inputs: {media: job.input, subtitles: one_cue.srt, styled: one_cue.srt}}\n",
}
BARE = {
    "demux": ("-vn", "-ac", "1", "-ar", "16000", "{folder}/bare.wav"),
    "mux": ("-i", "{folder}/en.srt", "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text", "{folder}/bare.mp4"),
}
FIGURES = ("ratio", "default_ratio", "one_cpu_ratio", "durable_ratio", "cpu_ratio")  # of each stage, after its name


@dataclass(frozen=True)
class Hour:
    """The movie, a project that runs on it, and a folder for what a bare ffmpeg writes."""

    folder: Path
    project: Path
    movie: Path
    ffmpeg: Path

    def bare(self, stage: str) -> Spent:
        command: list[str | Path] = [self.ffmpeg, "-v", "error", "-y", "-i", self.movie]
        return spend([*command, *(word.format(folder=self.folder) for word in BARE[stage])])

    def durable(self, stage: str) -> Spent:
        """And what it wrote is on the disk."""
        spent = self.bare(stage)
        with self.written(stage).open("rb") as file:
            return Spent(spent.seconds + _seconds(partial(os.fsync, file)), spent.cpu, spent.mib)

    def written(self, stage: str) -> Path:
        return Path(BARE[stage][-1].format(folder=self.folder))

    def ours(self, stage: str) -> Spent:
        """The seconds from the stage's start to its commit, as the journal has them; the CPU time of the command."""
        id = call(self.project, "prepare-job", str(self.movie), "--workflow", f"only_{stage}").strip()
        spent = spend([BIN / "run-pipeline", "--root", self.project, "-j", id])
        job = self.project / "jobs" / id
        events = [json.loads(line) for line in (job / "journal.jsonl").read_bytes().splitlines()]
        shutil.rmtree(job)
        at = {event["event"]: datetime.fromisoformat(event["at"]) for event in events if event.get("stage") == stage}
        return Spent((at["stage_finished"] - at["stage_started"]).total_seconds(), spent.cpu, spent.mib)


def make(folder: Path) -> Hour:
    """Raises ``Failed``."""
    ffmpeg = _ffmpeg()
    (folder / "en.srt").write_text(CUE)
    return Hour(folder, _project(folder / "media"), _movie(folder, ffmpeg), ffmpeg)


def ratios(hour: Hour, stage: str, rounds: int) -> Mapping[str, float]:
    """Medians of the rounds, of ours / the faster one of the bare runs, / each of them; and of the CPU times."""
    cpus = itertools.cycle(sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None])
    runs: Mapping[str, Callable[[], Spent]] = {
        "ours": partial(hour.ours, stage),
        "default": partial(hour.bare, stage),
        "one_cpu": lambda: _on_cpu(next(cpus), partial(hour.bare, stage)),
        "durable": partial(hour.durable, stage),
    }
    for run in runs.values():
        _settled(run, hour.written(stage))  # warms all
    measured = [_round(runs, number, hour.written(stage)) for number in range(rounds)]
    return {f"{stage}_{name}": round(statistics.median(each[name] for each in measured), 3) for name in FIGURES}


def _round(runs: Mapping[str, Callable[[], Spent]], first: int, written: Path) -> Mapping[str, float]:
    """Each begins a round in turn."""
    names = list(runs)
    order = names[first % len(names) :] + names[: first % len(names)]
    spent = {name: _settled(runs[name], written) for name in order}
    ours = spent["ours"].seconds
    return {
        "ratio": ours / min(spent["default"].seconds, spent["one_cpu"].seconds),
        "default_ratio": ours / spent["default"].seconds,
        "one_cpu_ratio": ours / spent["one_cpu"].seconds,
        "durable_ratio": ours / spent["durable"].seconds,
        "cpu_ratio": spent["ours"].cpu / spent["default"].cpu,
    }


def _settled(run: Callable[[], Spent], written: Path) -> Spent:
    """It begins with nothing of another run waiting for the disk."""
    os.sync()
    spent = run()
    written.unlink(missing_ok=True)
    return spent


def _on_cpu(cpu: int | None, run: Callable[[], Spent]) -> Spent:
    """What is started stays on one CPU, where the system lets it choose."""
    with contextlib.nullcontext() if cpu is None else _affinity({cpu}):
        return run()


@contextlib.contextmanager
def _affinity(cpus: set[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _project(root: Path) -> Path:
    """This project's environments and stages, with a workflow that leaves recognition out."""
    root.mkdir()
    for name in ("requirements", "venv"):
        (root / name).symlink_to(PROJECT / name)
    shutil.copytree(PROJECT / "config", root / "config")
    shutil.copytree(PROJECT / "stages", root / "stages")
    (root / "stages" / "one_cue.py").write_text(ONE_CUE)
    for stage, workflow in ONLY.items():
        (root / "config" / "workflows" / f"only_{stage}.yaml").write_text(workflow)
    return root


def _movie(folder: Path, ffmpeg: Path) -> Path:
    """Five minutes of a test picture and a tone, twelve times over: 0.7 GB."""
    segment, movie = folder / "segment.mp4", folder / "hour.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=300", "-f", "lavfi", "-i", "sine=f=300:d=300"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "1500k", "-c:a", "aac", "-b:a", "128k"]
    timed([ffmpeg, "-v", "error", "-y", *picture, *coded, segment])
    (folder / "list.txt").write_text(f"file '{segment}'\n" * 12)
    joined: list[str | Path] = ["-f", "concat", "-safe", "0", "-i", folder / "list.txt", "-c", "copy"]
    timed([ffmpeg, "-v", "error", "-y", *joined, movie])
    segment.unlink()
    return movie


def _ffmpeg() -> Path:
    """The program that the stages use, too."""
    found = Path(shutil.which("ffmpeg") or PROJECT / "venv" / "ffmpeg" / "provides" / "ffmpeg")
    if not found.exists():
        raise Failed("there is no ffmpeg; run ./bootstrap.sh")
    return found


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
