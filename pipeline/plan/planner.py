"""A workflow expanded into stages: references checked, fan-out unfolded, order found.

Everything here is a pure function of specs and values; the result goes into ``job.json`` as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.references import JOB_INPUT, split
from pipeline.spec.catalog import Catalog
from pipeline.spec.stages import StageSpec
from pipeline.spec.workflows import StageUse, WorkflowSpec

NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
NAME_LENGTH = 100
EACH = "$each"  # the value of a for_each, inside its stage's parameters


@dataclass(frozen=True)
class PlannedStage:
    """One stage of a job. ``inputs`` hold references: ``job.input``, or ``STAGE.OUTPUT`` by planned names."""

    name: str
    uses: str
    environment: str
    needs: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Any]
    models: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    stages: tuple[PlannedStage, ...]  # in an order in which they can run
    deliver: tuple[str, ...]

    @property
    def models(self) -> list[str]:
        return sorted({model for stage in self.stages for model in stage.models.values()})

    @property
    def environments(self) -> list[str]:
        return sorted({stage.environment for stage in self.stages})


def plan(workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> Plan:
    """Raises ``ConfigurationError``, with file, line and key, for a workflow that doesn't hold together."""
    expansion = _Expansion(workflow, values, catalog)
    stages: dict[str, PlannedStage] = {}
    for id in workflow.stages:
        for stage in expansion.members(id):
            if stage.name in stages:
                raise workflow.source.error(("stages", id), f"two stages would have the name '{stage.name}'")
            stages[stage.name] = stage
    if not stages:
        raise workflow.source.error(("stages",), "nothing is left to do: every for_each is empty")
    deliver = [ref for index, text in enumerate(workflow.deliver) for ref in expansion.refer(text, ("deliver", index))]
    return Plan(tuple(stages[name] for name in _ordered(workflow, stages)), tuple(deliver))


def _ordered(workflow: WorkflowSpec, stages: Mapping[str, PlannedStage]) -> list[str]:
    """Written order where the inputs leave a choice, so that two plans of one workflow are the same."""
    try:
        TopologicalSorter({name: stage.needs for name, stage in stages.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise workflow.source.error(("stages",), f"these stages wait for each other: {circle}") from error
    order: dict[str, None] = {}
    while len(order) < len(stages):
        order[
            next(name for name, stage in stages.items() if name not in order and order.keys() >= set(stage.needs))
        ] = None
    return list(order)


class _Expansion:
    def __init__(self, workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> None:
        self._workflow = workflow
        self._values = values
        self._catalog = catalog

    def members(self, id: str) -> Iterator[PlannedStage]:
        """The stage itself, or one for each value of its fan-out."""
        use = self._workflow.stages[id]
        spec = self._spec(use)
        self._check_slots(use, spec)
        for name, each in self._names(use):
            inputs = {slot: self.refer(text, ("stages", id, "inputs", slot)) for slot, text in use.inputs.items()}
            upstream = [split(ref)[0] for refs in inputs.values() for ref in refs if ref != JOB_INPUT]
            upstream += [name for id_ in use.after for name, _ in self._names(self._use(id_, ("stages", id, "after")))]
            yield PlannedStage(
                name=name,
                uses=use.uses,
                environment=spec.environment,
                needs=tuple(dict.fromkeys(upstream)),
                inputs=inputs,
                parameters={**spec.parameters, **self._filled(use, "parameters", use.parameters, each)},
                models={slot: self._model(use, slot, value, each) for slot, value in use.models.items()},
                outputs=spec.outputs,
            )

    def refer(self, text: str, keys: Sequence[str | int]) -> tuple[str, ...]:
        """``asr.transcript`` as references by planned names: several where the stage is a fan-out."""
        if text == JOB_INPUT:
            return (JOB_INPUT,)
        id, output = split(text)
        use = self._use(id, keys)
        outputs = self._spec(use).outputs
        if output not in outputs:
            raise self._error(keys, f"stage '{id}' has no output '{output}'{did_you_mean(output, list(outputs))}")
        return tuple(f"{name}.{output}" for name, _ in self._names(use))

    def _spec(self, use: StageUse) -> StageSpec:
        try:
            return self._catalog.stage(use.uses)
        except ConfigurationError as error:
            if error.message.startswith("no stage"):
                raise self._error(("stages", use.id), error.message) from error
            raise

    def _use(self, id: str, keys: Sequence[str | int]) -> StageUse:
        if id not in self._workflow.stages:
            raise self._error(keys, f"no stage '{id}'{did_you_mean(id, list(self._workflow.stages))}")
        return self._workflow.stages[id]

    def _names(self, use: StageUse) -> list[tuple[str, Any]]:
        if not use.for_each:
            return [(use.id, None)]
        filled = [self._fill(value, ("stages", use.id, "for_each"), None) for value in use.for_each]
        values = [item for value in filled for item in (value if isinstance(value, list) else [value])]
        return list(dict.fromkeys((self._member(use, value), value) for value in values))

    def _member(self, use: StageUse, value: Any) -> str:
        """The name of one stage of a fan-out; it becomes the name of folders and files."""
        name = f"{use.id}_{value}".replace("-", "_")
        if not isinstance(value, str | int) or value == "" or not NAME.fullmatch(name) or len(name) > NAME_LENGTH:
            keys = ("stages", use.id, "for_each")
            raise self._error(keys, f"{value!r} can't end a stage's name: only letters, digits, - and _, and not many")
        return name

    def _check_slots(self, use: StageUse, spec: StageSpec) -> None:
        for kind, given, known in (
            ("inputs", use.inputs, spec.inputs),
            ("parameters", use.parameters, tuple(spec.parameters)),
            ("models", use.models, spec.models),
        ):
            for slot in given:
                if slot not in known:
                    message = f"stage '{spec.name}' has no {kind[:-1]} '{slot}'{did_you_mean(slot, list(known))}"
                    raise self._error(("stages", use.id, kind, slot), message)
            missing = [slot for slot in known if slot not in given and kind != "parameters"]
            if missing:
                raise self._error(("stages", use.id), f"the {kind[:-1]} '{missing[0]}' of '{spec.name}' is missing")

    def _filled(self, use: StageUse, kind: str, values: Mapping[str, Any], each: Any) -> dict[str, Any]:
        return {slot: self._fill(value, ("stages", use.id, kind, slot), each) for slot, value in values.items()}

    def _fill(self, value: Any, keys: Sequence[str | int], each: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(item, keys, each) for item in value]
        if isinstance(value, dict):
            return {key: self._fill(item, keys, each) for key, item in value.items()}
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value == EACH and each is not None:
            return each
        name = value[1:]
        if name not in self._values:
            raise self._error(keys, f"no parameter '{name}'{did_you_mean(name, list(self._values))}")
        return self._values[name]

    def _model(self, use: StageUse, slot: str, value: str, each: Any) -> str:
        keys = ("stages", use.id, "models", slot)
        name = self._fill(value, keys, each)
        if not isinstance(name, str):
            raise self._error(keys, f"{value} must be a model's name, and is {name!r}")
        if name not in self._catalog.models:
            raise self._error(keys, f"no model '{name}'{did_you_mean(name, sorted(self._catalog.models))}")
        return name

    def _error(self, keys: Sequence[str | int], message: str) -> ConfigurationError:
        return self._workflow.source.error(keys, message)
