"""A job's recognition model: look at what there is, let ``engines/`` decide, and fetch what a person wants fetched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.config.workflows import AUTO, DecisionSpec, WorkflowSpec
from pipeline.engines import model_choice, model_report
from pipeline.engines.criteria import Criteria, criteria
from pipeline.engines.decisions import RECOGNITION, TRANSLATION
from pipeline.engines.model_candidates import ModelCandidate, ModelTask
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.jobs.plan import ModelDecision
from pipeline.media import languages
from pipeline.models import fetch, lock_update
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.prepare import model_facts
from pipeline.prepare.preparation import JobRequest
from pipeline.progress import Progress

WHISPER = "whisper"  # the engine that translates with the recognition model
ENGLISH = "en"  # what it translates into


@dataclass(frozen=True)
class ModelRequest:
    """What is known of a job before its model is chosen."""

    workflow: WorkflowSpec
    parameters: Mapping[str, Any]
    track_language: str  # the code that the audio track says; empty where it doesn't
    seconds: float | None  # of the input

    @property
    def parameter(self) -> str | None:
        """The workflow's parameter for a recognition model."""
        return next((name for name, spec in self.workflow.parameters.items() if spec.task == RECOGNITION), None)

    @property
    def stated_language(self) -> str:
        """The code that a person named; empty where they didn't."""
        code = str(self.first("language") or "")
        return code if languages.base(code) else ""

    @property
    def has_language(self) -> bool:
        return bool(self.stated_language or self.track_language)

    def first(self, kind: str) -> Any:
        """The value of the first parameter of a type."""
        return next(
            (self.parameters[name] for name, spec in self.workflow.parameters.items() if spec.type == kind), None
        )

    def decision(self, kind: str) -> Criteria | None:
        entries: Iterator[DecisionSpec] = (each for each in self.workflow.decisions.values() if each.kind == kind)
        return next((criteria(self.workflow, entry, self.parameters) for entry in entries), None)


@dataclass(frozen=True)
class SettledModel:
    parameters: dict[str, Any]  # with the model's name
    decision: ModelDecision | None = None
    specs: tuple[ModelSpec, ...] = ()  # of a model that was locked just now


def settle(
    catalog: Catalog, finder: EnvironmentFinder, model_request: ModelRequest, request: JobRequest
) -> SettledModel:
    """The model that the job gets: the one that a person names, or the best one that is here.

    A job that gets a new plan keeps its model. Raises ``UsageError`` where no model recognises the language,
    ``NotReady`` where none that is here does.
    """
    name, parameters = model_request.parameter, dict(model_request.parameters)
    recognition = model_request.decision(RECOGNITION)
    if name is None or (recognition and recognition.subtitles):
        return SettledModel(parameters)
    if request.extends and request.extends.plan.asked.get(name) == AUTO and parameters[name] == AUTO:
        before = request.extends.plan
        return SettledModel({**parameters, name: before.parameters[name]}, before.model_decision)
    if parameters[name] != AUTO and not model_request.has_language:
        return SettledModel(parameters, _unheard(catalog, parameters[name]))
    situation = _ModelSituation(catalog, finder, model_request, recognition)
    if parameters[name] != AUTO:
        return SettledModel(parameters, situation.judge(parameters[name]))
    fetched = situation.fetch() if request.fetches else ()
    choice = situation.choose()
    decision = model_report.decision(choice, situation.task, catalog.model_figures, is_named=False)
    return SettledModel({**parameters, name: decision.model}, decision, fetched)


class _ModelSituation:
    """What there is of models, and of the machine, for one job."""

    def __init__(
        self, catalog: Catalog, finder: EnvironmentFinder, model_request: ModelRequest, recognition: Criteria | None
    ) -> None:
        self._catalog = catalog
        self._progress = finder.progress
        self._table = catalog.model_figures
        engines = model_facts.recognition_engines(catalog, finder, model_request.workflow, recognition)
        self._machine = model_facts.machine_facts(catalog, engines)
        self._candidates = list(model_facts.candidates(catalog, engines))
        self.task = _task(model_request, self._candidates)

    def judge(self, name: str) -> ModelDecision | None:
        """What is to be said of a model that a person names, where it gets many words of the language wrong."""
        if not self.task.language or not self._table.models:
            return None
        task = replace(self.task, quality="best", within=None)
        judged = model_choice.judge(name, task, self._candidates, self._table, self._machine)
        decided = judged and model_report.decision(judged, task, self._table, is_named=True)
        return decided if decided and (decided.note or decided.notes) else None

    def choose(self) -> model_choice.ModelChoice:
        return model_choice.choose(self.task, self._candidates, self._table, self._machine)

    def fetch(self) -> tuple[ModelSpec, ...]:
        """Fetch the model that would be chosen if all were here, unless it is."""
        wanted = model_choice.choose(self.task, self._candidates, self._table, self._machine, anywhere=True).taken
        if wanted.is_here:
            return ()
        spec = _fetch(self._catalog, self._catalog.model(wanted.name), self._progress)
        self._candidates = [replace(each, is_here=each.is_here or each.name == spec.name) for each in self._candidates]
        return (spec,)


def _unheard(catalog: Catalog, name: str) -> ModelDecision | None:
    """What will be to say of a model that a person named, once it is known which language is spoken."""
    spec = catalog.models.get(name)
    notes = model_report.notes(name, spec.languages if spec else (), catalog.model_figures)
    return ModelDecision(model=name, notes=notes) if notes else None


def _fetch(catalog: Catalog, spec: ModelSpec, progress: Progress) -> ModelSpec:
    spec.require_sound_lock()
    fetcher, name = fetcher_for(catalog), spec.name

    def tell(step: str) -> None:
        progress(f"model {name}: {step}")

    if not spec.is_locked:
        spec = lock_update.with_lock(spec, lock_update.lock(catalog.project, spec, fetcher, tell).now)
    fetch.ensure(ModelStore(catalog.project.model_store), spec, fetcher, tell)
    return spec


def _task(model_request: ModelRequest, candidates: Sequence[ModelCandidate]) -> ModelTask:
    stated = model_request.stated_language
    known = {code for each in candidates for code in each.languages}
    recognition, translation = model_request.decision(RECOGNITION), model_request.decision(TRANSLATION)
    return ModelTask(
        language=stated or languages.nearest(model_request.track_language, known),
        is_stated=bool(stated),
        seconds=model_request.seconds,
        engine=recognition.engine if recognition and recognition.engine != AUTO else "",
        quality=model_request.first("quality") or "balanced",
        within=model_request.first("duration"),
        must_translate=bool(translation and ENGLISH in translation.targets and translation.engine in (AUTO, WHISPER)),
    )
