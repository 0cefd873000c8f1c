"""Trying an environment: its modules are imported and its smoke script runs, with the variables that a stage gets.

Of an environment that was built here, a console script is started, too.

An error in code that neither of them reaches isn't seen here.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline import process
from pipeline.envs.definition import Definition
from pipeline.envs.inheritance import visible
from pipeline.envs.script_headers import console_script
from pipeline.envs.variables import stage_variables
from pipeline.envs.verification import script_start

SECONDS = 300  # for each probe
LINES = 8  # the last ones of a smoke script's output, for a message


@dataclass(frozen=True)
class Probe:
    name: str
    arguments: tuple[str | Path, ...]  # for the environment's interpreter


@dataclass(frozen=True)
class ProbeResult:
    probe: str  # its name, for a person
    seconds: float
    problem: str | None  # None where it succeeded


@dataclass(frozen=True)
class ProbeEnvironment:
    """Where probes run: an interpreter, and what a stage that runs in it would get."""

    python: Path
    prefix: Path
    own: Mapping[str, str]  # the environment's variables (envs/variables.py)
    tools: Sequence[Path] = ()  # folders of programs that other environments provide
    conda: bool = False  # one of conda's, which names itself in another way
    is_ours: bool = False  # built here, console scripts and all

    def variables(self, passed: Sequence[str]) -> dict[str, str]:
        """With those of the caller's that the definition asks for by name."""
        return stage_variables(self.prefix, visible(os.environ, passed), self.tools, self.own, self.conda)


def probes_of(definition: Definition) -> list[Probe]:
    """All imports are one probe: starting an interpreter takes longer than most imports."""
    imports = "; ".join(["import sys", *(f"import {module}" for module in definition.imports)])
    named = f"importing {', '.join(definition.imports)}" if definition.imports else "starting Python"
    probes = [Probe(named, ("-I", "-B", "-c", imports))]
    return (
        [*probes, Probe(f"running {definition.smoke.name}", ("-I", "-B", definition.smoke))]
        if definition.smoke
        else probes
    )


def run(definition: Definition, environment: ProbeEnvironment, seconds: float = SECONDS) -> Iterator[ProbeResult]:
    """One result for each probe, as they end.

    A probe that takes more than ``seconds`` is ended, with everything that it started, and has failed.
    """
    variables = environment.variables(definition.passed)
    for probe in probes_of(definition):
        yield _timed(probe.name, partial(_problem, probe, environment.python, variables, seconds))
    if environment.is_ours and (script := console_script(environment.prefix)):
        find = partial(_script_problem, script, environment.prefix, variables, seconds)
        yield _timed(f"starting {script.name}", find)


def first_problem(definition: Definition, environment: ProbeEnvironment, seconds: float = SECONDS) -> str | None:
    """Why the environment fails; the probes after the first that fails aren't run. ``None`` where all succeed."""
    return next((result.problem for result in run(definition, environment, seconds) if result.problem), None)


def _timed(name: str, find: Callable[[], str | None]) -> ProbeResult:
    start = time.monotonic()
    problem = find()
    return ProbeResult(name, time.monotonic() - start, problem)


def _script_problem(script: Path, prefix: Path, variables: Mapping[str, str], seconds: float) -> str | None:
    try:
        return script_start.problem(script, prefix, variables, seconds)
    except process.TimedOut as error:
        return f"starting {script.name}: {error}"


def _problem(probe: Probe, python: Path, variables: Mapping[str, str], seconds: float) -> str | None:
    try:
        done = process.run([python, *probe.arguments], variables, seconds)
    except process.TimedOut as error:
        return f"{probe.name}: {error}"
    except OSError as error:
        return f"{probe.name}: {python} can't be started: {error.strerror}"
    if done.returncode == 0:
        return None
    lines = done.error_text.splitlines()
    end = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    shown = lines[-1:] if "-c" in probe.arguments else lines[-LINES:]
    return f"{probe.name} fails: " + ("\n".join(shown) or end)
