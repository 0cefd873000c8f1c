"""Agents and drivers that are killed or stopped at random moments: the job ends, and each stage is committed once."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.cluster.driver.faults import (
    WORDS,
    Cluster,
    exit_code,
    marked_job,
    marks_of,
    require_done,
    require_forgotten,
    require_no_stage,
)
from tests.conftest import also
from tests.crash.harness import KILLED, forget_results

EACH = 5  # moments
SEEDS = [0, *also(*range(1, 20))]
RUN_SECONDS = 2.5  # about as long as a run takes


def warm(cluster: Cluster, marks: Path) -> None:
    """So that no environment has to be built."""
    for _ in range(2):
        forget_results(cluster.sandbox)
        cluster_job = marked_job(cluster.sandbox, marks)
        assert exit_code(cluster.driver(cluster_job)) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_an_agent_that_is_killed_at_any_moment_loses_nothing(cluster: Cluster, tmp_path: Path, seed: int) -> None:
    chance, marks = random.Random(seed), tmp_path / "marks"
    warm(cluster, marks)
    for turn in range(EACH):
        forget_results(cluster.sandbox)
        job = marked_job(cluster.sandbox, marks)
        driver = cluster.driver(job)
        moment, name = chance.uniform(0, RUN_SECONDS), chance.choice(["node1", "node2"])
        where = f"seed {seed}, turn {turn}: {name} after {moment:.2f} s"
        time.sleep(moment)
        cluster.kill(name)
        cluster.restart(name)
        code = exit_code(driver)
        assert code == 0, where
        require_done(cluster, job, where)
        assert all(1 <= number <= 3 for number in marks_of(marks).values()), where
        require_no_stage(cluster)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_driver_that_is_killed_at_any_moment_finds_what_nodes_have_done(
    cluster: Cluster, tmp_path: Path, seed: int
) -> None:
    chance, marks = random.Random(1000 + seed), tmp_path / "marks"
    warm(cluster, marks)
    for turn in range(EACH):
        forget_results(cluster.sandbox)
        job = marked_job(cluster.sandbox, marks)
        driver = cluster.driver(job)
        moment = chance.uniform(0, RUN_SECONDS)
        where = f"seed {seed}, turn {turn}: after {moment:.2f} s"
        time.sleep(moment)
        os.kill(driver, signal.SIGKILL)
        assert exit_code(driver) in {0, KILLED}, where
        assert exit_code(cluster.driver(job)) == 0, where
        require_done(cluster, job, where)
        require_forgotten(cluster, job, where)
        assert marks_of(marks) == dict.fromkeys(["first", *WORDS], 1), where
        require_no_stage(cluster)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_process_that_stands_still_for_a_while_changes_nothing(cluster: Cluster, tmp_path: Path, seed: int) -> None:
    chance, marks = random.Random(2000 + seed), tmp_path / "marks"
    warm(cluster, marks)
    for turn in range(EACH):
        forget_results(cluster.sandbox)
        job = marked_job(cluster.sandbox, marks)
        driver = cluster.driver(job)
        pids = {"driver": driver, **{name: agent.process.pid for name, agent in cluster.agents.items()}}
        moment, who = chance.uniform(0, RUN_SECONDS), chance.choice(sorted(pids))
        where = f"seed {seed}, turn {turn}: {who} after {moment:.2f} s"
        time.sleep(moment)
        os.kill(pids[who], signal.SIGSTOP)
        time.sleep(chance.uniform(0, 1.0))
        os.kill(pids[who], signal.SIGCONT)
        assert exit_code(driver) == 0, where
        require_done(cluster, job, where)
        require_forgotten(cluster, job, where)
        assert marks_of(marks) == dict.fromkeys(["first", *WORDS], 1), where
        require_no_stage(cluster)
