"""What orchestration costs: jobs of stages that do nothing, against a bare loop of subprocess.run.

Everything is measured in one run, in alternating pairs, and told as the median of the pairs' ratios:

chain20_ratio    20 stages in a chain, journal on, `run-pipeline` as a whole command / `python loop.py` with 20 runs
one_stage_ratio  one stage / one run
health_check_ms  one look at a built environment's health, milliseconds
demux_ratio      the demux stage on a one-hour movie, from its start to its durable commit / the bare ffmpeg command
mux_ratio        the mux stage likewise
mux_durable_ratio  the same / the bare command and an fsync of what it wrote, which a commit can't do without

The one-hour movie is made once in a temporary folder (0.7 GB, a minute); --no-media leaves it out.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from measuring import BIN, LOOP, PROJECT, Failed, call, chain, make_project, median_ratio, show, timed

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "bare"
# cache = false
# ///
def run(stage):
    pass
"""
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


def main() -> None:
    arguments = _arguments()
    try:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            figures = measure(Path(folder), arguments.pairs, media=not arguments.no_media)
    except Failed as failed:
        sys.exit(str(failed))
    show(figures, arguments.json)


def measure(folder: Path, pairs: int, media: bool) -> dict[str, float]:
    project = make_project(folder / "project", {"noop": STAGE}, {"one": chain(1), "chain20": chain(20)})
    python = project / "venv" / "bare" / "bin" / "python"
    (folder / "noop.py").write_text("")
    (folder / "loop.py").write_text(LOOP)
    figures = {}
    for name, count in (("chain20_ratio", 20), ("one_stage_ratio", 1)):
        bare = [
            str(BIN / "python"),
            str(folder / "loop.py"),
            str(count),
            str(python.resolve()),
            str(folder / "noop.py"),
        ]
        workflow = "chain20" if count == 20 else "one"
        figures[name] = median_ratio(pairs, partial(_job, project, workflow), partial(timed, bare))
    figures["health_check_ms"] = health_check_ms()
    if media:
        figures |= media_ratios(folder, pairs=max(4, pairs // 2))
    return figures


def health_check_ms() -> float:
    """On the project's largest environment, the way that every run looks at it."""
    from pipeline.envs.registry import Registry
    from pipeline.envs.verification import health

    registry = Registry(PROJECT / "venv")
    live = registry.live("whisper")
    if live is None:
        sys.exit("the environment 'whisper' isn't built; run ./bootstrap.sh")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        build = registry.with_key("whisper", live.key)
        assert build is not None
        assert health.damage(build) is None
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 3)


def _job(project: Path, workflow: str) -> float:
    id = call(project, "prepare-job", str(project / "input.txt"), "--workflow", workflow).strip()
    seconds = timed([str(BIN / "run-pipeline"), "--root", str(project), "-j", id])
    shutil.rmtree(project / "jobs" / id)
    return seconds


def media_ratios(folder: Path, pairs: int) -> dict[str, float]:
    """The project's own stages on a one-hour movie: from the order to the committed result, output on the disk."""
    ffmpeg = _ffmpeg()
    movie = make_hour(folder, ffmpeg)
    project = make_media_project(folder / "media")
    subtitles = folder / "en.srt"
    subtitles.write_text(CUE)
    bare: dict[str, list[str | Path]] = {
        "demux": ["-vn", "-ac", "1", "-ar", "16000", folder / "bare.wav"],
        "mux": ["-i", subtitles, "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text", folder / "bare.mp4"],
    }
    ratios = {}
    for stage, options in bare.items():
        command = [ffmpeg, "-v", "error", "-y", "-i", movie, *options]
        ours = partial(stage_seconds, project, movie, stage)
        left = Path(str(options[-1]))
        ratios[f"{stage}_ratio"] = _settled_ratio(pairs, ours, partial(timed, command), left)
    durable = partial(_timed_durable, command, left)
    return {**ratios, "mux_durable_ratio": _settled_ratio(pairs, ours, durable, left)}


def _timed_durable(command: Sequence[str | Path], written: Path) -> float:
    start = time.perf_counter()
    timed(command)
    with written.open("rb") as file:
        os.fsync(file)
    return time.perf_counter() - start


def _settled_ratio(pairs: int, ours: Callable[[], float], bare: Callable[[], float], left: Path) -> float:
    """Median over pairs, each side first in turn, each starting with nothing of the other waiting for the disk."""

    def settled(measure: Callable[[], float]) -> float:
        os.sync()
        seconds = measure()
        left.unlink(missing_ok=True)
        return seconds

    settled(ours), settled(bare)  # warm both
    ratios = []
    for number in range(pairs):
        if number % 2:
            seconds = settled(bare)
            ratios.append(settled(ours) / seconds)
        else:
            seconds = settled(ours)
            ratios.append(seconds / settled(bare))
    return round(statistics.median(ratios), 3)


def stage_seconds(project: Path, movie: Path, stage: str) -> float:
    """What a job's journal says of the stage: from its start to its commit."""
    id = call(project, "prepare-job", str(movie), "--workflow", f"only_{stage}").strip()
    call(project, "run-pipeline", "-j", id)
    events = [json.loads(line) for line in (project / "jobs" / id / "journal.jsonl").read_text().splitlines()]
    shutil.rmtree(project / "jobs" / id)
    at = {event["event"]: datetime.fromisoformat(event["at"]) for event in events if event.get("stage") == stage}
    return (at["stage_finished"] - at["stage_started"]).total_seconds()


def make_media_project(root: Path) -> Path:
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


def make_hour(folder: Path, ffmpeg: str) -> Path:
    """Five minutes of a test picture and a tone, twelve times over: 0.7 GB."""
    segment, movie = folder / "segment.mp4", folder / "hour.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=300", "-f", "lavfi", "-i", "sine=f=300:d=300"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "1500k", "-c:a", "aac", "-b:a", "128k"]
    subprocess.run([ffmpeg, "-v", "error", "-y", *picture, *coded, segment], check=True)
    (folder / "list.txt").write_text(f"file '{segment}'\n" * 12)
    joined: list[str | Path] = ["-f", "concat", "-safe", "0", "-i", folder / "list.txt", "-c", "copy"]
    subprocess.run([ffmpeg, "-v", "error", "-y", *joined, movie], check=True)
    segment.unlink()
    return movie


def _ffmpeg() -> str:
    """The program that the stages use, too."""
    found = shutil.which("ffmpeg") or PROJECT / "venv" / "ffmpeg" / "provides" / "ffmpeg"
    if not Path(found).exists():
        sys.exit("there is no ffmpeg; run ./bootstrap.sh")
    return str(found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--no-media", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
