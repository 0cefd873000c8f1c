"""The usual form of ``run-pipeline`` is read without click, and means what click would have made of it."""

import subprocess
import sys

import pytest

from pipeline.cli.run_pipeline import command
from pipeline.cli.usual import read

UNDERSTOOD = [
    ["-j", "latest"],
    ["--job", "a", "-j", "b"],
    ["--root", "folder", "-j", "a"],
    ["-j", "a", "--max-parallel", "2"],
    ["-j", "a", "--start", "worker", "--root", "."],
]
FOR_CLICK = [
    [],
    ["-j"],
    ["-j", ""],
    ["-j", "-h"],
    ["--help"],
    ["--version"],
    ["a"],
    ["-ja"],
    ["--job=a"],
    ["--root", "folder"],
    ["-j", "a", "--max-parallel", "0"],
    ["-j", "a", "--max-parallel", "two"],
    ["-j", "a", "--max-parallel", "²"],
    ["-j", "a", "--start", "hot"],
    ["-j", "a", "--start"],
    ["-j", "a", "--dry-run"],
    ["-j", "a", "--force"],
    ["-j", "a", "--root", "x", "--root", "y"],
    ["-j", "a", "b"],
]


@pytest.mark.parametrize("words", UNDERSTOOD, ids=" ".join)
def test_the_usual_form_means_what_click_makes_of_it(words: list[str]) -> None:
    usual = read(words)
    assert usual is not None
    given = command.make_context("run-pipeline", list(words)).params
    assert usual.jobs == given["names"]
    assert usual.max_parallel == given["max_parallel"]
    assert usual.start == given["start"]


@pytest.mark.parametrize("words", FOR_CLICK, ids=" ".join)
def test_whatever_else_is_written_goes_to_click(words: list[str]) -> None:
    assert read(words) is None


# All that a run of a job imports where nothing goes wrong and nothing is rare about it.
USUAL = """
import sys
from pipeline.cli import usual, handler, location, running
from pipeline.cache import store
from pipeline.run import context, job_run, loop
"""

# What takes long to import, and what is imported where it is needed: a small job would take noticeably longer.
RARE = {
    *("asyncio", "bz2", "click", "concurrent", "jsonschema", "loguru", "lzma", "multiprocessing", "packaging"),
    *("psutil", "rich", "shutil", "socket", "tempfile", "yaml"),
    "pipeline.cache.eviction",
    "pipeline.cache.usage",
    "pipeline.envs.external.decision",
    "pipeline.envs.builder",
    "pipeline.envs.definition",
    "pipeline.envs.lockfiles",
    "pipeline.envs.notes",
    "pipeline.envs.platform.removal",
    "pipeline.envs.repair",
    "pipeline.run.failures.escalation",
    "pipeline.executors.warm",
    "pipeline.run.failures.classify",
    "pipeline.host.gpus",
    "pipeline.host.gpu_leases",
    "pipeline.run.failures.retry",
    "pipeline.run.suspicion",
    "pipeline.config.shared_modules",
    "pipeline.config.source",
    "pipeline.progress",
}


def of_the_usual_run(code: str) -> list[str]:
    """The lines that the code prints after what a usual run imports."""
    done = subprocess.run([sys.executable, "-c", USUAL + code], timeout=60, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_the_usual_run_imports_nothing_that_is_rare(spawning: None) -> None:
    imported = of_the_usual_run("print(*sys.modules, sep='\\n')")
    assert "pipeline.run.loop" in imported
    assert RARE.intersection(imported) == set()


def test_what_is_rare_is_there_under_its_name(spawning: None) -> None:
    code = f"import importlib.util as util\nfor name in {sorted(RARE)!r}: print(name, util.find_spec(name) is not None)"
    assert [line for line in of_the_usual_run(code) if not line.endswith(" True")] == []


def test_values_of_the_usual_run_say_what_they_are(spawning: None) -> None:
    """Where a dataclass has no docstring, its signature is worked out for one at every start."""
    code = """
import dataclasses
modules = [module for name, module in sys.modules.items() if name.startswith("pipeline.")]
values = {each for module in modules for each in vars(module).values() if isinstance(each, type)}
made = [each for each in values if dataclasses.is_dataclass(each) and each.__module__.startswith("pipeline.")]
print(len(made) > 20)
print(*(each.__qualname__ for each in made if each.__doc__.startswith(f"{each.__name__}(")), sep="\\n", end="")
"""
    assert of_the_usual_run(code) == ["True"]
