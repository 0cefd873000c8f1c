"""A large plan whose stages share what they have in common is the same plan."""

from pipeline.jobs import plan_memory
from pipeline.jobs.plan import Plan
from pipeline.values import decode, encode
from tests.jobs.helpers import a_plan, a_stage


def test_equal_parts_become_one_value_and_the_plan_is_the_same() -> None:
    stages = [a_stage(f"s{number}") for number in range(3)]
    data = encode(a_plan(stages=stages))
    plan = decode(data, Plan)
    first, second, _ = plan.stages
    assert first.inputs is not second.inputs
    plan_memory.share(plan)
    assert plan == decode(data, Plan)
    assert first.inputs is second.inputs
    assert first.retries is second.retries
    assert list(plan.stage_environments) == list(decode(data, Plan).stage_environments)
