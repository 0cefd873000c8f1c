"""Stages of the set that a project extends: nobody edits their files."""

from pathlib import Path

import pytest

from pipeline.errors import StageError
from pipeline.jobs.job import preparing_command
from pipeline.values import replace
from tests.jobs.helpers import a_stage
from tests.run.helpers import Act, Bench


@pytest.mark.parametrize("comes_along", [True, False])
def test_only_a_stage_of_one_s_own_is_to_be_mended(bench: Bench, tmp_path: Path, comes_along: bool) -> None:
    shipped = tmp_path / "shipped"
    for folder in (shipped, *([] if comes_along else [bench.project.root])):
        (folder / "stages").mkdir(parents=True, exist_ok=True)
        (folder / "stages" / "blank.py").write_text("")
    bench.project = replace(bench.project, extended=shipped)
    ensure = {"file": {"non_empty": True}}
    job = bench.job(a_stage("one", uses="blank", ensure=ensure), deliver=["one.file"])
    error = bench.run_one(job, one=Act(writes={"file": ""})).error
    assert isinstance(error, StageError)
    assert ("stages/blank.py" in str(error.next_step)) is not comes_along
    assert (preparing_command(job) in str(error.next_step)) is comes_along
