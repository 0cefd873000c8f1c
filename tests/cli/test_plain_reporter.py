"""What a run says in plain lines."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cli import plain_reporter


def test_the_table_of_several_jobs_comes_last_where_it_is_seen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_reporter, "_table", lambda jobs, outcomes: print("the table"))
    outcomes: dict[str, Any] = {id: SimpleNamespace(delivered=[f"{id}.srt"]) for id in ("a", "b")}
    jobs: list[Any] = [SimpleNamespace(id=id) for id in outcomes]
    plain_reporter.PlainReporter(jobs).run_ended(outcomes)
    assert capsys.readouterr().out.split("\n")[:3] == ["a.srt", "b.srt", "the table"]
