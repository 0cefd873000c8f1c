"""A function as a stage: what it declares, and the file that is frozen with a job."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Never, ParamSpec, TypedDict, TypeVar, Unpack

from pipeline.api import function_source
from pipeline.api.function_source import HEAD, FunctionSource
from pipeline.errors import UsageError, did_you_mean

Given = ParamSpec("Given")
Returned = TypeVar("Returned")
STAGE = "stage"  # the parameter by which a function gets what ``run(stage)`` of a stage's file gets


class StageOptions(TypedDict, total=False):
    """How a stage is run, as the keys of a stage's block with these names say it (schemas/stage.json)."""

    description: str
    ensure: Mapping[str, Any]  # promises by output
    resources: Mapping[str, Any]  # cpus, memory, gpus
    retries: Mapping[str, Any]
    timeout_seconds: float
    network: bool
    read_only: bool
    cache: bool
    start: Sequence[str]


class FunctionStage(Generic[Given, Returned]):
    """What ``@stage`` makes of a function. It can be called as before, which tries it in this process."""

    def __init__(
        self, function: Callable[Given, Returned], source: FunctionSource, declared: Mapping[str, Any]
    ) -> None:
        self._function = function
        self.source = source
        self.declared = declared  # as the table [tool.pipeline.stage] of a stage's file has it
        self.__name__ = source.name
        self.__doc__ = function.__doc__

    def __call__(self, *positional: Given.args, **named: Given.kwargs) -> Returned:
        return self._function(*positional, **named)

    def __repr__(self) -> str:
        return f"<stage {self.name} in environment {self.declared['environment']}, from {self.source.place}>"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.declared["inputs"])

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self.declared["outputs"])

    @property
    def parameters(self) -> tuple[str, ...]:
        """All that has to be given, or has a default."""
        taken = {STAGE, *self.inputs, *self.outputs, *self.declared["models"]}
        return tuple(name for name in self.source.names if name not in taken)

    @property
    def text(self) -> str:
        """The file that is frozen: it depends on the function's source alone, and on what its parameters are."""
        values = ", ".join(f"{name}={self._value(name)}" for name in self.source.names)
        return f"{HEAD}{self.source.text.rstrip()}\n\n\ndef run(stage):\n    {self.name}({values})\n"

    def _value(self, name: str) -> str:
        if name == STAGE:
            return STAGE
        for kind, names in (("input", self.inputs), ("output", self.outputs), ("model", self.declared["models"])):
            if name in names:
                return f"stage.{kind}({name!r})"
        return f"stage.parameters[{name!r}]"


def stage(
    *values: Never,
    environment: str = "",
    inputs: Sequence[str] = (),
    outputs: Mapping[str, str] | None = None,
    models: Sequence[str] = (),
    **options: Unpack[StageOptions],
) -> Callable[[Callable[Given, Returned]], FunctionStage[Given, Returned]]:
    """Make a stage of a function; it runs in ``environment``, which the project defines.

    ``inputs``: names of its parameters that get the path of a file. ``outputs``: names of parameters that get the path
    to write to, each with its file's name. ``models``: names of parameters that get a model's folder. All other
    parameters are values that JSON has, and their defaults are, too. A parameter ``stage`` gets what ``run(stage)``
    of a stage's file gets, with ``progress``, ``warn``, ``about`` and ``cpus``. What the function returns is dropped.

    Its source is frozen with each job, and its results count for as long as the source is the same, letter by letter.
    So all that it needs stands in it: imports are inside of the function.

    Raises ``UsageError``, with file and line, for what can't be run by itself: a function that needs a global or a
    name of the function around it, a lambda, one that is async or a generator, one with another decorator, with a
    default that JSON hasn't, or without a source.

    >>> @stage(environment="alpha", inputs=["text"], outputs={"counts": "counts.json"})
    ... def count(text, counts, least=2):
    ...     import json
    ...
    ...     words = text.read_text().split()
    ...     counts.write_text(json.dumps({word: words.count(word) for word in words if len(word) >= least}))
    >>> count.parameters
    ('least',)
    """
    if values or not environment or callable(environment):
        raise UsageError("@stage needs the name of an environment", 'write @stage(environment="NAME")')
    declared: dict[str, Any] = {
        "environment": environment,
        "inputs": list(inputs),
        "outputs": dict(outputs or {}),
        "models": list(models),
        **options,
    }

    def decorate(function: Callable[Given, Returned]) -> FunctionStage[Given, Returned]:
        source = function_source.read(function)
        _require_parameters(source, declared)
        made = FunctionStage(function, source, declared)
        declared["parameters"] = {name: source.defaults.get(name) for name in made.parameters}
        return made

    return decorate


def _require_parameters(source: FunctionSource, declared: Mapping[str, Any]) -> None:
    """Each input, output and model is a parameter of the function, and only one of them."""
    seen: dict[str, str] = {}
    for kind in ("inputs", "outputs", "models"):
        for name in declared[kind]:
            if name in seen:
                raise UsageError(f"{source.place}: '{name}' of {source.name} is in {seen[name]} and in {kind}")
            seen[name] = kind
            if name in source.defaults:
                raise UsageError(f"{source.place}: '{name}' of {source.name} is in {kind}, and gets no default")
            if name not in source.names and STAGE not in source.names:
                near = did_you_mean(name, list(source.names))
                raise UsageError(f"{source.place}: {source.name} has no parameter '{name}' for its {kind}{near}")
    for name, file in declared["outputs"].items():
        if name in source.names and any(special in file for special in "*?["):
            raise UsageError(
                f"{source.place}: output '{name}' of {source.name} is a pattern, {file!r}, so its name isn't known",
                f"take 'stage' as a parameter instead of '{name}', and write to stage.output('{name}', FILENAME)",
            )
