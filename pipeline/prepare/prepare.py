"""Preparing a job: look, decide, then write. Nothing is written before the last step, so an error leaves no trace.

There is one exception, which a person asks for with ``--build``: an environment that was built stays.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import WorkflowSpec
from pipeline.engines import decisions
from pipeline.envs.choice.finder import EnvironmentFinder, JobEnvironment
from pipeline.envs.external.inspection_cache import DeferredInspectionCache
from pipeline.envs.leases import Leases
from pipeline.jobs import beside_input, environment_sources
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.media import subtitles, tracks
from pipeline.media.probe import PROBER, Media
from pipeline.models import local_folder
from pipeline.models.store import ModelStore
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.prepare import (
    command_programs,
    confinement,
    default_workflows,
    disk_space,
    file_parameters,
    job_plan,
    readiness,
    recognition_model,
)
from pipeline.prepare.environment_finder import finder_for
from pipeline.prepare.inputs import Prober, readable
from pipeline.prepare.job_engines import choose_engines
from pipeline.prepare.preparation import UNKNOWN_INPUT, JobRequest, Preparation, WorkflowValues
from pipeline.progress import Progress, quiet


def prepare(
    catalog: Catalog,
    request: JobRequest,
    progress: Progress = quiet,
    inspections: DeferredInspectionCache | None = None,
) -> PlannedJob:
    """Raises the error that fits: usage, configuration, input, or what isn't ready; then there is no job.

    ``progress`` hears what takes long: looking at external environments, waiting for one, building one.
    ``inspections`` of external environments may be shared by several jobs.
    """
    inspections = inspections or environment_sources.deferred_inspection_cache(catalog.project)
    finder = finder_for(catalog, inspections, request.allowed, progress)
    decided = decide(catalog, request, finder)
    environments = {
        name: finder.settle(definition, decided.ready.choices[name])
        for name, definition in decided.ready.environments.items()
    }
    with _leased(environments):
        decided = _with_programs(catalog, decided, environments)
        unnamed = job_plan.unnamed(decided, environments, catalog.settings)
        for model in decided.folder_models:
            local_folder.place(model, ModelStore(catalog.project.model_store))
        inspections.save()
        catalog.save()
        store = JobStore(catalog.project.jobs)
        if request.extends:
            job = store.replan(request.extends, lambda id: job_plan.named(unnamed, id))
            if request.overwrite:
                beside_input.forget(job)
            return job
        return store.create(lambda id: job_plan.named(unnamed, id), catalog.functions)


def _with_programs(catalog: Catalog, decided: Preparation, environments: Mapping[str, JobEnvironment]) -> Preparation:
    """With the programs that commands start, which are looked for when the environments are there."""
    commands = {stage.environment for stage in decided.planned.programs if stage.is_command}
    if not commands:
        return decided
    tools = decided.ready.tools
    folders = {
        name: command_programs.folders_of(
            environments[name].build,
            {each.provider.name: environments[each.provider.name].build for each in tools[name] if each.provider},
        )
        for name in commands
    }
    planned = command_programs.with_programs(catalog, decided.planned, folders)
    notes = command_programs.wrapper_notes(planned.programs, decided.ready.environments)
    values = replace(decided.values, decisions=decided.values.decisions.with_notes(notes))
    return replace(decided, planned=planned, values=values)


def decide(catalog: Catalog, request: JobRequest, finder: EnvironmentFinder) -> Preparation:
    """All that can be decided without writing anything. Raises as ``prepare`` does."""
    workflow = catalog.workflow(request.workflow)
    files = file_parameters.read(workflow, request.parameters, catalog, request.allows_code)
    catalog = catalog.with_models(model.spec for model in files.models)
    parameters = resolve(workflow, request.parameters, catalog, files.values)
    file = readable(request.input)
    media = Prober(catalog, finder).look(file) if workflow.takes_media else None
    earlier = request.extends.plan.parameters if request.extends else {}
    parameters, about = _of_movie(workflow, parameters, file, media, earlier) if media else (parameters, UNKNOWN_INPUT)
    model_request = recognition_model.ModelRequest(
        workflow, parameters, about["language"], media.duration_s if media else None
    )
    chosen = recognition_model.settle(catalog, finder, model_request, request)
    catalog, parameters = catalog.with_models(chosen.specs), chosen.parameters
    tasks = decisions.tasks(workflow, parameters, tuple(catalog.engines.values()), about["language"])
    in_folders = {model.name for model in files.models}
    engines = choose_engines(catalog, finder, tasks, in_folders, request.allows_code)
    notes = file_parameters.notes(workflow, parameters, media) if media else ()
    values = WorkflowValues(parameters, engines.decisions.with_notes(notes), about)
    catalog = catalog.with_models(model.spec for model in engines.models)
    planned = plan(workflow, values.all, catalog)
    _require_missing_subtitles(workflow, request, values, file, media)
    models = tuple(each for each in (*files.models, *engines.models) if each.name in planned.models)
    ready = readiness.check(catalog, planned, finder, {each.name for each in models}, _own_tools(workflow, planned))
    readiness.require(ready, lambda: default_workflows.needs_if_any(catalog, finder).commands)
    reserved = request.reserved - (request.extends.plan.disk_needed if request.extends else 0)
    needed = disk_space.require(catalog.project, planned.disk, file, media, max(0, reserved))
    digests = {name: catalog.model(name).digest for name in planned.models}
    unconfined = confinement.problem(planned.stages)
    values = replace(values, decisions=values.decisions.with_notes(readiness.wrapper_notes(ready)))
    return Preparation(
        request, file, media, workflow, values, planned, digests, models, ready, needed, chosen.decision, unconfined
    )


def _of_movie(
    workflow: WorkflowSpec, parameters: Mapping[str, Any], movie: Path, media: Media, earlier: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters with those that depend on what is in the movie, and what ``$input.KEY`` stands for."""
    found = file_parameters.for_movie(workflow, parameters, movie, media, earlier)
    language = tracks.spoken_language(file_parameters.audio_track(workflow, found), media)
    flags = file_parameters.subtitle_flags(workflow, found, movie, media)
    return found, {"frame_rate": media.frame_rate, "language": language, "subtitle_flags": flags}


def _require_missing_subtitles(
    workflow: WorkflowSpec, request: JobRequest, values: WorkflowValues, file: Path, media: Media | None
) -> None:
    """Raises ``AlreadyThere`` where the movie has subtitles in each language that they would be made in. Those beside a
    movie that has a job may be the job's own."""
    if not workflow.makes_subtitles or request.overwrite or request.extends or media is None:
        return
    translations = [each for each in values.decisions.values.values() if "targets" in each]
    languages: list[str] = [code for each in translations for code in (*each["original"], *each["targets"])]
    subtitles.require_missing(languages or [subtitles.ORIGINAL], values.input["language"], file, media)


def _own_tools(workflow: WorkflowSpec, planned: PlannedWorkflow) -> tuple[str, ...]:
    """Programs that the orchestrator itself needs: to look at the input, and to hold stages to their promises."""
    measured = any("duration" in promise for stage in planned.stages for promise in stage.ensure.values())
    return (PROBER,) if workflow.takes_media or measured else ()


@contextmanager
def _leased(environments: Mapping[str, JobEnvironment]) -> Iterator[None]:
    """Our builds stay in their place until there is a job that names them."""
    with Leases() as leases:
        for each in environments.values():
            if each.build.is_ours:
                leases.on(each.build)
        yield
