"""A ``decide`` entry of a workflow: what it goes by, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.workflows import DecisionSpec, WorkflowSpec
from pipeline.engines.engine_selection import AUTO
from pipeline.jobs.plan import EngineDecision
from pipeline.plan.substitution import fill
from pipeline.plan.values import value_of


@dataclass(frozen=True)
class Criteria:
    """The keys of the entry beside its kind, with values in place of ``$parameters``."""

    engine: str = AUTO  # a name, or auto
    model: str | None = None  # instead of the engine's own
    source: str = ""  # the code of the spoken language; auto or empty where it isn't known
    targets: tuple[str, ...] = ()  # codes
    original: bool = True  # whether a track in the spoken language is wanted
    subtitles: Mapping[str, str] | None = None  # as ``media.subtitles.source`` gives them; empty without any
    glossary: Mapping[str, Any] | None = None  # entries by target language
    speakers: bool = False  # whether speakers are to be told apart
    keep_cues: bool = False  # whether subtitles that exist keep their cues

    @property
    def spoken(self) -> str:
        """The language that is spoken, where it is known before anything is recognised; else empty."""
        return ("" if self.source == AUTO else self.source) or (self.subtitles or {}).get("language", "")

    @property
    def has_subtitle_track(self) -> bool:
        """Whether the subtitles are a track of the movie, so that it has the original already."""
        return bool(self.subtitles and self.subtitles["track"])


@dataclass(frozen=True)
class DecisionOutcome:
    """What comes of an entry."""

    values: Mapping[str, Any]  # what ``$NAME.KEY`` stands for: RecognitionValues or TranslationValues, as plain values
    records: tuple[EngineDecision, ...] = ()  # for job.json
    notes: tuple[str, ...] = ()  # what a person should know beside them


def criteria(workflow: WorkflowSpec, entry: DecisionSpec, values: Mapping[str, Any]) -> Criteria:
    """Raises ``ConfigurationError`` for a ``$name`` that isn't among the values."""

    def look_up(text: str) -> Any:
        try:
            return value_of(values, text[1:])
        except LookupError as error:
            raise workflow.source.error(("decide", entry.name), str(error.args[0])) from error

    fields = {key: fill(value, look_up) for key, value in entry.about.items()}
    return Criteria(**{**fields, "targets": tuple(fields.get("targets", ()))})
