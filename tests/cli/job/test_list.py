"""Jobs listed by state, workflow, input and date."""

import pytest

from pipeline.jobs.events import RunFinished
from tests.conftest import Sandbox
from tests.jobs.helpers import record, stored


@pytest.fixture
def some(sandbox: Sandbox) -> list[str]:
    """Three jobs: the first is finished, the second is of another workflow, the last is of this century's end."""
    about = {"size": 1, "mtime_ns": 1, "digest": f"sha256:{'0' * 64}", "duration_s": None}
    root = sandbox.root / "jobs"
    finished = stored(root, input={"path": "/films/Alien.mkv", **about}, created_at="2020-01-01T00:00:00Z")
    record(finished, RunFinished(()))
    other = stored(root, workflow="other", created_at="2024-02-29T12:00:00Z")
    return [finished.id, other.id, stored(root, created_at="2099-12-31T12:00:00Z").id]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [0, 1, 2]),
        (["--state", "finished"], [0]),
        (["--state", "finished", "--state", "prepared"], [0, 1, 2]),
        (["--workflow", "other"], [1]),
        (["--input", "alien"], [0]),
        (["--since", "2024-02-01"], [1, 2]),
        (["--since", "2d"], [2]),
        (["--before", "2024-03-01", "--since", "2024-02-01T00:00"], [1]),
        (["--since", "today"], [2]),
        (["--since", "Yesterday"], [2]),
        (["--since", "3 days"], [2]),
        (["--before", "30 minutes"], [0, 1]),
        (["--before", "2024-02-29"], [0]),
        (["-n", "1"], [2]),
        (["--state", "failed"], []),
    ],
)
def test_options_choose_jobs(sandbox: Sandbox, some: list[str], words: list[str], expected: list[int]) -> None:
    rows = sandbox.give("pipeline", "job", "list", "--json", *words).data
    assert [row["job_id"] for row in rows] == [some[index] for index in expected]


def test_the_table_has_dates(sandbox: Sandbox, some: list[str]) -> None:
    lines = sandbox.give("pipeline", "job", "list").out.splitlines()
    assert [line.split()[1] for line in lines if "job-" in line][1] == "2024-02-29"


@pytest.mark.parametrize("text", ["soon", "7", "2024-13-01", ""])
def test_what_is_no_date_is_told(sandbox: Sandbox, some: list[str], text: str) -> None:
    done = sandbox.give("pipeline", "job", "list", "--since", text)
    assert done.code == 2
    assert "--since" in done.error
