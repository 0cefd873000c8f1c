"""What the choice of a recognition model is made from: models, a machine and a film, as plain values."""

from dataclasses import dataclass, field

from pipeline.config.model_figures import ModelFigures

ANY_LANGUAGE = 50  # languages of a model for which it needn't be known what is spoken


@dataclass(frozen=True)
class MachineFacts:
    """What recognition may use."""

    cpus: int
    memory: int  # bytes
    gpu_memory: int = 0  # bytes of the largest card that it may work on; 0 without one


@dataclass(frozen=True)
class ModelCandidate:
    """A model that one of the engines in question can work with."""

    name: str
    languages: tuple[str, ...]  # codes
    figures: ModelFigures = field(default_factory=ModelFigures)
    is_here: bool = False
    size: int | None = None  # bytes of a download, where they are known
    measured: float | None = None  # seconds of speech a second, when it last ran on this machine

    @property
    def is_multilingual(self) -> bool:
        return len(self.languages) > 1


@dataclass(frozen=True)
class ModelTask:
    """What is to be recognised, and what a person wants of it."""

    language: str = ""  # the code of the spoken language; empty where it isn't known
    is_stated: bool = False  # a person says so; else the file does, which may be wrong
    engine: str = ""  # that a person named; empty: any
    seconds: float | None = None  # of speech, where the file says how long it is
    quality: str = "balanced"  # a key of ``model_choice.SHARES``
    within: float | None = None  # seconds that the recognition may take
    must_translate: bool = False  # whether the model may have to translate what it hears

    def is_served_by(self, model: ModelCandidate) -> bool:
        """A model for one language writes down all others as if they were that one, so the file's word isn't enough."""
        if self.must_translate and not (model.is_multilingual and model.figures.translates):
            return False
        if not self.language:
            return len(model.languages) >= ANY_LANGUAGE
        return self.language in model.languages and (self.is_stated or model.is_multilingual)
