"""Which engine translates into each language, and what there is to translate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.engines import EngineSpec
from pipeline.engines.criteria import Criteria, DecisionOutcome
from pipeline.engines.engine_selection import AUTO, EngineChoice, choose
from pipeline.engines.requirements import EngineContents, EngineInventory, EngineQuestions, ModelFolder, PairFiles
from pipeline.engines.translators import Direction
from pipeline.errors import UsageError
from pipeline.media.languages import is_same, name


@dataclass(frozen=True)
class TranslationValues:
    """What ``$NAME.KEY`` stands for in a workflow whose decision ``NAME`` is about translation, by its keys.

    Languages are codes. ``$NAME.ENGINE``, for each engine whose stage the workflow has, is the list of the languages
    that the engine translates into.
    """

    by_engine: Mapping[str, tuple[str, ...]]
    source: str  # the spoken language; empty where it isn't known before the recognition
    original: tuple[str, ...]  # the spoken language, or auto, where a track in it is made; else empty
    has_original: bool
    targets: tuple[str, ...]  # without the spoken language
    keep_cues: bool  # whether subtitles that exist keep their cues
    first: tuple[str, ...]  # the first track's language alone: that one is drawn into the picture
    data: Mapping[str, Mapping[str, str]]  # by target: the files of the dictionaries, each with its SHA-256
    models: Mapping[str, str]  # by target: the engine's model; empty where it has none

    def plain(self) -> dict[str, Any]:
        return {
            **{engine: list(targets) for engine, targets in self.by_engine.items()},
            "source": self.source,
            "original": list(self.original),
            "has_original": self.has_original,
            "targets": list(self.targets),
            "keep_cues": self.keep_cues,
            "first": list(self.first),
            "data": {target: dict(files) for target, files in self.data.items()},
            "models": dict(self.models),
        }


@dataclass(frozen=True)
class TranslationTask:
    """What there is to translate, and the engines that could."""

    criteria: Criteria
    engines: tuple[EngineSpec, ...]
    recognizer: str | None  # the model that recognises the speech
    source: str  # what engines are chosen for: the spoken language, or what the audio track says; empty: unknown
    targets: tuple[str, ...]  # without the spoken language
    has_original: bool
    notes: tuple[str, ...]

    @property
    def directions(self) -> tuple[Direction, ...]:
        return tuple(Direction(self.source, target, self.criteria, self.recognizer) for target in self.targets)

    @property
    def questions(self) -> EngineQuestions:
        """An engine without a pair for any of the targets isn't looked at."""
        able = [(engine, each) for engine in self.engines for each in self.directions if not each.never(engine)]
        models = (direction.model(engine) for engine, direction in able)
        return EngineQuestions(tuple(engine for engine, _ in able), tuple(model for model in models if model))

    def choose(self, inventory: EngineInventory) -> "TranslationChoice":
        """Raises ``UsageError`` and ``NotReady`` as ``select.choose`` does."""
        by_target = {
            direction.target: choose(
                f"translation {direction}",
                self.criteria.engine,
                [direction.candidate(engine, inventory) for engine in self.engines],
            )
            for direction in self.directions
        }
        return TranslationChoice(self, inventory, by_target)


@dataclass(frozen=True)
class TranslationChoice:
    task: TranslationTask
    inventory: EngineInventory
    by_target: Mapping[str, EngineChoice]

    @property
    def folders(self) -> tuple[ModelFolder, ...]:
        return tuple(folder for target in self.by_target if (folder := self._folder(target)))

    @property
    def pair_files(self) -> tuple[PairFiles, ...]:
        return tuple(files for target in self.by_target if (files := self._pair_files(target)))

    def settle(self, contents: EngineContents) -> DecisionOutcome:
        models = {target: self._model(target, contents) for target in self.by_target}
        records = tuple(choice.record(models[target]) for target, choice in self.by_target.items())
        return DecisionOutcome(self._values(models, contents).plain(), records, self.task.notes)

    def _values(self, models: Mapping[str, str | None], contents: EngineContents) -> TranslationValues:
        task = self.task
        original = (task.criteria.source or AUTO,) if task.has_original else ()
        return TranslationValues(
            by_engine={
                each.name: tuple(target for target, choice in self.by_target.items() if choice.engine == each.name)
                for each in task.engines
            },
            source=task.criteria.spoken,
            original=original,
            has_original=task.has_original,
            targets=task.targets,
            keep_cues=bool(task.criteria.subtitles) and task.criteria.keep_cues,
            first=(*task.targets, *original)[:1],
            data={target: contents.dictionaries.get(self._pair_files(target), {}) for target in task.targets},
            models={target: model or "" for target, model in models.items()},
        )

    def _folder(self, target: str) -> ModelFolder | None:
        chosen = self.by_target[target]
        engine = next(each for each in self.task.engines if each.name == chosen.engine)
        own = ModelFolder(chosen.candidate.model or "", engine.files, engine.kind, engine.allows_code)
        return self.inventory.read_first(own)

    def _model(self, target: str, contents: EngineContents) -> str | None:
        folder = self._folder(target)
        return contents.models[folder] if folder else self.by_target[target].candidate.model

    def _pair_files(self, target: str) -> PairFiles:
        installed = self.inventory.pairs.get(self.by_target[target].engine)
        return installed.files_of(self.task.source, target) if installed else ()


def task(
    criteria: Criteria, engines: tuple[EngineSpec, ...], recognizer: str | None, track_language: str
) -> TranslationTask:
    """``track_language``: the code that the audio track has; empty where it has none.

    Raises ``UsageError`` where nothing is left to make, and for subtitles whose language isn't known.
    """
    if not criteria.targets and not criteria.original:
        raise UsageError("without the original there is nothing to make", "name languages to translate into with -t")
    spoken = criteria.spoken
    targets = tuple(target for target in criteria.targets if not (spoken and is_same(target, spoken)))
    if targets and not spoken and criteria.subtitles:  # nothing is recognised, so nothing finds the language out
        raise UsageError("the subtitles don't say in which language they are", "name it with -s CODE, such as -s en")
    is_named = len(targets) < len(criteria.targets)
    return TranslationTask(
        criteria,
        engines,
        recognizer,
        spoken or track_language,
        targets,
        has_original=is_named or not targets or (criteria.original and not criteria.has_subtitle_track),
        notes=tuple(_notes(spoken, track_language, is_named, has_targets=bool(targets))),
    )


def _notes(spoken: str, track_language: str, is_named: bool, has_targets: bool) -> Iterator[str]:
    """What a person should know of the languages. ``is_named``: the spoken language is among the targets."""
    if is_named:
        yield f"{name(spoken)} is the language itself: nothing is translated into it"
    if has_targets and not spoken and track_language:
        language = name(track_language)
        yield f"the audio track says that it is {language}, for which engines are chosen; -s CODE makes it sure"
    elif has_targets and not spoken:
        yield (
            "the language that is spoken isn't known before the recognition; "
            "-s CODE makes sure that it can be translated"
        )
