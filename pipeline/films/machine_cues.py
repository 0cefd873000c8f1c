"""The cues of a track as no person has changed them: those that a stage made, and what was made again of them since."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.films import subtitle_edits
from pipeline.films.subtitle_edits import CueEdits, EditedTrack
from pipeline.films.translated_tracks import GENERATION, SOURCE
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.plan import PlannedStage
from pipeline.run import single_stage

Span = Sequence[float]  # a pair of seconds


def last_state(desk: JobEditor, track: EditedTrack) -> Mapping[str, Any] | None:
    """What is known of the last time that this translation followed, unless its stage has made another one since."""
    if track.stage not in desk.job.loaded.edits:
        return None
    made = desk.made(track.stage).outputs[track.outputs["vtt"]].digest
    for event in reversed(desk.edits_of(track.stage)):
        about = desk.about_of(event)
        base = event.outputs.get(track.outputs["vtt"])
        if base and base.base == made and "machine" in about:
            return about
    return None


def in_track(desk: JobEditor, catalog: Catalog, track: EditedTrack, made: Path, spans: Sequence[Span]) -> CueEdits:
    """Cues that were ``made`` again, in the track of now: what differs at these times, and nothing else."""
    last = last_state(desk, track)
    before = last["machine"] if last else made_text(desk, track)
    with text_file("machine.vtt", before) as base:
        return subtitle_edits.in_windows(desk, catalog, track, (base, made), spans)


def made_text(desk: JobEditor, track: EditedTrack) -> str:
    return desk.made(track.stage).outputs[track.outputs["vtt"]].path.read_text(encoding="utf-8")


@contextmanager
def cues(catalog: Catalog, generation: PlannedStage, document: Mapping[str, Any]) -> Iterator[Path]:
    """The cues of a document, as the job's own stage would cut them."""
    known = catalog.stage(GENERATION).parameters
    parameters = {name: value for name, value in generation.parameters.items() if name in known}
    with (
        json_file("translation.json", document) as path,
        single_stage.run(catalog, GENERATION, {SOURCE: [path]}, parameters) as outputs,
    ):
        yield outputs["vtt"]


@contextmanager
def json_file(name: str, content: Any) -> Iterator[Path]:
    with text_file(name, json.dumps(content, ensure_ascii=False)) as path:
        yield path


@contextmanager
def text_file(name: str, content: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8")
        yield path
