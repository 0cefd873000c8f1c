"""Which engine recognises the speech, if that is needed at all."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pipeline.config.engines import EngineSpec
from pipeline.engines.criteria import Criteria, DecisionOutcome
from pipeline.engines.requirements import (
    EngineContents,
    EngineInventory,
    EngineQuestions,
    ModelFolder,
    PairFiles,
    folder_obstacles,
    obstacles,
)
from pipeline.engines.select import EngineCandidate, EngineChoice, Obstacle, choose


@dataclass(frozen=True)
class RecognitionValues:
    """What ``$NAME.KEY`` stands for in a workflow whose decision ``NAME`` is about recognition, by its keys."""

    engine: str = ""  # empty where nothing is recognised
    model: str = ""  # empty where nothing is recognised
    is_needed: bool = False  # false where there are subtitles instead
    speakers: str | None = None  # the model that tells speakers apart; None where none is needed


@dataclass(frozen=True)
class RecognitionTask:
    criteria: Criteria
    engines: tuple[EngineSpec, ...]

    @property
    def questions(self) -> EngineQuestions:
        if self.criteria.subtitles:
            return EngineQuestions()
        able = [each for each in self.engines if not _never(each, self.criteria)]
        own = [each.speaker_model.name for each in able if each.speaker_model and self.criteria.speakers]
        return EngineQuestions(tuple(able), tuple(name for name in (self.criteria.model, *own) if name))

    def choose(self, inventory: EngineInventory) -> "RecognitionChoice":
        """Raises ``UsageError`` and ``NotReady`` as ``select.choose`` does."""
        if self.criteria.subtitles:
            return RecognitionChoice(None)
        candidates = [_candidate(each, self.criteria, inventory) for each in self.engines]
        chosen = choose("recognition", self.criteria.engine, candidates)
        own = next(each.speaker_model for each in self.engines if each.name == chosen.engine)
        if own is None or not self.criteria.speakers:
            return RecognitionChoice(chosen)
        return RecognitionChoice(chosen, own.name, inventory.folder(own.name, own.files))


@dataclass(frozen=True)
class RecognitionChoice:
    engine: EngineChoice | None  # None where nothing is recognised
    speaker_model: str | None = None
    speaker_folder: ModelFolder | None = None  # where the speaker model is one that the project doesn't define

    @property
    def folders(self) -> tuple[ModelFolder, ...]:
        return (self.speaker_folder,) if self.speaker_folder else ()

    @property
    def pair_files(self) -> tuple[PairFiles, ...]:
        return ()

    def settle(self, contents: EngineContents) -> DecisionOutcome:
        if self.engine is None:
            return DecisionOutcome(asdict(RecognitionValues()))
        speakers = contents.models[self.speaker_folder] if self.speaker_folder else self.speaker_model
        model = self.engine.candidate.model
        values = RecognitionValues(self.engine.engine, model or "", True, speakers)
        return DecisionOutcome(asdict(values), (self.engine.record(model),))


def _never(engine: EngineSpec, criteria: Criteria) -> str:
    return "it doesn't tell speakers apart" if criteria.speakers and not engine.speakers else ""


def _candidate(engine: EngineSpec, criteria: Criteria, inventory: EngineInventory) -> EngineCandidate:
    never = _never(engine, criteria)
    lacks = () if never else tuple(_obstacles(engine, criteria, inventory))
    return EngineCandidate(engine.name, engine.quality, engine.note, never=never, model=criteria.model, obstacles=lacks)


def _obstacles(engine: EngineSpec, criteria: Criteria, inventory: EngineInventory) -> Iterator[Obstacle]:
    yield from obstacles(engine, criteria.model, inventory)
    own = engine.speaker_model
    if criteria.speakers and own:
        shown = f"the model '{own.name}', which tells speakers apart,"
        yield from folder_obstacles(own.name, shown, own.weights, inventory)
