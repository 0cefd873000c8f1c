"""Where media workflows are measured: a project that shares an installed one's environments and models."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measuring import PROJECT, THIS, Checkout, Failed, timed

MODEL = "whisper-base"
RECOGNITION = ("asr", "pauses", "transcript_join")
PARTS_OF_A_PROJECT = ("config", "requirements", "stages", "venv", "models")


@dataclass(frozen=True)
class Place:
    folder: Path
    project: Path
    ffmpeg: str
    model: Path
    pairs: int
    peers: Path
    checkout: Checkout = THIS

    def fresh(self, name: str) -> Path:
        made = self.folder / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        return made

    def call(self, *words: str) -> str:
        """One of the checkout's commands on the project; what it printed. Raises ``Failed``."""
        return self.checkout.call(self.project, *words)

    def told(self, *words: str) -> Any:
        """What a command of ``pipeline`` says with ``--json``."""
        return json.loads(self.call("pipeline", *words, "--json"))["data"]


def of_this_checkout(folder: Path, pairs: int, peers: Path) -> Place:
    """With a project that shares this one's environments and models and has jobs and results of its own."""
    project = folder / "project"
    project.mkdir()
    for name in PARTS_OF_A_PROJECT:
        (project / name).symlink_to(PROJECT / name)
    ffmpeg = shutil.which("ffmpeg") or PROJECT / "venv" / "ffmpeg" / "provides" / "ffmpeg"
    model = _model()
    if not (Path(ffmpeg).exists() and model.exists()):
        raise Failed("there is no ffmpeg, or no model; run ./bootstrap.sh")
    return Place(folder, project, str(ffmpeg), model, pairs, peers)


def of_older_checkout(place: Place, checkout: Checkout) -> Place:
    """With a project of the older checkout's files, whose environments and model are made ready for it."""
    project = place.fresh("older")
    for name in PARTS_OF_A_PROJECT[:3]:
        shutil.copytree(checkout.folder / name, project / name)
    words = [word for name in ("common", "ffmpeg", "whisper") for word in ("--env", name)]
    older = replace(place, project=project, checkout=checkout)
    older.call("bootstrap", *words, "--model", MODEL)
    return older


def recognised(place: Place, movies: Sequence[Path], out: Path, *how: str) -> float:
    """Seconds of the commands, from nothing: no worker is there, and no result is known.

    Transcripts go to ``out``, with ``seconds.json``, the time of the recognition, and ``memory.json``, the most bytes
    that it held. ``how``: options of ``run-pipeline``.
    """
    timed([place.checkout.program("pipeline"), "--root", place.project, "worker", "stop", "--all"])
    shutil.rmtree(place.project / "cache", ignore_errors=True)
    out = place.fresh(out.name)
    root = ("--root", place.project)
    prepare: list[str | Path] = [place.checkout.program("prepare-job"), *root, "--transcribe", "-s", "en", *movies]
    seconds = timed(prepare)
    jobs = {job["job_id"]: Path(job["input"]) for job in place.told("job", "list")}
    chosen = [word for id in jobs for word in ("-j", id)]
    seconds += timed([place.checkout.program("run-pipeline"), *root, *chosen, *how])
    spent, memory = 0.0, 0
    for id, movie in jobs.items():
        job = place.project / "jobs" / id
        shutil.copyfile(job / "output" / f"{movie.stem}.transcript.json", out / f"{movie.stem}.json")
        spent += sum(took for name, took in stage_seconds(place, id).items() if name in RECOGNITION)
        memory = max(memory, _memory(job))
        shutil.rmtree(job)
    (out / "seconds.json").write_text(json.dumps(spent))
    (out / "memory.json").write_text(json.dumps(memory))
    return seconds


def stage_seconds(place: Place, id: str) -> Mapping[str, float]:
    return {stage["name"]: stage["seconds"] for stage in place.told("job", "show", id)["stages"]}


def _memory(job: Path) -> int:
    """The most bytes of a recognition, where it ran in a process of its own; else 0."""
    events = [json.loads(line) for line in (job / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    held = [each.get("memory") or 0 for each in events if each.get("stage") in RECOGNITION]
    return max(held, default=0)


def _model() -> Path:
    from pipeline.config.catalog import Catalog
    from pipeline.models.store import ModelStore
    from pipeline.project import ProjectFolder

    project = ProjectFolder(PROJECT)
    return ModelStore(project.models).folder(MODEL, Catalog(project).model(MODEL).digest)
