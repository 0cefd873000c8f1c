"""What a bare bootstrap makes ready: the environments and models of the default workflows, each with its defaults."""

from dataclasses import dataclass

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import WorkflowSpec
from pipeline.engines.decisions import tasks
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.errors import PipelineError
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.prepare.job_engines import choose_engines
from pipeline.prepare.preparation import UNKNOWN_INPUT


@dataclass(frozen=True)
class DefaultNeeds:
    environments: tuple[str, ...]
    models: tuple[str, ...]  # that the project defines

    @property
    def commands(self) -> set[str]:
        """The command that makes each of them ready by itself."""
        return {f"bootstrap --env {name}" for name in self.environments} | {
            f"bootstrap --model {name}" for name in self.models
        }


NOTHING = DefaultNeeds((), ())


def needs(catalog: Catalog, finder: EnvironmentFinder) -> DefaultNeeds:
    """Raises as preparing a job of one of the workflows would."""
    plans = [default_plan(catalog, finder, catalog.workflow(name)) for name in catalog.settings.default_workflows]
    environments = {name for each in plans for name in each.environments}
    models = {name for each in plans for name in each.models} & catalog.models.keys()
    return DefaultNeeds(tuple(sorted(environments)), tuple(sorted(models)))


def needs_if_any(catalog: Catalog, finder: EnvironmentFinder) -> DefaultNeeds:
    """As ``needs``; nothing where a bare bootstrap would end with an error, too."""
    try:
        return needs(catalog, finder)
    except PipelineError:
        return NOTHING


def default_plan(catalog: Catalog, finder: EnvironmentFinder, workflow: WorkflowSpec) -> PlannedWorkflow:
    """What a job has when no parameter is given, whatever its input is."""
    values = resolve(workflow, {}, catalog)
    engines = choose_engines(catalog, finder, tasks(workflow, values, tuple(catalog.engines.values())))
    extended = catalog.with_models(each.spec for each in engines.models)
    return plan(workflow, {**values, **engines.decisions.values, "input": UNKNOWN_INPUT}, extended)
