"""A job's recognition model: look at what there is, let ``engines/`` decide, and fetch what a person wants fetched."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.engines import EngineSpec
from pipeline.config.models import ModelSpec
from pipeline.config.workflows import AUTO, DecisionSpec, WorkflowSpec
from pipeline.engines import model_choice, model_report
from pipeline.engines.criteria import Criteria, criteria
from pipeline.engines.decisions import RECOGNITION, TRANSLATION
from pipeline.engines.model_candidates import MachineFacts, ModelCandidate, ModelTask
from pipeline.envs.choice.decision import Refuse
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.errors import ConfigurationError, NotReady
from pipeline.host import machine
from pipeline.jobs.plan import ModelDecision
from pipeline.media import languages
from pipeline.models import fetch, locking
from pipeline.models.fetcher import fetcher_for
from pipeline.models.speeds import ModelSpeeds
from pipeline.models.store import ModelStore
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
        engines = _engines(catalog, finder, model_request.workflow, recognition)
        self._candidates = list(_candidates(catalog, engines))
        self.task = _task(model_request, self._candidates)

    def judge(self, name: str) -> ModelDecision | None:
        """What is to be said of a model that a person names; only of its language, so a GPU isn't looked for."""
        if not self.task.language or not self._table.models:
            return None
        task = replace(self.task, quality="best", within=None)
        judged = model_choice.judge(name, task, self._candidates, self._table, _machine(with_gpus=False))
        decided = judged and model_report.decision(judged, task, self._table, is_named=True)
        return decided if decided and decided.note else None

    def choose(self) -> model_choice.ModelChoice:
        return model_choice.choose(self.task, self._candidates, self._table, _machine())

    def fetch(self) -> tuple[ModelSpec, ...]:
        """Fetch the model that would be chosen if all were here, unless it is."""
        wanted = model_choice.choose(self.task, self._candidates, self._table, _machine(), anywhere=True).taken
        if wanted.is_here:
            return ()
        spec = _fetch(self._catalog, self._catalog.model(wanted.name), self._progress)
        self._candidates = [replace(each, is_here=each.is_here or each.name == spec.name) for each in self._candidates]
        return (spec,)


def _fetch(catalog: Catalog, spec: ModelSpec, progress: Progress) -> ModelSpec:
    fetcher = fetcher_for(catalog)
    if not spec.is_locked:
        spec = locking.with_lock(spec, locking.lock(catalog.project, spec, fetcher, progress).now)
    fetch.ensure(ModelStore(catalog.project.models), spec, fetcher, progress)
    return spec


def _task(model_request: ModelRequest, candidates: Sequence[ModelCandidate]) -> ModelTask:
    stated = str(model_request.first("language") or "")
    stated = stated if languages.base(stated) else ""
    known = {code for each in candidates for code in each.languages}
    translation = model_request.decision(TRANSLATION)
    return ModelTask(
        language=stated or (model_request.track_language if model_request.track_language in known else ""),
        is_stated=bool(stated),
        seconds=model_request.seconds,
        quality=model_request.first("quality") or "balanced",
        within=model_request.first("duration"),
        must_translate=bool(translation and ENGLISH in translation.targets and translation.engine in (AUTO, WHISPER)),
    )


def _engines(
    catalog: Catalog, finder: EnvironmentFinder, workflow: WorkflowSpec, recognition: Criteria | None
) -> list[EngineSpec]:
    """The engines that may recognise, each with its stage; with ``auto``, those whose environment can be used now."""
    used = {use.uses for use in workflow.stages.values()}
    able = [each for each in catalog.engines.values() if each.kind == RECOGNITION and each.stage in used]
    if recognition is None:
        return able
    able = [each for each in able if each.speakers or not recognition.speakers]
    if recognition.engine != AUTO:
        return [each for each in able if each.name == recognition.engine]
    ready = [each for each in able if _is_usable(catalog, finder, each)]
    return ready or able


def _is_usable(catalog: Catalog, finder: EnvironmentFinder, engine: EngineSpec) -> bool:
    try:
        return not isinstance(finder.choose(catalog.environment(catalog.stage(engine.stage).environment)), Refuse)
    except ConfigurationError:  # whoever needs that environment is told
        return False


def _candidates(catalog: Catalog, engines: Sequence[EngineSpec]) -> Iterator[ModelCandidate]:
    store, speeds = ModelStore(catalog.project.models), ModelSpeeds(catalog.project)
    for spec in catalog.models.values():
        stages = [engine.stage for engine in engines if _has_use_for(engine, spec)]
        if not (spec.may_do(RECOGNITION) and spec.languages and stages):
            continue
        figures = catalog.model_figures.of(spec.name)
        measured = (speeds.times(stage, spec.name) for stage in stages)
        yield ModelCandidate(
            name=spec.name,
            languages=spec.languages,
            figures=figures,
            is_here=store.problem_of(spec) is None,
            size=sum(spec.sizes.values()) or figures.size,
            measured=next((times for times in measured if times), None),
        )


def _has_use_for(engine: EngineSpec, spec: ModelSpec) -> bool:
    """Whether the model has, or may have, the files that the engine needs; a pattern stands for any name that fits."""
    names, patterns = spec.files.keys(), () if spec.files else spec.patterns or ("*",)
    return all(
        any(name in names or any(fnmatchcase(name, each) for each in patterns) for name in needed.split(" | "))
        for needed in engine.files
    )


@cache
def _machine(with_gpus: bool = True) -> MachineFacts:
    """Looked at once for all films. A driver that doesn't answer counts as no GPU, since it works without one."""
    try:
        found = machine.detect(os.environ, with_gpus=with_gpus)
    except NotReady:
        found = machine.detect(os.environ)
    return MachineFacts(found.cpus, found.memory, max((card.memory or 0 for card in found.gpus), default=0))
