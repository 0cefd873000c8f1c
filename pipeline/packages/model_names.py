"""Which models a workflow names, and whether it may use others."""

from collections.abc import Iterable

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import AUTO, WorkflowSpec


def are_chosen(workflow: WorkflowSpec) -> bool:
    """Whether a person, or a decision about engines, may choose among all models that there are."""
    return bool(workflow.decisions) or any(each.type == "model" for each in workflow.parameters.values())


def named(catalog: Catalog, workflow: WorkflowSpec, environments: Iterable[str]) -> list[str]:
    """Those that entries of the workflow, defaults of its parameters and environments name. Sorted."""
    of_stages = {name for use in workflow.stages.values() for name in use.models.values()}
    defaults = {str(each.default) for each in workflow.parameters.values() if each.type == "model" and each.default}
    of_environments = {
        name for each in environments for definition in catalog.variants(each) for name in definition.models
    }
    literal = {name for name in of_stages if "$" not in name}
    return sorted((literal | defaults | of_environments) - {AUTO})
