"""What Slurm's words mean for a node."""

import pytest

from pipeline.cluster.slurm.job_ends import BatchState, JobBook, parsed


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("TIMEOUT", "walltime"),
        ("DEADLINE", "walltime"),
        ("OUT_OF_MEMORY", "memory"),
        ("PREEMPTED", "preempted"),
        ("CANCELLED by 1000", "cancelled"),
        ("CANCELLED+", "cancelled"),
        ("REQUEUED", "requeued"),
        ("FAILED", "failed"),
        ("NODE_FAIL", "lost"),
        ("COMPLETED", "lost"),
        ("SOMETHING_NEW", "failed"),
    ],
)
def test_each_end_is_a_kind_with_its_evidence(state: str, kind: str) -> None:
    ended = JobBook().accounting(["7"], {"7": BatchState(state, "0:9")})
    assert ended["7"].kind == kind
    assert ended["7"].words == f"Slurm: job 7 is {state}, exit code 0:9"


@pytest.mark.parametrize("state", ["PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED"])
def test_a_job_that_waits_or_works_is_not_over(state: str) -> None:
    assert JobBook().queue(["7"], {"7": BatchState(state, "Priority")}) == ({}, set())


def test_a_job_that_waits_again_was_requeued() -> None:
    book = JobBook()
    assert book.queue(["7"], {"7": BatchState("PENDING", "Resources")}) == ({}, set())
    assert book.queue(["7"], {"7": BatchState("RUNNING", "None")}) == ({}, set())
    ended, _ = book.queue(["7"], {"7": BatchState("PENDING", "BeginTime")})
    assert ended["7"].kind == "requeued"
    assert "(BeginTime)" in ended["7"].words
    assert book.queue(["7"], {"7": BatchState("PENDING", "BeginTime")}) == ({}, set())  # told once


def test_a_job_that_is_nowhere_counts_as_lost_at_the_second_look() -> None:
    book = JobBook()
    assert book.queue(["7"], {}) == ({}, {"7"})
    assert book.accounting(["7"], {}) == {}
    assert book.accounting(["7"], {})["7"].words == "job 7 is neither in Slurm's queue nor in its accounting"


def test_a_job_that_was_late_in_the_queue_is_not_lost() -> None:
    book = JobBook()
    book.accounting(["7"], {})
    book.queue(["7"], {"7": BatchState("RUNNING")})
    assert book.accounting(["7"], {}) == {}


def test_lines_that_are_none_of_slurm_s_are_passed_over() -> None:
    text = "7|RUNNING|None\nslurm: warning\n8|CANCELLED by 1000|0:15\n9_1|PENDING|x\n|x|y\n 10 | PENDING |(Priority)\n"
    assert parsed(text) == {
        "7": BatchState("RUNNING", "None"),
        "8": BatchState("CANCELLED by 1000", "0:15"),
        "10": BatchState("PENDING", "(Priority)"),
    }
