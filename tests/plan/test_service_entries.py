"""Services in a workflow: an entry of its own, used by others, and no step of the job."""

from collections.abc import Callable

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError
from pipeline.jobs.plan import PlannedService
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.values import decode, encode

Write = Callable[[str], None]
SERVER = (
    'parameters = {voice = "a"}\nmodels = ["weights"]\n\n[tool.pipeline.stage.service]\nready = {http = "/health"}\n'
)
ASKER = 'services = ["api"]\nparameters = {word = "x"}\noutputs = {file = "a.txt"}\n'
USE = "  server: {models: {weights: tiny}}\n"


@pytest.fixture(autouse=True)
def stages(catalog: Catalog) -> None:
    for name, environment, text in (("server", "other", SERVER), ("ask", "e", ASKER)):
        lines = ["[tool.pipeline.stage]", f'environment = "{environment}"', *text.splitlines()]
        table = "".join(f"# {line}".rstrip() + "\n" for line in lines)
        (catalog.project.stages / f"{name}.py").write_text(f"# /// script\n{table}# ///\n", encoding="utf-8")


def planned(catalog: Catalog, **values: object) -> PlannedWorkflow:
    return plan(catalog.workflow("w"), values, catalog)


def refusal(catalog: Catalog, **values: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        planned(catalog, **values)
    return str(refused.value)


def test_a_service_is_planned_beside_the_stages_that_use_it(catalog: Catalog, write: Write) -> None:
    write(f"stages:\n{USE}  ask: {{for_each: [a, b], services: {{api: server}}}}\ndeliver: [ask.file]\n")
    result = planned(catalog)
    assert [stage.name for stage in result.stages] == ["ask_a", "ask_b"]
    assert all(stage.services == {"api": "server"} and stage.needs == () for stage in result.stages)
    (service,) = result.services
    assert (service.name, service.stage.environment, service.stage.models) == ("server", "other", {"weights": "tiny"})
    assert (result.environments, result.models) == (["e", "other"], ["tiny"])
    assert decode(encode(service), PlannedService) == service


def test_a_stage_that_uses_a_service_gets_a_process_of_its_own(catalog: Catalog, write: Write) -> None:
    write(f"stages:\n{USE}  ask: {{start: [worker], services: {{api: server}}}}\n")
    assert planned(catalog).stages[0].way(None) == "cold"


def test_a_service_that_no_planned_stage_uses_is_left_out(catalog: Catalog, write: Write) -> None:
    write(
        "parameters: {on: {type: boolean, default: true}}\n"
        f"stages:\n{USE}  a: {{uses: source}}\n  ask: {{when: $on, services: {{api: server}}}}\n"
    )
    assert planned(catalog, on=False).services == ()
    assert len(planned(catalog, on=True).services) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{USE}  ask: {{}}\n", "'server' is a service"),
        (f"{USE}  ask: {{services: {{apy: server}}}}\n", "has no service 'apy'"),
        (
            f"{USE}  ask: {{services: {{api: server}}}}\n  other: {{uses: ask}}\n",
            "the service 'api' of 'ask' is missing",
        ),
        ("  ask: {services: {api: sever}}\n" + USE, "no stage 'sever'"),
        ("  a: {uses: source}\n  ask: {services: {api: a}}\n", "'a' is no service"),
        (f"{USE}  ask: {{services: {{api: server}}, network: false}}\n", "couldn't reach it"),
        (f"{USE}  ask: {{services: {{api: server}}, after: [server]}}\n", "never done"),
        ("  server: {models: {weights: tiny}, cache: false}\n  ask: {services: {api: server}}\n", "no result"),
        ("  server: {models: {weights: tiny}, for_each: [a]}\n  ask: {services: {api: server}}\n", "for all that use"),
        (
            "  server: {models: {weights: tiny}, services: {api: server}}\n  ask: {services: {api: server}}\n",
            "can't use another one yet",
        ),
        (f"{USE}  ask: {{services: {{api: server}}}}\ndeliver: [server.file]\n", "has no output 'file'"),
    ],
)
def test_what_can_mean_nothing_is_refused_with_its_place(
    catalog: Catalog, write: Write, text: str, message: str
) -> None:
    write(f"stages:\n{text}")
    said = refusal(catalog)
    assert message in said
    assert "config/workflows/w.yaml:" in said


def test_a_service_that_isnt_in_the_plan_is_told_where_it_is_used(catalog: Catalog, write: Write) -> None:
    write(
        "parameters: {on: {type: boolean, default: true}}\n"
        "stages:\n  server: {when: $on, models: {weights: tiny}}\n  ask: {services: {api: server}}\n"
    )
    assert "'server' isn't in the plan (it is there only when" in refusal(catalog, on=False)
