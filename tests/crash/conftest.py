"""A run that keeps everything it can, so that there is more to interrupt."""

import pytest

from pipeline.run import durations


@pytest.fixture(autouse=True)
def every_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "WORTH_KEEPING", 0.0)
