"""Trying an environment: its modules are imported and its smoke script runs, with the variables that a stage gets.

An error in code that neither of them reaches isn't seen here.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs.definition import Definition
from pipeline.envs.variables import stage_variables

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
    for probe in probes_of(definition):
        start = time.monotonic()
        problem = _problem(probe, environment, seconds)
        yield ProbeResult(probe.name, time.monotonic() - start, problem)


def first_problem(definition: Definition, environment: ProbeEnvironment, seconds: float = SECONDS) -> str | None:
    """Why the environment fails; the probes after the first that fails aren't run. ``None`` where all succeed."""
    return next((result.problem for result in run(definition, environment, seconds) if result.problem), None)


def _problem(probe: Probe, environment: ProbeEnvironment, seconds: float) -> str | None:
    variables = stage_variables(environment.prefix, os.environ, environment.tools, environment.own, environment.conda)
    try:
        done = process.run([environment.python, *probe.arguments], variables, seconds)
    except process.TimedOut as error:
        return f"{probe.name}: {error}"
    except OSError as error:
        return f"{probe.name}: {environment.python} can't be started: {error.strerror}"
    if done.returncode == 0:
        return None
    lines = done.error_text.splitlines()
    end = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    shown = lines[-1:] if "-c" in probe.arguments else lines[-LINES:]
    return f"{probe.name} fails: " + ("\n".join(shown) or end)
