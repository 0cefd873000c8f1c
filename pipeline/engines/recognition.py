"""Which engine recognises the speech, if that is needed at all."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from pipeline.config.engines import EngineSpec, OwnModel
from pipeline.engines.criteria import Criteria, DecisionOutcome
from pipeline.engines.engine_selection import AUTO, EngineCandidate, EngineChoice, Obstacle, choose
from pipeline.engines.requirements import (
    DefinedModel,
    EngineContents,
    EngineInventory,
    EngineQuestions,
    ModelFolder,
    PairFiles,
    UndefinedModel,
    folder_obstacles,
    obstacles,
)

DIARIZATION = "diarization"  # the task of a model that tells speakers apart


@dataclass(frozen=True)
class RecognitionValues:
    """What ``$NAME.KEY`` stands for in a workflow whose decision ``NAME`` is about recognition, by its keys."""

    engine: str = ""  # empty where nothing is recognised
    model: str = ""  # empty where nothing is recognised
    is_needed: bool = False  # false where there are subtitles instead
    speakers: str | None = None  # the model that tells speakers apart; None where none is needed
    languages: tuple[str, ...] = ()  # that the model is known to have; empty where nobody knows
    aligner: str | None = None  # the model that aligns words with the sound; None where none is needed or fetched


@dataclass(frozen=True)
class RecognitionTask:
    criteria: Criteria
    engines: tuple[EngineSpec, ...]

    @property
    def questions(self) -> EngineQuestions:
        if self.criteria.subtitles:
            return EngineQuestions()
        able = [each for each in self.engines if not _never(each, self.criteria)]
        own = [each.speaker_model for each in able if each.speaker_model and self.criteria.speakers]
        names = (
            self.criteria.model,
            *(name for each in own for name in (each.name, each.catalogued)),
            *(_aligner(each, self.criteria) for each in able),
        )
        return EngineQuestions(tuple(able), tuple(name for name in names if name))

    def choose(self, inventory: EngineInventory) -> "RecognitionChoice":
        """Raises ``UsageError`` and ``NotReady`` as ``select.choose`` does."""
        if self.criteria.subtitles:
            return RecognitionChoice(None)
        suited = self._suited(inventory) if self.criteria.engine == AUTO else ()
        candidates = [self._candidate(each, inventory) for each in suited or self.engines]
        chosen = choose("recognition", self.criteria.engine, candidates)
        spec = next(each for each in self.engines if each.name == chosen.engine)
        own, languages = spec.speaker_model, _languages(self.criteria.model, inventory)
        aligner = inventory.models.get(_aligner(spec, self.criteria))
        choice = RecognitionChoice(
            chosen,
            languages,
            aligner=_aligner(spec, self.criteria) if _is_ready(aligner) else None,
            notes=tuple(self._notes(spec, languages)),
        )
        if own is None or not self.criteria.speakers:
            return choice
        if _is_fetched(own, inventory):
            return replace(choice, speaker_model=own.catalogued)
        folder = ModelFolder(own.name, own.files, DIARIZATION, own.allows_code)
        return replace(choice, speaker_model=own.name, speaker_folder=inventory.read_first(folder))

    def _notes(self, engine: EngineSpec, languages: Sequence[str]) -> Iterator[str]:
        """Only of a film whose language nobody knows, and of a model that has several."""
        if not engine.one_language or self.criteria.spoken or len(languages) == 1:
            return
        others = [each for each in self.engines if not each.one_language and not _never(each, self.criteria)]
        whole = f"{engine.name} recognises all of a film in one language"
        instead = f"; where several are spoken, --asr {others[0].name} recognises each in its own" if others else ""
        yield f"{whole}{instead}"

    def _candidate(self, engine: EngineSpec, inventory: EngineInventory) -> EngineCandidate:
        never = _never(engine, self.criteria)
        lacks = () if never else tuple(_obstacles(engine, self.criteria, inventory, self._instead(inventory)))
        model = self.criteria.model
        return EngineCandidate(engine.name, engine.quality, engine.note, never=never, model=model, obstacles=lacks)

    def _instead(self, inventory: EngineInventory) -> str:
        """The engines that have a use for the model's files, as the beginning of an advice."""
        names = [each.name for each in self._suited(inventory) if each.files]
        return f"choose {' or '.join(f'--asr {name}' for name in names)}, or " if names else ""

    def _suited(self, inventory: EngineInventory) -> tuple[EngineSpec, ...]:
        """The engines that have a use for the model's files; none where it isn't defined."""
        model = inventory.models.get(self.criteria.model or "")
        if not isinstance(model, DefinedModel):
            return ()
        able = (each for each in self.engines if not _never(each, self.criteria))
        return tuple(each for each in able if all(map(model.may_have, each.files)))


@dataclass(frozen=True)
class RecognitionChoice:
    engine: EngineChoice | None  # None where nothing is recognised
    languages: tuple[str, ...] = ()  # of the model; empty where nobody knows
    speaker_model: str | None = None
    speaker_folder: ModelFolder | None = None  # where the speaker model is one that the project doesn't define
    aligner: str | None = None
    notes: tuple[str, ...] = ()  # what a person should know of the engine

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
        values = RecognitionValues(self.engine.engine, model or "", True, speakers, self.languages, self.aligner)
        return DecisionOutcome(asdict(values), (self.engine.record(model),), self.notes)


def _languages(model: str | None, inventory: EngineInventory) -> tuple[str, ...]:
    found = inventory.models.get(model or "")
    return found.languages if isinstance(found, DefinedModel) else ()


def _aligner(engine: EngineSpec, criteria: Criteria) -> str:
    """The name of the model that aligns words of the spoken language; empty where it isn't known which."""
    return engine.aligners.format(language=criteria.spoken) if engine.aligners and criteria.spoken else ""


def _is_ready(model: DefinedModel | UndefinedModel | None) -> bool:
    return isinstance(model, DefinedModel) and model.problem is None


def _is_fetched(own: OwnModel, inventory: EngineInventory) -> bool:
    """Whether the catalogue's model is taken: it is here and whole, and no person's folder goes before it."""
    folder, defined = inventory.models.get(own.name), inventory.models.get(own.catalogued)
    if isinstance(folder, UndefinedModel) and folder.is_there:
        return False
    return isinstance(defined, DefinedModel) and _is_ready(defined) and all(map(defined.has, own.files))


def _must_be_told(engine: EngineSpec, criteria: Criteria, inventory: EngineInventory) -> bool:
    """Whether the model needs the language that is spoken, and nobody has named it."""
    model = inventory.models.get(criteria.model or "")
    if criteria.spoken or not isinstance(model, DefinedModel) or len(model.languages) == 1:
        return False
    return any(map(model.has, engine.needs_language))


def _never(engine: EngineSpec, criteria: Criteria) -> str:
    return "it doesn't tell speakers apart" if criteria.speakers and not engine.speakers else ""


def _obstacles(engine: EngineSpec, criteria: Criteria, inventory: EngineInventory, instead: str) -> Iterator[Obstacle]:
    yield from obstacles(engine, criteria.model, inventory, instead)
    if _must_be_told(engine, criteria, inventory):
        what = f"model '{criteria.model}' can't find out which language is spoken"
        yield Obstacle(what, "name it with -s CODE, such as -s de")
    own = engine.speaker_model
    if criteria.speakers and own and not _is_fetched(own, inventory):
        shown = f"the model '{own.name}', which tells speakers apart,"
        yield from folder_obstacles(own.name, shown, own.weights, inventory)
