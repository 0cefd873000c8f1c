"""The project's fetcher, whose environment is built where it isn't there."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.models import fetcher
from pipeline.models.hub.client import HubClient


class _Builder:
    uv = Path("uv")

    def ensure(self, _definition: object, progress: Any) -> "_Builder":
        progress("creating")
        return self

    python = Path("python")


class _Catalog:
    def environment(self, name: str) -> str:
        return name


def test_the_environment_that_a_fetch_builds_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "builder_for", lambda *_: _Builder())
    hub = fetcher.fetcher_for(_Catalog()).hub  # type: ignore[arg-type]  # all that it asks of one
    assert isinstance(hub, HubClient)
    steps: list[str] = []
    hub._python(steps.append)  # what it asks for before its first request
    assert steps == ["environment model-hub: creating"]
