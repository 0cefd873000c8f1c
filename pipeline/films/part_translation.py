"""Parts of a film translated again by the stage that has translated all of it. It gets these parts and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.files import read_json
from pipeline.films import machine_cues, stage_windows
from pipeline.films.stage_windows import StageWindow
from pipeline.films.translated_tracks import DOCUMENT, SOURCE, TranslatedTrack
from pipeline.jobs import film_outputs
from pipeline.jobs.job import PlannedJob

Segment = Mapping[str, Any]

FEW = 4  # parts, of which each goes alone; many would take longer than all of the film
EXACT = 0.01  # seconds by which times may be rounded


class PartTranslator:
    """The translator of one of a job's tracks."""

    def __init__(self, job: PlannedJob, catalog: Catalog, translated: TranslatedTrack) -> None:
        self.document = translated.document(job)
        self._job = job
        self._catalog = catalog
        self._translated = translated
        self._languages = _languages(job)

    def each(self, parts: Sequence[Sequence[Segment]]) -> list[list[dict[str, Any]]]:
        """The translation of each part, whose segments have ``start`` and ``end`` (seconds) and ``text``.

        Raises as ``stage_windows.document`` where the translator can't run.
        """
        if len(parts) > FEW:
            together = _parted(self._translation([each for part in parts for each in part]), parts)
            if together is not None:
                return together
        return [self._translation(part) if part else [] for part in parts]

    def _translation(self, segments: Sequence[Segment]) -> list[dict[str, Any]]:
        transcript = {
            "schema": 2,
            "language": self.document["source_language"],
            "language_probability": 1.0,
            "duration_s": self.document["duration_s"],
            "engine": "none",
            "model": "none",
            "word_times": "none",
            "segments": [{**each, **self._language_of(each)} for each in segments],
            "speech": [],
            "coverage": {"speech_s": 0, "covered_s": 0, "share": 1},
            "dropped": [],
            "notes": [],
        }
        stage = self._translated.translation
        with machine_cues.json_file("transcript.json", transcript) as path:
            window = StageWindow(stage, {SOURCE: [path]}, DOCUMENT, models=self._translated.models)
            return list(stage_windows.document(self._catalog.project, self._job, window)["segments"])

    def _language_of(self, segment: Segment) -> dict[str, str]:
        """Where several languages are spoken, the one that is at this time, unless it is the main one."""
        shared = [
            (min(segment["end"], end) - max(segment["start"], start), name) for start, end, name in self._languages
        ]
        longest, name = max(shared, default=(0.0, ""))
        return {"language": name} if name and longest > 0 else {}


def _languages(job: PlannedJob) -> list[tuple[float, float, str]]:
    """When something is said, and in which language; empty for the main one, and where there is one alone."""
    output = film_outputs.transcript(job)
    transcript = read_json(output.path) if output else {}
    if "languages" not in transcript:
        return []
    return [(each["start"], each["end"], each.get("language", "")) for each in transcript["segments"]]


def _parted(answers: Sequence[Segment], parts: Sequence[Sequence[Segment]]) -> list[list[dict[str, Any]]] | None:
    """The answers by part; ``None`` where one belongs to none, or to several: a sentence may have gone on."""
    found: list[list[dict[str, Any]]] = [[] for _ in parts]
    spans = [
        (min(each["start"] for each in part), max(each["end"] for each in part)) if part else None for part in parts
    ]
    for answer in answers:
        fitting = [
            number
            for number, span in enumerate(spans)
            if span and span[0] - EXACT <= answer["start"] and answer["end"] <= span[1] + EXACT
        ]
        if len(fitting) != 1:
            return None
        found[fitting[0]].append(dict(answer))
    return found if all(bool(part) == bool(own) for part, own in zip(parts, found, strict=True)) else None
