"""The job that a worker is in."""

import os
import time

import psutil
import pytest

from pipeline.cluster.slurm import slurm_job

JOB = {"SLURM_JOB_ID": "7"}


def test_outside_of_a_job_there_is_none() -> None:
    assert slurm_job.of_process({}) is None


def test_a_job_without_an_end_has_no_time_left_that_anybody_knows() -> None:
    job = slurm_job.of_process(JOB)
    assert job
    assert (job.id, job.seconds_left()) == ("7", None)


@pytest.mark.parametrize("late", [0, 3600, -3600])
def test_the_length_of_a_job_counts_and_not_the_clock_of_its_node(late: int) -> None:
    began = int(time.time()) + late
    job = slurm_job.of_process({**JOB, slurm_job.START: str(began), slurm_job.END: str(began + 10_000)})
    assert job
    left = job.seconds_left()
    assert left is not None
    age = time.time() - psutil.Process(os.getpid()).create_time()
    assert 10_000 - age - 5 <= left <= 10_000


def test_without_a_beginning_the_clocks_must_do() -> None:
    job = slurm_job.of_process({**JOB, slurm_job.END: str(int(time.time()) + 100)})
    assert job
    assert 90 < (job.seconds_left() or 0) <= 100


def test_nonsense_is_no_time() -> None:
    job = slurm_job.of_process({**JOB, slurm_job.END: "Unknown"})
    assert job
    assert job.ends is None
