"""Expands one entry of a workflow into planned stages, with their references and parameters filled in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.conditions import Condition
from pipeline.config.stages import StageSpec
from pipeline.config.workflows import MEMBERS, StageUse, WorkflowSpec
from pipeline.digests import sha256_of_bytes
from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.secrets import SecretSource, has_secret
from pipeline.plan import command_values, service_entries, slots, titles
from pipeline.plan.substitution import fill, is_each, value_of_each
from pipeline.plan.values import PICK, value_of
from pipeline.references import JOB_INPUT, alternatives, is_paired, part, split

NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
NAME_LENGTH = 100


class Expansion:
    """The entries of one workflow with the values of one job. Every method raises ``ConfigurationError``."""

    def __init__(self, workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> None:
        self._workflow = workflow
        self._values = values
        self._catalog = catalog
        self._known_names: dict[str, dict[str, Any]] = {}

    def members(self, id: str) -> Iterator[PlannedStage]:
        """The planned stages of an entry: one, or one for each value of its fan-out; none if its ``when`` is false."""
        use = self._workflow.stages[id]
        spec = self._spec(use)
        service_entries.check(self._workflow, use, spec)
        slots.check(self._workflow, use, spec)
        if not self.names(use):
            return
        listed, chosen = self._listed(use), slots.policy_of(self._workflow, use, spec)
        service_entries.check_reachable(self._workflow, use, chosen)
        services = service_entries.of_entry(self._workflow, use, self._spec, lambda other: bool(self.names(other)))
        after = [name for id_ in use.after for name in self._names_before(use, id_)]
        same = {slot: self._inputs(use, slot, None) for slot, text in use.inputs.items() if not is_paired(text)}
        for name, each in self.names(use).items():
            parameters, secrets = self._apart(use, {**spec.parameters, **self._parameters(use, each)})
            if spec.command:
                command_values.check(self._workflow, use, spec.command, parameters, secrets)
            inputs = {slot: same[slot] if slot in same else self._inputs(use, slot, each) for slot in use.inputs}
            yield PlannedStage(
                name=name,
                uses=use.uses,
                environment=spec.environment,
                needs=tuple(dict.fromkeys([*_upstream(inputs, listed), *after])),
                inputs=inputs,
                parameters=parameters,
                models=dict(self._models(use, spec, each)),
                outputs=dict(spec.outputs),
                for_each=listed,
                ensure={output: dict(promise) for output, promise in spec.ensure.items()},
                function=sha256_of_bytes(spec.source.encode()) if spec.source is not None else None,
                modules=spec.modules,
                services=services,
                secrets=secrets,
                passed=tuple(dict.fromkeys((*spec.passed, *use.passed))),
                is_command=spec.command is not None,
                **chosen | titles.of_member(chosen, each),
            )

    def is_service(self, id: str) -> bool:
        """Whether an entry is a service, which is no step of the job."""
        return self._spec(self._workflow.stages[id]).service is not None

    def _names_before(self, use: StageUse, id: str) -> Iterable[str]:
        """The planned names of an entry that must be done before another one."""
        keys = ("stages", use.id, "after")
        other = self._use(id, keys)
        if self.is_service(id):
            message = f"'{id}' is a service, which is never done; write services: {{NAME: {id}}} where it is used"
            raise self._error(keys, message)
        return self.names(other)

    def delivered(self, index: int) -> tuple[str, ...]:
        """An entry of ``deliver`` as references with planned names; empty where its stage isn't in the plan."""
        entry, keys = self._workflow.deliver[index], ("deliver", index)
        references = self.refer(entry.output, keys)
        return references if self._holds(entry.when, keys) else ()

    def refer(self, text: str, keys: Sequence[str | int]) -> tuple[str, ...]:
        """A reference such as ``asr.transcript`` with planned names: several where ``asr`` is a fan-out over values."""
        if text == JOB_INPUT:
            return (JOB_INPUT,)
        id, output = split(text)
        use = self._use(id, keys)
        self._check_output(use, output, keys)
        return tuple(f"{name}.{output}" for name in self.names(use))

    def _inputs(self, use: StageUse, slot: str, each: Any) -> tuple[str, ...]:
        """The references of an input: those of the first of its alternatives that is in the plan."""
        text, keys = use.inputs[slot], ("stages", use.id, "inputs", slot)
        ways = alternatives(text)
        if len(ways) == 1:
            return self._the_only(use, text, keys, each)
        found = [references for way in ways if (references := self._either(use, way, keys, each))]
        if not found:
            what = f" for {each!r}" if each is not None else ""
            raise self._error(keys, f"none of {text} is in the plan{what}")
        return found[0]

    def _the_only(self, use: StageUse, text: str, keys: Sequence[str | int], each: Any) -> tuple[str, ...]:
        if references := self._either(use, text, keys, each):
            return references
        other = self._use(split(text)[0], keys)
        if not self._holds(other.when, ("stages", other.id, "when")):
            left_out = f"'{other.id}' isn't in the plan (it is there only when {_all(other.when)})"
            raise self._error(keys, f"{left_out}; give '{use.id}' the same 'when', or this input an alternative")
        if part(text) is not None:
            raise self._error(keys, f"'{other.id}' has no member for '{part(text)}', which {text} names")
        if is_paired(text):
            raise self._error(keys, f"{_unpaired(use, other, each)}; {text} pairs two stages with the same for_each")
        return ()  # of a fan-out over no value

    def _either(self, use: StageUse, text: str, keys: Sequence[str | int], each: Any) -> tuple[str, ...]:
        """One alternative's references; inside a fan-out, ``A[$each].x`` is the member of ``A`` for the same value, or
        where the fan-out is over the directory ``A.x``, its own file in that.

        Empty where it isn't in the plan.
        """
        if not is_paired(text) and part(text) is None:
            return self.refer(text, keys)
        id, output = split(text)
        other = self._use(id, keys)
        self._check_output(other, output, keys)
        if (value := part(text)) is not None:
            return self._of_value(other, value, text, keys)
        if self._is_own_file(use, other, output) or (use.for_each_of and use.for_each_of == other.for_each_of):
            return (text,) if self.names(other) else ()
        name = self._member(other, each, keys) if use.for_each else ""
        return (f"{name}.{output}",) if name in self.names(other) else ()

    def _is_own_file(self, use: StageUse, other: StageUse, output: str) -> bool:
        """Whether the fan-out is over this very directory, so that each member may take its own file alone."""
        return use.for_each_of == f"{other.id}.{output}" and self._spec(other).outputs[output].endswith("/")

    def _of_value(self, other: StageUse, value: str, text: str, keys: Sequence[str | int]) -> tuple[str, ...]:
        """A fan-out's member for one value. Those of a list are known only when the job runs."""
        if other.for_each_of:
            return (text,) if self.names(other) else ()
        name = self._member(other, value, keys) if other.for_each else ""
        return (f"{name}.{split(text)[1]}",) if name in self.names(other) else ()

    def _holds(self, when: Sequence[Condition], keys: Sequence[str | int]) -> bool:
        return all(condition.holds(self._value_of(keys, condition.name)) for condition in when)

    def _check_output(self, use: StageUse, output: str, keys: Sequence[str | int]) -> None:
        outputs = self._spec(use).outputs
        if output not in outputs:
            raise self._error(keys, f"stage '{use.id}' has no output '{output}'{did_you_mean(output, list(outputs))}")

    def _listed(self, use: StageUse) -> str | None:
        """The list that a fan-out waits for, as a reference to the one stage that writes it."""
        if use.for_each_of is None:
            return None
        keys = ("stages", use.id, "for_each")
        refs = self._the_only(use, use.for_each_of, keys, None)
        if len(refs) != 1 or self._use(split(use.for_each_of)[0], keys).for_each_of:
            raise self._error(keys, f"{use.for_each_of} comes from a fan-out; the list must come from one stage")
        return refs[0]

    def _spec(self, use: StageUse) -> StageSpec:
        try:
            return self._catalog.stage(use.uses)
        except ConfigurationError as error:
            if error.message.startswith("no stage"):
                raise self._error(("stages", use.id), error.message) from error
            raise

    def _use(self, id: str, keys: Sequence[str | int]) -> StageUse:
        if id not in self._workflow.stages:
            hint = "; the job's input is job.input" if id == "job" else did_you_mean(id, list(self._workflow.stages))
            raise self._error(keys, f"no stage '{id}'{hint}")
        return self._workflow.stages[id]

    def names(self, use: StageUse) -> Mapping[str, Any]:
        """The planned names of an entry, each with the value of its fan-out."""
        if use.id not in self._known_names:
            self._known_names[use.id] = dict(self._members_of(use))
        return self._known_names[use.id]

    def _members_of(self, use: StageUse) -> Iterator[tuple[str, Any]]:
        if not self._holds(use.when, ("stages", use.id, "when")):
            return
        if not use.for_each:
            yield use.id, None
            return
        keys = ("stages", use.id, "for_each")
        filled = [fill(value, partial(self._look_up, keys, None)) for value in use.for_each]
        values = [item for value in filled for item in (value if isinstance(value, list) else [value])]
        seen: dict[str, Any] = {}
        for value in values:
            name = self._member(use, value, keys)
            if name in seen and (type(seen[name]), seen[name]) != (type(value), value):
                raise self._error(("stages", use.id), f"two stages would have the name '{name}'")
            if name not in seen:
                yield name, value
            seen[name] = value

    def _member(self, use: StageUse, value: Any, keys: Sequence[str | int]) -> str:
        """The name of one member of a fan-out. It becomes the name of folders and files."""
        name = f"{use.id}_{value}".replace("-", "_")
        if not isinstance(value, str | int) or value == "" or not NAME.fullmatch(name) or len(name) > NAME_LENGTH:
            rule = f"which has only letters, digits, - and _, and at most {NAME_LENGTH} of them"
            raise self._error(keys, f"{value!r} can't be the end of a stage's name, {rule}")
        return name

    def _parameters(self, use: StageUse, each: Any) -> dict[str, Any]:
        return {
            slot: fill(value, partial(self._look_up, ("stages", use.id, "parameters", slot), (use, each)))
            for slot, value in use.parameters.items()
        }

    def _apart(self, use: StageUse, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The parameters without the secret ones, and where those come from."""
        secrets = {slot: value.text for slot, value in parameters.items() if isinstance(value, SecretSource)}
        others = {slot: value for slot, value in parameters.items() if slot not in secrets}
        for slot, value in others.items():
            if has_secret(value):
                raise self._error(("stages", use.id, "parameters", slot), "a secret must be a parameter's whole value")
        return others, secrets

    def _look_up(self, keys: Sequence[str | int], inside: tuple[StageUse, Any] | None, name: str) -> Any:
        """The value of ``$name``; ``inside``: the entry and the value of its fan-out for which a member is made."""
        if inside and is_each(name) and inside[0].for_each_of:
            return name  # known only when the list is
        if inside and is_each(name) and inside[0].for_each:
            try:
                return value_of_each(name, inside[1])
            except LookupError as error:
                raise self._error(keys, str(error.args[0])) from error
        if name.endswith(PICK) and not (inside and inside[0].for_each):
            raise self._error(keys, f"{name} can only be used inside a for_each over values")
        return self._value_of(keys, name[1:], inside[1] if inside else None)

    def _value_of(self, keys: Sequence[str | int], name: str, each: Any = None) -> Any:
        listed, _, choice = name.partition(".")
        parameter = self._workflow.parameters.get(listed)
        if choice and parameter and parameter.type in MEMBERS and parameter.choices:  # whether the list has it
            if choice not in parameter.choices:
                near = did_you_mean(choice, list(map(str, parameter.choices)))
                raise self._error(keys, f"'{listed}' can't have '{choice}'{near}")
            return choice in self._values[listed]
        try:
            return value_of(self._values, name, each)
        except LookupError as error:
            raise self._error(keys, str(error.args[0])) from error

    def _models(self, use: StageUse, spec: StageSpec, each: Any) -> Iterator[tuple[str, str]]:
        for slot, value in use.models.items():
            keys = ("stages", use.id, "models", slot)
            name = fill(value, partial(self._look_up, keys, None if use.for_each_of else (use, each)))
            if name is None and slot in spec.optional_models:
                continue
            if not isinstance(name, str):
                raise self._error(
                    keys, f"{value} must be a model's name, and is {'empty' if name is None else repr(name)}"
                )
            if name not in self._catalog.models:
                raise self._error(keys, f"no model '{name}'{did_you_mean(name, sorted(self._catalog.models))}")
            yield slot, name

    def _error(self, keys: Sequence[str | int], message: str) -> ConfigurationError:
        return self._workflow.source.error(keys, message)


def _unpaired(use: StageUse, other: StageUse, each: Any) -> str:
    """Why a stage has no member, or no file, of another one for its own value."""
    if use.for_each_of:
        return f"'{use.id}' has a for_each of its own ({use.for_each_of}), which is no folder of '{other.id}'"
    return f"'{other.id}' has no member for {each!r}" if use.for_each else f"'{use.id}' has no for_each"


def _all(when: Sequence[Condition]) -> str:
    return " and ".join(map(str, when))


def _upstream(inputs: Mapping[str, Sequence[str]], listed: str | None) -> list[str]:
    """The stages whose outputs must exist. Of a pair, each member waits for its own partner instead."""
    refs = [ref for refs in inputs.values() for ref in refs if ref != JOB_INPUT and not is_paired(ref)]
    return [split(ref)[0] for ref in ([listed] if listed else []) + refs]
