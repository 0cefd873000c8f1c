"""A workflow that a program puts together, of functions and of the project's own stages."""

from collections.abc import Mapping
from typing import Any

from pipeline.api.function_source import require_json
from pipeline.api.function_stage import FunctionStage
from pipeline.api.wire import FunctionCall, WorkflowCall
from pipeline.config.workflows import NAME
from pipeline.errors import UsageError, did_you_mean
from pipeline.references import JOB_INPUT
from pipeline.values import Struct

AnyFunctionStage = FunctionStage[..., Any]
VALUE = "value_{}"  # the parameter of the workflow that stands for a text which begins with a dollar sign


class OutputReference(Struct, frozen=True):
    """An output of a stage of a workflow, or the job's input: to be given to another stage."""

    text: str


class WorkflowStage:
    """A stage that was added to a workflow: ``stage["counts"]`` is its output, for another stage."""

    def __init__(self, id: str, outputs: tuple[str, ...] | None) -> None:
        self.id = id
        self._outputs = outputs  # None where the project has the stage, and knows them

    def __getitem__(self, output: str) -> OutputReference:
        """Raises ``UsageError`` where it has no such output."""
        if self._outputs is not None and output not in self._outputs:
            near = did_you_mean(output, list(self._outputs))
            raise UsageError(f"stage '{self.id}' has no output '{output}'{near}")
        return OutputReference(f"{self.id}.{output}")

    def __repr__(self) -> str:
        return f"<stage {self.id} of a workflow>"


class Workflow:
    """Made by ``Project.workflow(NAME)``; its stages are added one by one.

    >>> flow = project.workflow("word_counts")
    >>> counted = flow.add(count, text=flow.input, least=4)
    >>> flow.deliver(counted["counts"])
    >>> job = project.prepare(flow, example / "input.txt").run()
    >>> job.outputs["counts"].path.read_text()
    '{"some": 1, "input": 1}'
    """

    def __init__(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise UsageError(f"{name!r} can't be the name of a workflow: that has letters, digits and underscores")
        self.name = name
        self._stages: dict[str, dict[str, Any]] = {}
        self._functions: dict[str, AnyFunctionStage] = {}
        self._delivered: list[str] = []
        self._values: dict[str, str] = {}

    @property
    def input(self) -> OutputReference:
        """The file that a job is prepared for."""
        return OutputReference(JOB_INPUT)

    def add(self, stage: "AnyFunctionStage | str", id: str | None = None, /, **given: Any) -> WorkflowStage:
        """Add a function, or a stage of the project by its name; ``id``: its name in the job, where it is there twice.

        ``given``: for each input the output of another stage, or ``input``; for each parameter its value, of the kinds
        that JSON has; for each model its name. Raises ``UsageError``.
        """
        uses = stage if isinstance(stage, str) else stage.name
        id = id or uses
        if id in self._stages:
            raise UsageError(
                f"there is a stage '{id}' already", f'give this one another name: add({uses}, "{id}_2", …)'
            )
        if not isinstance(stage, str):
            _require_known(stage, given)
            if self._functions.setdefault(uses, stage).text != stage.text:
                raise UsageError(f"there are two functions {uses}", "rename one of them")
        elif uses in self._functions:
            raise UsageError(f"'{uses}' is a function here, and would be a stage of the project, too", "rename one")
        files = {name: each.text for name, each in given.items() if isinstance(each, OutputReference)}
        models = {} if isinstance(stage, str) else {name: given[name] for name in stage.declared["models"]}
        others = {name: each for name, each in given.items() if name not in files and name not in models}
        for name, each in others.items():
            require_json(each, f"'{name}' of stage '{id}'")
        parameters = {name: self._escaped(each) for name, each in others.items()}
        self._stages[id] = {"uses": uses, "inputs": files, "parameters": parameters, "models": models}
        return WorkflowStage(id, None if isinstance(stage, str) else stage.outputs)

    def deliver(self, *outputs: OutputReference) -> None:
        """Put these into a job's output folder. Without a word of this, those of functions that no stage reads."""
        self._delivered += [each.text for each in outputs]

    def call(self) -> WorkflowCall:
        """What the process that prepares a job is told. Raises ``UsageError`` where there is no stage."""
        if not self._stages:
            raise UsageError(f"workflow '{self.name}' has no stage", "add one: flow.add(FUNCTION, …)")
        document = {
            "input": "file",
            "parameters": {name: {"type": "string", "default": value} for name, value in self._values.items()},
            "stages": self._stages,
            "deliver": list(dict.fromkeys(self._delivered or self._unread())),
        }
        functions = tuple(
            FunctionCall(each.name, each.text, dict(each.declared), each.source.place)
            for each in self._functions.values()
        )
        return WorkflowCall(document, functions)

    def _unread(self) -> list[str]:
        read = {reference for entry in self._stages.values() for reference in entry["inputs"].values()}
        made = [
            f"{id}.{output}"
            for id, entry in self._stages.items()
            if entry["uses"] in self._functions
            for output in self._functions[entry["uses"]].outputs
        ]
        return [each for each in made if each not in read]

    def _escaped(self, value: Any) -> Any:
        """In a workflow's file, ``$name`` stands for a parameter. Here it is a text as any other."""
        if isinstance(value, str) and value.startswith("$"):
            name = next((name for name, each in self._values.items() if each == value), VALUE.format(len(self._values)))
            self._values[name] = value
            return f"${name}"
        if isinstance(value, list):
            return [self._escaped(each) for each in value]
        if isinstance(value, dict):
            return {key: self._escaped(each) for key, each in value.items()}
        return value

    def __repr__(self) -> str:
        return f"<workflow {self.name}: {', '.join(self._stages) or 'no stage yet'}>"


def _require_known(stage: AnyFunctionStage, given: Mapping[str, Any]) -> None:
    """All inputs, models and parameters without a default are given, and nothing else."""
    wanted = (*stage.inputs, *stage.declared["models"], *stage.parameters)
    for name, each in given.items():
        if name not in wanted:
            raise UsageError(f"{stage.name} has no parameter '{name}'{did_you_mean(name, list(wanted))}")
        is_file = isinstance(each, OutputReference)
        if is_file != (name in stage.inputs):
            kind = "an input, and gets the output of a stage" if name in stage.inputs else "no input, and gets a value"
            raise UsageError(f"'{name}' of {stage.name} is {kind}, not {each!r}")
    for name in wanted:
        if name not in given and name not in stage.source.defaults:
            raise UsageError(f"{stage.name} needs '{name}'", f"give it: add({stage.name}, {name}=…)")
