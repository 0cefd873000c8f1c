"""What two jobs differ in: what may have caused it, and the outputs that aren't the same (pure)."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.jobs.events import OutputEdited
from pipeline.jobs.plan import Plan
from pipeline.jobs.state import JobState
from pipeline.report.values import JobComparison, ReportedDifference

Packages = Callable[
    [str, str], Mapping[str, str] | None
]  # an environment's name and key; None where no such build is here
SHOWN_WIDTH = 120  # characters of a value


def compared(here: Plan, there: Plan, states: tuple[JobState, JobState], packages: Packages) -> JobComparison:
    """``states``: of this job and of the other one."""
    causes = (*_input(here, there), *_parameters(here, there), *_stages(here, there), *_models(here, there))
    environments = (each for name in here.environment_keys for each in _environment(name, here, there, packages))
    return JobComparison(there.job_id, (*causes, *environments, *_edits(*states)), tuple(_outputs(*states)))


def _input(here: Plan, there: Plan) -> Iterator[ReportedDifference]:
    if here.input.digest != there.input.digest:
        yield ReportedDifference("input", "content", here.input.path, there.input.path)


def _parameters(here: Plan, there: Plan) -> Iterator[ReportedDifference]:
    for name in {**here.parameters, **there.parameters}:
        yield from _difference("parameter", name, here.parameters.get(name), there.parameters.get(name))


def _stages(here: Plan, there: Plan) -> Iterator[ReportedDifference]:
    own, others = ({stage.name: stage.uses for stage in plan.stages} for plan in (here, there))
    for name in {**own, **others}:
        yield from _difference("stage", name, own.get(name), others.get(name))


def _models(here: Plan, there: Plan) -> Iterator[ReportedDifference]:
    for name in {**here.models, **there.models}:
        yield from _difference("model", name, here.models.get(name), there.models.get(name))


def _environment(name: str, here: Plan, there: Plan, packages: Packages) -> Iterator[ReportedDifference]:
    """The packages whose versions differ; the lock or the key where these can't be told apart so."""
    key, other = here.environment_keys[name], there.environment_keys.get(name)
    if key == other:
        return
    own, others = packages(name, key), packages(name, other) if other else None
    found: list[ReportedDifference] = []
    if own is not None and others is not None:
        for package in sorted({**own, **others}):
            found += _difference("package", f"{package} in {name}", own.get(package), others.get(package))
    lock, other_lock = here.environment_locks.get(name), there.environment_locks.get(name)
    found = found or list(_difference("lock", name, lock, other_lock))
    yield from found or _difference("environment", name, key, other)


def _edits(here: JobState, there: JobState) -> Iterator[ReportedDifference]:
    """The stages whose outputs people have edited, and not to the same."""
    for stage in {**here.edits, **there.edits}:
        if _edited(here, stage) != _edited(there, stage):
            yield ReportedDifference("edit", stage, _people(here.edits.get(stage)), _people(there.edits.get(stage)))


def _people(edit: OutputEdited | None) -> str | None:
    return f"by {', '.join(dict.fromkeys([*edit.earlier, edit.who]))}" if edit else None


def _edited(state: JobState, stage: str) -> dict[str, str]:
    """By output: the digest of what a person has made of it."""
    edit = state.edits.get(stage)
    return {name: each.record.digest for name, each in edit.outputs.items()} if edit else {}


def _outputs(here: JobState, there: JobState) -> Iterator[ReportedDifference]:
    """Those of stages that both jobs finished, as people have left them."""
    for stage, state in here.stages.items():
        own, other = state.committed, there.stage(stage).committed
        if own is None or other is None:
            continue
        made = ({name: output.digest for name, output in each.outputs.items()} for each in (own, other))
        counting = [{**each, **_edited(of, stage)} for each, of in zip(made, (here, there), strict=True)]
        for name in {**counting[0], **counting[1]}:
            yield from _difference("output", f"{stage}.{name}", *(each.get(name) for each in counting))


def _difference(kind: str, name: str, here: Any, there: Any) -> Iterator[ReportedDifference]:
    if here != there:
        yield ReportedDifference(kind, name, _shown(here), _shown(there))


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_WIDTH else f"{text[:SHOWN_WIDTH]}…"
