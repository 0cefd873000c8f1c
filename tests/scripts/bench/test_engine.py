import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
import engine_parts
import pytest
from engine_parts import QUICK, Bench
from figures import Figures
from measuring import Spent


@dataclass
class Build:
    """Its jobs take so many seconds."""

    seconds: float

    def prepare(self, workflow: str) -> str:
        return workflow

    def run(self, id: str, start: str, slots: int = 1) -> Spent:
        return Spent(self.seconds, self.seconds, 40.0)

    def job(self, workflow: str, start: str, slots: int = 1) -> Spent:
        return self.run(workflow, start, slots)

    def forget(self, id: str) -> None:
        pass


class Doit:
    """Takes 2 seconds, whatever it does."""

    def __init__(self, folder: Path) -> None:
        self.peer, self.field = self, self
        self.name, self.folder = "doit", folder

    def again(self, shape: str, count: int, out: Path) -> float:
        return 2.0


def bench(tmp_path: Path, seconds: Sequence[float], peers: Any = None) -> Bench:
    builds: Any = [Build(each) for each in seconds]
    field: Any = None
    return Bench(builds, field, peers or {}, QUICK, Figures(limits=dict(engine.LIMITS)), tmp_path)


def test_the_whole_command_is_compared_with_the_older_builds(tmp_path: Path) -> None:
    both = bench(tmp_path, [3.0, 4.0])
    engine_parts.command(both)
    assert both.figures.values == {"command": 0.75}


def test_without_another_build_there_is_nothing_to_compare_the_command_with(tmp_path: Path) -> None:
    alone = bench(tmp_path, [3.0])
    engine_parts.command(alone)
    assert not alone.figures.values


def test_a_run_of_nothing_is_to_be_no_worse_than_the_older_builds(tmp_path: Path) -> None:
    both = bench(tmp_path, [1.5, 1.0], {"doit": Doit(tmp_path)})
    engine_parts.noop(both)
    assert (both.figures.values["noop1000"], both.figures.older["noop1000"]) == (0.75, 0.5)
    assert both.figures.above_limit == ["noop1000"]


def test_a_peer_that_was_not_asked_for_is_not_missing(tmp_path: Path) -> None:
    alone = bench(tmp_path, [1.0])
    engine_parts.noop(alone)
    assert not alone.figures.missing


def test_a_peer_that_was_asked_for_and_is_not_there_is_missing(tmp_path: Path) -> None:
    alone = bench(tmp_path, [1.0])
    alone.figures.miss("doit", "it can't be installed")
    engine_parts.noop(alone)
    assert alone.figures.missing == ["doit", "noop1000"]


def test_the_memory_of_each_build_is_its_own_figure(tmp_path: Path) -> None:
    both = bench(tmp_path, [1.0, 2.0])
    engine_parts.scale(both)
    assert both.figures.values == {"scale_10000": 0.2, "scale_10000_mib": 40.0}
    assert both.figures.older == {"scale_10000": 0.2, "scale_10000_mib": 40.0}


def test_a_part_that_there_is_not_is_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="'chains'"):
        engine._parts("wide,chains")
