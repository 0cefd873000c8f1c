"""The last look at an environment: code runs in it, with the variables that a stage would get.

The modules of its definition are imported, and its smoke script runs. What that leaves out, a stage may still find.
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
LINES = 8  # of what a smoke script said last


@dataclass(frozen=True)
class Probe:
    name: str
    arguments: tuple[str | Path, ...]  # for the environment's interpreter


@dataclass(frozen=True)
class Outcome:
    probe: str
    seconds: float
    problem: str | None


@dataclass(frozen=True)
class Place:
    """Where probes run: an interpreter with what a stage in it would have."""

    python: Path
    prefix: Path
    own: Mapping[str, str]  # the environment's variables (envs/variables.py)
    tools: Sequence[Path] = ()  # folders of programs that other environments provide
    conda: bool = False  # one of conda's, which names itself in another way


def probes_of(definition: Definition) -> list[Probe]:
    """All imports are one probe, since each start of an interpreter costs more than most of them."""
    imports = "; ".join(["import sys", *(f"import {module}" for module in definition.imports)])
    named = f"importing {', '.join(definition.imports)}" if definition.imports else "starting Python"
    probes = [Probe(named, ("-I", "-B", "-c", imports))]
    return (
        [*probes, Probe(f"running {definition.smoke.name}", ("-I", "-B", definition.smoke))]
        if definition.smoke
        else probes
    )


def run(definition: Definition, place: Place, seconds: float = SECONDS) -> Iterator[Outcome]:
    """One outcome for each probe, as they end. A probe that takes too long is ended, with all that it started."""
    for probe in probes_of(definition):
        start = time.monotonic()
        problem = _problem(probe, place, seconds)
        yield Outcome(probe.name, time.monotonic() - start, problem)


def first_problem(definition: Definition, place: Place, seconds: float = SECONDS) -> str | None:
    return next((outcome.problem for outcome in run(definition, place, seconds) if outcome.problem), None)


def _problem(probe: Probe, place: Place, seconds: float) -> str | None:
    variables = stage_variables(place.prefix, os.environ, place.tools, place.own, place.conda)
    try:
        done = process.run([place.python, *probe.arguments], variables, seconds)
    except process.TimedOut as error:
        return f"{probe.name}: {error}"
    except OSError as error:
        return f"{probe.name}: {place.python} can't be started: {error.strerror}"
    if done.returncode == 0:
        return None
    words = done.error_text.splitlines()
    ended = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    told = words[-1:] if "-c" in probe.arguments else words[-LINES:]
    return f"{probe.name} fails: " + ("\n".join(told) or ended)
