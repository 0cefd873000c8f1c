"""The parts of ``pages.py`` about the subtitle editor, on films that are made here and on the sample."""

import json
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import BIN, PROJECT, Failed, call, timed
from page_runs import Effort
from page_server import SETTLED_SECONDS, chromium, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

CUE_SECONDS = 2
SCENE_SECONDS = 100
PRESSED = 50  # keys of each kind
WAVEFORM_MS = 120_000  # in which the peaks of the film are made
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]


def keys(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project = own_project(folder)
    movie, cues = _film(folder, effort.cues)
    chosen = ("--subtitle", "-s", "en", "--from-subtitles", str(cues))
    id = call(project, "prepare-job", str(movie), *chosen).strip()
    call(project, "run-pipeline", "-j", id)
    slowest, costs = [], []
    with serving(project, "--edit") as server, chromium() as page:
        page.goto(server.link)
        for _ in range(effort.rounds):
            events = _traced(page, f"{server.address}/jobs/{id}/subtitles/en")
            slowest.append(_slowest(sorted(_durations(events))))
            costs.append(_processor(events) / (2 * PRESSED))
    return {
        "edit_key_ms": round(statistics.median(slowest), 1),
        "edit_key_cpu_ms": round(statistics.median(costs), 1),
    }


def _slowest(milliseconds: Sequence[float]) -> float:
    """Of all keys but two in a hundred. Raises ``Failed``."""
    if len(milliseconds) < PRESSED:
        raise Failed(f"Chromium has traced {len(milliseconds)} keys of {2 * PRESSED}")
    return milliseconds[int(len(milliseconds) * 0.98)]


def _traced(page: "Page", address: str) -> Sequence[Mapping[str, Any]]:
    """What Chromium did while keys were pressed in an editor that had just been opened."""
    page.goto(address)
    page.wait_for_selector("#list [role=option]")
    page.wait_for_selector("#wave-note:not(:has-text('in a moment'))", state="attached", timeout=WAVEFORM_MS)
    time.sleep(SETTLED_SECONDS)
    assert page.context.browser is not None
    page.context.browser.start_tracing(page=page, categories=CATEGORIES)
    page.locator("#list").focus()
    for _ in range(PRESSED):
        page.keyboard.press("ArrowDown")
    page.locator("#text").focus()
    for _ in range(PRESSED):
        page.keyboard.press("a")
    events: Sequence[Mapping[str, Any]] = json.loads(page.context.browser.stop_tracing())["traceEvents"]
    return events


def _processor(events: Sequence[Mapping[str, Any]]) -> float:
    """Milliseconds of processor time of the page's own thread: what a loaded machine doesn't change."""
    pages = {event["pid"] for event in events if event["name"] == "EventTiming"}
    named = [event for event in events if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"]
    threads = {(event["pid"], event["tid"]) for event in named if event["pid"] in pages}
    tasks = [event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) in threads]
    return sum(float(task.get("tdur", 0)) for task in tasks) / 1000


def _durations(events: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    """Of each key, how long it took until the screen showed what it did."""
    for event in events:
        data = event.get("args", {}).get("data", {})
        if event["name"] == "EventTiming" and data.get("type") == "keydown" and "duration" in data:
            yield float(data["duration"])


def film(folder: Path, effort: Effort) -> Mapping[str, float]:
    """Raises ``Failed``."""
    project, movie = own_project(folder), folder / "two_cities.mp4"
    shutil.copyfile(PROJECT / "samples" / "two_cities.mp4", movie)
    id = call(project, "prepare-job", str(movie), "--subtitle", "-s", "en").strip()
    whole = timed([BIN / "run-pipeline", "--root", project, "-j", id])
    (subtitles,) = (project / "jobs" / id / "output").glob("*.en.srt")
    shares, rests = [], []
    for number in range(effort.rounds):
        _change(subtitles, number)
        edited = timed([BIN / "pipeline", "subtitles", "accept", subtitles, "--root", project, "--job", id, "--run"])
        shares.append(edited / whole)
        rests.append(edited - _seconds(project, id, "mux"))
    return {"edit_film_share": round(min(shares), 3), "edit_beside_mux_seconds": round(min(rests), 2)}


def _change(subtitles: Path, number: int) -> None:
    """The last line of the last cue, as a person would in an editor."""
    text = subtitles.read_text(encoding="utf-8").rstrip("\n")
    subtitles.write_text(f"{text.partition(' (')[0]} ({number})\n", encoding="utf-8")


def _seconds(project: Path, id: str, uses: str) -> float:
    told = json.loads(call(project, "pipeline", "job", "show", id, "--json"))["data"]
    return sum(stage["seconds"] or 0 for stage in told["stages"] if stage["name"].startswith(uses))


def own_project(folder: Path) -> Path:
    """With this one's environments and models, and jobs and results of its own."""
    project = folder / "project"
    project.mkdir()
    for name in ("config", "requirements", "stages", "venv", "models"):
        (project / name).symlink_to(PROJECT / name)
    if not (project / "venv" / "common").exists():
        raise Failed("there is no environment 'common'; run ./bootstrap.sh")
    return project


def _film(folder: Path, cues: int) -> tuple[Path, Path]:
    """A film of one colour and a tone, which is one scene again and again, and a file with so many cues."""
    movie, scene = folder / "film.mkv", folder / "scene.mkv"
    ffmpeg = [shutil.which("ffmpeg") or PROJECT / "venv" / "ffmpeg" / "provides" / "ffmpeg", "-v", "error"]
    picture = ["-f", "lavfi", "-i", f"color=gray:size=64x36:rate=2:duration={SCENE_SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=300:sample_rate=16000:duration={SCENE_SECONDS}"]
    timed([*ffmpeg, *picture, *sound, "-c:v", "mpeg4", "-c:a", "aac", "-shortest", scene])
    length = ["-t", str(cues * CUE_SECONDS)]
    timed([*ffmpeg, "-stream_loop", "-1", "-i", scene, "-c", "copy", *length, movie])
    lines = [_cue(number) for number in range(cues)]
    texts = folder / "cues.srt"
    texts.write_text("\n".join(lines), encoding="utf-8")
    return movie, texts


def _cue(number: int) -> str:
    begin = number * CUE_SECONDS
    return f"{number + 1}\n{_clock(begin)} --> {_clock(begin + 1.8)}\nCue {number + 1} of the film,\nin two lines.\n"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{round((seconds - whole) * 1000):03d}"
