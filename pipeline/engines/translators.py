"""What each engine could do for one translation: whether it can at all, what speaks against it, what it lacks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pipeline.config.engines import ANY, EngineSpec
from pipeline.engines import pairs
from pipeline.engines.criteria import Criteria
from pipeline.engines.engine_selection import EngineCandidate, Obstacle
from pipeline.engines.requirements import DefinedModel, EngineInventory, folder_obstacles, obstacles
from pipeline.media.languages import base, name


@dataclass(frozen=True)
class Direction:
    """A translation from one language into another."""

    source: str  # empty where it isn't known
    target: str
    criteria: Criteria
    recognizer: str | None  # the model that recognises the speech

    def __str__(self) -> str:
        return f"from {name(self.source)} into {name(self.target)}" if self.source else f"into {name(self.target)}"

    def never(self, engine: EngineSpec) -> str:
        """Why the engine can't do it, whatever there is on this machine; empty where it may."""
        if self.criteria.model and (engine.from_audio or engine.pairs_from):
            return "a translation model is named, and it takes none"
        if engine.pairs_from:
            return ""
        if pairs.declared(engine, self.source, self.target) is None:
            return "it has no such pair"
        if engine.from_audio and self.criteria.subtitles:
            return "it translates from the audio, and there are subtitles instead"
        return ""

    def model(self, engine: EngineSpec) -> str | None:
        """The name of the model that the engine would take; ``None`` where it takes none."""
        if engine.from_audio:
            return self.recognizer
        pair = pairs.declared(engine, self.source, self.target)
        return (self.criteria.model or pair.model) if pair else None

    def candidate(self, engine: EngineSpec, inventory: EngineInventory) -> EngineCandidate:
        candidate = partial(EngineCandidate, engine.name, engine.quality, engine.note)
        if never := self.never(engine) or self._never_here(engine, inventory):
            return candidate(never=never)
        return candidate(
            doubt=self._doubt(engine, inventory),
            model=self.model(engine),
            obstacles=tuple(self._obstacles(engine, inventory)),
        )

    def _never_here(self, engine: EngineSpec, inventory: EngineInventory) -> str:
        """As ``never``, by what was found on this machine."""
        if engine.pairs_from:
            is_possible = self._sources(engine, inventory) or self._packages(engine)
            return "" if is_possible else "it has no such pair, and there is none to install"
        model = inventory.models.get(self.recognizer or "")
        if engine.from_audio and isinstance(model, DefinedModel) and model.languages == ("en",):
            return f"the model '{self.recognizer}' knows English only"
        return ""

    def _doubt(self, engine: EngineSpec, inventory: EngineInventory) -> str:
        if engine.from_audio and any((self.criteria.glossary or {}).values()):
            return "it can't use a glossary"
        if self.source:
            return ""
        if engine.pairs_from:
            known = ", ".join(sorted(set(self._sources(engine, inventory))))
            return f"only from {known}; say what is spoken with -s" if known else ""
        pair = pairs.declared(engine, self.source, self.target)
        return "it can't translate from every language that may be spoken" if pair and pair.source is not ANY else ""

    def _obstacles(self, engine: EngineSpec, inventory: EngineInventory) -> Iterator[Obstacle]:
        model = self.model(engine)
        is_own = not engine.from_audio and model != self.criteria.model
        yield from obstacles(engine, model, inventory, is_own=is_own)
        if engine.pairs_from and not self._sources(engine, inventory):
            yield self._missing_pair(engine)
        if model and not engine.from_audio:
            weights = f"{engine.weights or 'put it into {folder}'}   or --translation-model FOLDER"
            yield from folder_obstacles(model, f"its model '{model}'", weights, inventory)

    def _missing_pair(self, engine: EngineSpec) -> Obstacle:
        packages = self._packages(engine)
        package, among = packages[0], ""
        if len(packages) > 1 and not self.source:
            package, among = "PAIR", f", PAIR being one of {', '.join(packages)}"
        command = engine.install.format(pair=f"{engine.program}-{package}")
        return Obstacle(f"the pair {package} isn't installed{among}", command)

    def _sources(self, engine: EngineSpec, inventory: EngineInventory) -> list[str]:
        """The languages from which an installed pair translates; of them only the source, where it is known."""
        installed = inventory.pairs.get(engine.name, pairs.InstalledPairs()).sources(self.target)
        return [each for each in installed if not self.source or each == base(self.source)]

    def _packages(self, engine: EngineSpec) -> list[str]:
        return list(pairs.installable(engine, self.source, self.target))
