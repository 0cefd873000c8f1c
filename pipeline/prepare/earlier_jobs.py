"""Which file has a job already, and what a new command asks for beyond it.

A job is the same one where the file, the workflow and what decides its content are the same: a default that a person
types changes nothing. What only adds to the results (``adds`` of a workflow's parameter, ``--beside``) makes no second
job: it is added to the one that there is.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import AUTO, ParameterSpec, WorkflowSpec
from pipeline.digests import sha256_of_file
from pipeline.errors import PipelineError
from pipeline.jobs import beside_input
from pipeline.jobs.input_state import is_unchanged
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.plan import Plan
from pipeline.jobs.state import Status
from pipeline.jobs.store import UNFINISHED, JobStore
from pipeline.locks import is_held
from pipeline.plan.parameters import resolve
from pipeline.prepare import file_parameters
from pipeline.prepare.preparation import JobRequest


@dataclass(frozen=True)
class EarlierJob:
    """The newest job for a file as it is now, and what a request asks for."""

    job: PlannedJob  # as it is now
    request: JobRequest  # with all that the job does already; it gives this job its new plan
    has_all: bool  # whether the job's plan makes all that is asked for

    @property
    def status(self) -> Status:
        return self.job.loaded.status

    @property
    def is_done(self) -> bool:
        return self.has_all and self.status is Status.FINISHED

    @property
    def waits(self) -> bool:
        """Whether it has to be run, and nothing about it has to be looked at before."""
        return self.has_all and self.status in UNFINISHED

    @property
    def is_running(self) -> bool:
        return is_held(self.job.lock)


class EarlierJobs:
    """The jobs that there are, by input, so that no file gets a second one for the same."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._store = JobStore(catalog.project.jobs)
        self._read: set[str] = set()  # the ids
        self._jobs: dict[str, list[PlannedJob]] = {}  # by path of the input
        self._with_results: dict[str, list[PlannedJob]] = {}  # by folder: those that put results beside their input
        self._values: dict[str, Mapping[str, Any]] = {}  # by what was typed: the same for all files of one command

    def find(self, request: JobRequest) -> EarlierJob | None:
        """Raises what fits where the request's parameters are wrong."""
        self._read_new()
        file = os.path.abspath(request.input)
        workflow = self._catalog.workflow(request.workflow)
        for job in reversed(self._jobs.get(file, [])):
            if any(stage.function for stage in job.stages):  # of a workflow that is in no file
                continue
            if job.plan.workflow != workflow.name or not _has_same_input(job, Path(file)):
                continue
            if job.plan.inherits_environment != request.inherits_environment:
                continue
            values = self._resolved(workflow, request)
            if _is_same(workflow, request.parameters, values, job.plan):
                return _earlier(load(job.folder), workflow, request, values)
        return None

    def maker(self, file: Path) -> PlannedJob | None:
        """The job that has put this file beside its input, as it is now: it is a result, and no input."""
        self._read_new()
        return next(
            (job for job in self._with_results.get(str(file.parent), ()) if beside_input.has_put(job, file)), None
        )

    def _resolved(self, workflow: WorkflowSpec, request: JobRequest) -> Mapping[str, Any]:
        texts = request.parameters
        key = repr((workflow.name, sorted(texts.items()), request.allows_code))
        if key not in self._values:
            files = file_parameters.read(workflow, texts, self._catalog, request.allows_code)
            catalog = self._catalog.with_models(model.spec for model in files.models)
            self._values[key] = resolve(workflow, texts, catalog, files.values)
        return self._values[key]

    def _read_new(self) -> None:
        for id in self._store.ids():
            if id in self._read:
                continue
            self._read.add(id)
            try:
                job = self._store.find(id)
            except (PipelineError, OSError):  # 'pipeline job list' shows those that are damaged
                continue
            self._jobs.setdefault(str(job.input), []).append(job)
            if job.plan.beside:
                self._with_results.setdefault(str(job.input.parent), []).append(job)


def continued(catalog: Catalog, request: JobRequest, is_to_run: bool = True) -> JobRequest:
    """Goes on with the file's job where that is to be run at once, or where more is asked for than it makes."""
    earlier = EarlierJobs(catalog).find(request)
    if earlier is None or earlier.is_running or (earlier.has_all and not is_to_run and not request.overwrite):
        return request
    return earlier.request


def _has_same_input(job: PlannedJob, file: Path) -> bool:
    try:
        return is_unchanged(job.plan.input, file)
    except OSError:
        return False


def _earlier(job: PlannedJob, workflow: WorkflowSpec, request: JobRequest, values: Mapping[str, Any]) -> EarlierJob:
    more = {}
    for name, spec in workflow.parameters.items():
        before = job.plan.parameters.get(name, spec.default)
        if spec.adds and (together := _together(before, values[name])) != before:
            more[name] = _text(together)
    united = replace(request, parameters={**request.parameters, **job.plan.asked, **more}, extends=job)
    return EarlierJob(job, united, not more and not (request.beside and job.plan.beside is None))


def _is_same(workflow: WorkflowSpec, texts: Mapping[str, str], values: Mapping[str, Any], plan: Plan) -> bool:
    """Whether what is asked for differs from a job's plan at most in what can be added to it."""
    if not plan.parameters.keys() <= workflow.parameters.keys():
        return False
    return all(
        _means_the_same(
            spec, values[name], plan.parameters.get(name, spec.default), texts.get(name), plan.asked.get(name)
        )
        for name, spec in workflow.parameters.items()
        if not spec.adds
    )


def _means_the_same(spec: ParameterSpec, value: Any, planned: Any, text: str | None, before: str | None) -> bool:
    """``value`` is what is asked for now, ``planned`` what the plan has of it; ``text`` and ``before``: as typed."""
    if spec.type == "glossary":  # a plan has the languages that it needs
        return bool(value) == bool(before) and all(_entries(value, code) == planned[code] for code in planned or ())
    if spec.type == "subtitles":  # a plan has what was found, with the digest of a file
        return (text or spec.default) == (before or spec.default) and _is_unchanged(planned)
    if spec.task and AUTO in (text, before):  # a plan has the model that was chosen
        return text == before or (text is not None and text == planned)
    if spec.type == "secret":  # a plan has where it comes from
        return str(value) == str(planned)
    return bool(value == planned)


def _entries(glossary: Mapping[str, Any] | None, code: str) -> Any:
    from pipeline.media.glossary import for_languages

    return for_languages(dict(glossary or {}), [code]).get(code)


def _is_unchanged(planned: Mapping[str, str] | None) -> bool:
    """Whether a file of subtitles is what it was when the plan was made."""
    file = (planned or {}).get("file")
    try:
        return not file or sha256_of_file(Path(file)) == (planned or {}).get("file_digest")
    except OSError:
        return False


def _together(before: Any, wanted: Any) -> Any:
    """What the job does already comes first: the order of languages decides which one is the first."""
    if isinstance(wanted, list):
        return list(dict.fromkeys([*(before or ()), *wanted]))
    return before or wanted


def _text(value: Any) -> str:
    """As a person types it."""
    return ",".join(value) if isinstance(value, list) else str(value).lower()
